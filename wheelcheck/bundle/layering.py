"""Parts an environment by how often its files change, so that an update brings few of them; moves no file.

The rule needs the plan alone: what nobody's wheel brought is the ``runtime``, what the user asked for by name is the ``app``, what
that needs is the ``base``. A new version of one's own package changes the app alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from wheelcheck.model import EnvironmentFile, Plan

LAYERS = ("runtime", "base", "app")
"""From rarely to often changing, which is the order of unpacking."""


def layers(files: Iterable[EnvironmentFile], plan: Plan) -> tuple[tuple[str, tuple[EnvironmentFile, ...]], ...]:
    """The layers that have files, with these, in the order of :data:`LAYERS`; each of *files* is in one."""
    requested = frozenset(package.name for package in plan.packages if package.requested)
    found: dict[str, list[EnvironmentFile]] = {layer: [] for layer in LAYERS}
    for file in files:
        found["runtime" if file.owner is None else "app" if file.owner in requested else "base"].append(file)
    return tuple((layer, tuple(members)) for layer, members in found.items() if members)
