"""Measures an environment by package and folder, reads a size budget, and splits the files into layers for small updates."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal

from packaging.utils import NormalizedName

from wheelcheck.errors import UsageProblem
from wheelcheck.model.environment import Budget, BundleSizes, Environment, EnvironmentFile
from wheelcheck.model.plan import Plan

RUNTIME = "(runtime)"
_UNITS = {
    "B": 1,
    "KB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "KIB": 1024,
    "MIB": 1024**2,
    "GIB": 1024**3,
}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)")
_DEPTH = 2
"""The depth of the folders that are listed: a package's own and those in it."""
LAYERS = ("runtime", "base", "app")
"""From rarely to often changing, which is the order of unpacking."""
SMALL = 5_000_000
"""Bytes that a package of the app may have, installed; a larger one would be downloaded again with each change of the others."""


def parse_budget(text: str) -> Budget:
    """Read *text* such as ``150MB``, ``1.5 GB`` or ``200MiB``; raises ``UsageProblem`` for anything else."""
    read = _SIZE.fullmatch(text.strip())
    unit = _UNITS.get(read[2].upper()) if read else None
    if read is None or unit is None:
        raise UsageProblem(
            f"a size budget is a number and its unit, and this is not: {text!r}",
            hint="write 150MB (of 1,000,000 bytes) or 150MiB (of 1,048,576 bytes); kB, GB and GiB too",
        )
    return Budget(limit=int(Decimal(read[1]) * unit), text=text.strip())


def measure(environment: Environment, strippable: Mapping[str, int]) -> BundleSizes:
    """Measure *environment* by package and by folder; *strippable* is kept with it.

    A folder is one of a package's (``torch/lib``), or one at the root of the runtime. A file counts once for its package and
    once for its folder.
    """
    packages: Counter[str] = Counter()
    folders: Counter[str] = Counter()
    site = environment.layout.site_packages
    inside = "" if site == "." else f"{site}/"
    for file in environment.files:
        packages[file.owner or RUNTIME] += file.size
        base = inside if file.path.startswith(inside) else ""
        *above, _ = file.path.removeprefix(base).split("/")
        folders[base + "/".join(above[:_DEPTH]) if above else base.rstrip("/") or "."] += file.size
    return BundleSizes(
        installed=sum(file.size for file in environment.files),
        packages=_largest_first(packages),
        folders=_largest_first(folders),
        strippable=strippable,
    )


def _largest_first(sizes: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(sizes.items(), key=lambda row: (-row[1], row[0])))


def layers(files: Iterable[EnvironmentFile], plan: Plan) -> tuple[tuple[str, tuple[EnvironmentFile, ...]], ...]:
    """The layers that have files, with these, in the order of :data:`LAYERS`; each of *files* is in one."""
    whole = tuple(files)
    app = _app(whole, plan)
    found: dict[str, list[EnvironmentFile]] = {layer: [] for layer in LAYERS}
    for file in whole:
        found["runtime" if file.owner is None else "app" if file.owner in app else "base"].append(file)
    return tuple((layer, tuple(members)) for layer, members in found.items() if members)


def _app(files: Iterable[EnvironmentFile], plan: Plan) -> frozenset[NormalizedName]:
    sizes: Counter[NormalizedName] = Counter()
    for file in files:
        if file.owner is not None:
            sizes[file.owner] += file.size
    return frozenset(
        package.name
        for package in plan.packages
        if package.requested and (package.direct or sizes[package.name] <= SMALL)
    )
