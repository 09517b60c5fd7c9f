"""Renders a plan as ``pylock.toml`` (PEP 751) through ``packaging.pylock``; refuses to lock for more than one target."""

from __future__ import annotations

import tomli_w
from packaging.markers import Marker
from packaging.pylock import Package, PackageArchive, PackageSdist, PackageWheel, Pylock
from packaging.specifiers import SpecifierSet
from packaging.utils import parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from wheelcheck.export.shipment import SECURE, ReadyPackage, Shipment, iter_ready, uploaded_at
from wheelcheck.model.distribution import as_specifier
from wheelcheck.model.target import Target
from wheelcheck.model.urls import masked

_DISTINGUISHING = ("implementation_name", "sys_platform", "platform_machine")
"""The marker variables that distinguish platforms; ``requires-python`` has the Python version."""


def render(shipment: Shipment) -> str:
    """Render the plan of *shipment* as a PEP 751 lock file (lock-version 1.0) for its one target, valid by ``Pylock.validate``.

    Raises ``UsageProblem`` when the plan is blocked or undecided, or when a file has no secure hash.
    """
    plan = shipment.plan
    ready = tuple(iter_ready(plan, SECURE))
    markers, target = plan.target.markers, plan.target
    own: dict[str, object] = {"platform": target.platform, "python": target.python}
    if plan.built_once:
        own["build-once"] = list(plan.built_once)
    clauses = [f"{name} == '{markers[name]}'" for name in _DISTINGUISHING if markers.get(name)]
    lock = Pylock(
        lock_version=Version("1.0"),
        environments=[Marker(" and ".join(clauses))] if clauses else None,
        requires_python=_requires_python(target),
        extras=[],
        dependency_groups=[],
        default_groups=[],
        created_by="wheelcheck",
        packages=[_package(entry) for entry in ready],
        tool={"wheelcheck": own},
    )
    lock.validate()
    return tomli_w.dumps({key: value for key, value in lock.to_dict().items() if value != [] or key == "packages"})


def _requires_python(target: Target) -> SpecifierSet:
    major, minor, micro = target.python_full.major, target.python_full.minor, target.python_full.micro
    series = f"=={major}.{minor}.*"
    # Files were chosen that may need this patch release, so an older one must not take the lock.
    return SpecifierSet(f">={major}.{minor}.{micro},{series}" if micro else series)


def _package(entry: ReadyPackage) -> Package:
    package, file = entry.package, entry.file
    hashes = dict(entry.hashes)
    uploaded = uploaded_at(file)
    sdist: PackageSdist | None = None
    wheels: list[PackageWheel] | None = None
    archive: PackageArchive | None = None
    url = masked(file.url)
    if package.direct or not _is_standard_name(file.filename):
        # PEP 751 lists files by names that follow the standards; an odd old name is locked by its URL instead.
        archive = PackageArchive(url=url, size=file.size, upload_time=uploaded, hashes=hashes)
    elif file.filename.endswith(".whl"):
        wheels = [PackageWheel(name=file.filename, url=url, size=file.size, upload_time=uploaded, hashes=hashes)]
    else:
        sdist = PackageSdist(name=file.filename, url=url, size=file.size, upload_time=uploaded, hashes=hashes)
    return Package(
        name=package.name,
        version=package.version,
        # Old releases declare specifiers that no standard reads; a lock must not repeat them.
        requires_python=as_specifier(package.requires_python) if package.requires_python else None,
        dependencies=[{"name": name} for name in package.requires] or None,
        index=masked(file.index) if file.index and archive is None else None,
        archive=archive,
        sdist=sdist,
        wheels=wheels,
    )


def _is_standard_name(filename: str) -> bool:
    try:
        if filename.endswith(".whl"):
            parse_wheel_filename(filename)
        else:
            parse_sdist_filename(filename)
    except ValueError:
        return False
    return True
