"""Parts an environment by how often its files change, so that an update brings few of them; moves no file.

The rule needs the plan and sizes alone. What no wheel brought is the ``runtime``. The ``app`` is what the user asked for, if it was
named by URL or is small: one's own packages, and those that one updates. The rest is the ``base``: what those need, and what is
large. Another version of a package changes the layer that it is in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from packaging.utils import NormalizedName

from wheelcheck.model.environment import EnvironmentFile
from wheelcheck.model.plan import Plan

LAYERS = ("runtime", "base", "app")
"""From rarely to often changing, which is the order of unpacking."""
SMALL = 5_000_000
"""Bytes that a package of the app may have, installed; a larger one would be downloaded again with each change of the others."""


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
