"""Renders a plan as a list of its packages: requirements with hashes, pylock.toml (PEP 751), or a bill of materials (CycloneDX).

None leaves anything to resolve, is for more than the plan's one target, or guesses a licence. The same plan gives the same bytes: a
bill's serial number is derived from the plan's digest, and its time is that of the newest file.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from packaging.markers import Marker
from packaging.pylock import Package, PackageArchive, PackageSdist, PackageWheel, Pylock
from packaging.specifiers import SpecifierSet
from packaging.utils import parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import (
    PIP_HASHES,
    SECURE,
    ReadyPackage,
    Shipment,
    iter_ready,
    pinned,
    safe_address,
    uploaded_at,
)
from wheelcheck.model.distribution import Installability, as_specifier
from wheelcheck.model.plan import Plan, PlannedPackage
from wheelcheck.model.target import Target
from wheelcheck.model.urls import is_default_index, masked
from wheelcheck.plans.documents import refuse_unexecutable

if TYPE_CHECKING:
    from cyclonedx.model import ExternalReference, Property
    from cyclonedx.model.component import Component


def render_requirements(shipment: Shipment) -> str:
    """Render the plan of *shipment* for ``pip install --no-deps --require-hashes -r FILE``, one file's hashes for each project.

    Credentials are left out: installers find them in netrc or their own configuration. Raises ``UsageProblem`` when the
    plan is blocked or undecided, or when a file has no hash that pip accepts.
    """
    plan = shipment.plan
    ready = tuple(iter_ready(plan, PIP_HASHES, takes_several=True))
    blocks = ["\n".join(lines) for lines in (tuple(_iter_header(plan)), tuple(_iter_indexes(plan, ready))) if lines]
    lines = ([pinned(each.package), *(f"    --hash={name}:{digest}" for name, digest in each.hashes)] for each in ready)
    pins = "\n".join(" \\\n".join(each) for each in lines)
    return "\n\n".join([*blocks, *([pins] if pins else [])]) + "\n"


def _iter_header(plan: Plan) -> Iterator[str]:
    yield f"# Made by wheelcheck for {plan.target}, and for no other platform or Python."
    yield "# The list is complete. Install it as it stands, without resolving again:"
    yield "#   pip install --no-deps --require-hashes -r THIS_FILE"
    built = [package for package in plan.packages if package.installability is not Installability.WHEEL]
    if built:
        yield f"# Built from source while installing ({len(built)} of {len(plan.packages)}):"
        for package in built:
            yield f"#   {package.name} {package.version} ({package.installability.value})"


def _iter_indexes(plan: Plan, ready: tuple[ReadyPackage, ...]) -> Iterator[str]:
    """The options that lead an installer to the indexes and folders that the files come from, and to no other.

    An index that was configured and not needed is left out: it may be a folder of the planner's own machine, and an installer
    that takes the first index that knows a project would stop there.
    """
    places = (entry.file.index for entry in ready if entry.file.index and not entry.package.direct)
    used = dict.fromkeys(map(safe_address, places))
    links = [url for url in map(safe_address, plan.options.find_links) if url in used]
    configured = [url for url in map(safe_address, plan.options.indexes) if url in used]
    # A project may be pinned to an index that is not searched for the others, or come from a folder of pip's own settings.
    others = [url for url in used if url not in links and url not in configured]
    first, *rest = [*configured, *others] or [""]
    if rest:
        # By uv's own strategy the first index that knows a project hides the files of the others.
        yield "# The files come from several indexes; uv finds them with --index-strategy unsafe-best-match."
    if first and not is_default_index(first):
        yield f"--index-url {first}"
    for url in rest:
        yield f"--extra-index-url {url}"
    for url in links:
        yield f"--find-links {url}"


_DISTINGUISHING = ("implementation_name", "sys_platform", "platform_machine")
"""The marker variables that distinguish platforms; ``requires-python`` has the Python version."""


def render_pylock(shipment: Shipment) -> str:
    """Render the plan of *shipment* as a PEP 751 lock file (lock-version 1.0) for its one target, valid by ``Pylock.validate``.

    Raises ``UsageProblem`` when the plan is blocked or undecided, or when a file has no secure hash.
    """
    import tomli_w

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
    parse = parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename
    try:
        parse(filename)
    except ValueError:
        return False
    return True


_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)
_ALGORITHMS = {
    "md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512", "sha3_256": "SHA3-256",
    "sha3_384": "SHA3-384", "sha3_512": "SHA3-512", "blake2b": "BLAKE2b-512",
}  # fmt: skip


def render_cyclonedx(shipment: Shipment) -> str:
    """The bill of *shipment*'s plan as JSON: every package with purl, hashes and address, and the dependencies.

    Raises ``UsageProblem`` where cyclonedx-python-lib is not installed, and for a plan that cannot be executed.
    """
    plan = shipment.plan
    refuse_unexecutable(plan)
    try:
        from cyclonedx.model.bom import Bom
        from cyclonedx.model.component import Component, ComponentType
        from cyclonedx.output.json import JsonV1Dot6
    except ImportError as missing:
        raise UsageProblem(
            f"--to cyclonedx needs cyclonedx-python-lib: {missing}", hint="pip install 'wheelcheck[cyclonedx]'"
        ) from missing

    bom = Bom(serial_number=uuid5(NAMESPACE_URL, f"wheelcheck:{shipment.digest}"), version=1)
    bom.metadata.timestamp = _newest(plan)
    root = Component(
        type=ComponentType.APPLICATION, name=shipment.title, version=shipment.release, bom_ref="application"
    )
    bom.metadata.component = root
    bom.metadata.tools.components.add(Component(type=ComponentType.APPLICATION, name="wheelcheck"))
    bom.metadata.properties.update(_properties({"target": str(plan.target), "plan": shipment.digest}))
    components = {package.name: _component(package) for package in plan.packages}
    bom.components.update(components.values())
    bom.register_dependency(root, [components[package.name] for package in plan.packages if package.requested])
    for package in plan.packages:
        bom.register_dependency(
            components[package.name], [components[name] for name in package.requires if name in components]
        )
    with warnings.catch_warnings():
        # A plan may hold packages that nothing requires any more, by an override; the library would warn of each.
        warnings.simplefilter("ignore", UserWarning)
        return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def _component(package: PlannedPackage) -> Component:
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    file = package.file
    qualifiers = {"file_name": file.filename} if file is not None else {}
    if file is not None and file.index and not is_default_index(file.index):
        qualifiers["repository_url"] = masked(file.index)
    purl = PackageURL(type="pypi", name=package.name, version=str(package.version), qualifiers=qualifiers)
    facts = {"installability": package.installability.value}
    if package.installability is not Installability.WHEEL:
        facts["built-once"] = "true"
    return Component(
        type=ComponentType.LIBRARY,
        name=package.name,
        version=str(package.version),
        bom_ref=f"{package.name}=={package.version}",
        purl=purl,
        external_references=_references(package),
        properties=_properties(facts),
    )


def _references(package: PlannedPackage) -> list[ExternalReference]:
    """The address of the file with its hashes: a component's own hashes would be those of what is installed."""
    from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri

    if package.file is None:
        return []
    return [
        ExternalReference(
            type=ExternalReferenceType.DISTRIBUTION,
            url=XsUri(masked(package.file.url)),
            hashes=[
                HashType(alg=HashAlgorithm(_ALGORITHMS[algorithm]), content=digest)
                for algorithm, digest in sorted(package.file.hashes.items())
                if algorithm in _ALGORITHMS
            ],
        )
    ]


def _properties(facts: dict[str, str]) -> list[Property]:
    from cyclonedx.model import Property

    return [Property(name=f"wheelcheck:{name}", value=value) for name, value in sorted(facts.items())]


def _newest(plan: Plan) -> datetime:
    """The upload time of the plan's newest file: the earliest moment at which this plan could have been made."""
    files = (package.file for package in plan.packages if package.file is not None)
    return max([_EPOCH, *(moment for file in files if (moment := uploaded_at(file)) is not None)])
