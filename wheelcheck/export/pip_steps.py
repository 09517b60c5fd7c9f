"""Divides a plan into calls of pip, the same for every shell: builds, installations, each from its index.

pip takes one index for all that a call installs, and wants hashes for everything or nothing. So each phase of the plan is cut by
index, and what was built from source on the way, whose hash nobody knows beforehand, is installed by a call of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from wheelcheck.export.shipment import PIP_HASHES, ReadyPackage, iter_ready, one_line, pinned, safe_address
from wheelcheck.model.judgement import Installability
from wheelcheck.model.plan import BuilderPhase, Plan
from wheelcheck.model.urls import is_default_index

BUILT = "built"
"""The folder, relative to where a script works, that takes the wheels that are built once."""


class PipCall(Struct, frozen=True, kw_only=True):
    """One call of pip: ``pip arguments… -r FILE``, with ``lines`` in that file; ``title`` is the text for the user.

    An argument that names the folder of built wheels is :data:`BUILT`. ``is_install`` is false for a build.
    """

    title: str
    arguments: tuple[str, ...]
    lines: tuple[str, ...]
    is_install: bool


class Interpreter(Struct, frozen=True, kw_only=True):
    """The interpreter that must install: its ``version`` such as ``3.11``; ``probe`` is Python code that exits 0 on it."""

    version: str
    platform: str
    probe: str


def headline(plan: Plan) -> str:
    """The first line of every script for *plan*, without the sign of a comment."""
    return f"Made by wheelcheck: installs {_count(plan.packages)} for {plan.target}, and for no other."


def required_interpreter(plan: Plan) -> Interpreter:
    """The interpreter that the target of *plan* requires; the probe has no double quote, ``$``, ``%``, ``!`` or backslash."""
    markers = plan.target.markers
    series = (plan.target.python_full.major, plan.target.python_full.minor)
    machine = markers.get("platform_machine", "").lower()
    wanted = (series, markers.get("sys_platform", ""), machine, markers.get("implementation_name", "cpython"))
    found = "(sys.version_info[:2], sys.platform, platform.machine().lower(), sys.implementation.name)"
    return Interpreter(
        version=f"{series[0]}.{series[1]}",
        platform=plan.target.platform,
        probe=f"import platform, sys; sys.exit({found} != {wanted!r})",
    )


def iter_pip_calls(plan: Plan) -> Iterator[PipCall]:
    """The calls that carry out the phases of *plan*, in order; raises ``UsageProblem`` when it is not executable."""
    ready = {entry.package.name: entry for entry in iter_ready(plan, PIP_HASHES, takes_several=True)}
    links = frozenset(safe_address(place) for place in plan.options.find_links)
    for phase in plan.phases:
        entries = [ready[name] for name in phase.packages]
        if phase.kind == "build-once":
            for entry in entries:
                yield _build(entry, links)
        else:
            yield from _iter_installs(phase, entries, links)


def _build(entry: ReadyPackage, links: frozenset[str]) -> PipCall:
    package = entry.package
    return PipCall(
        title=f"Building {package.name} {package.version} once, from source",
        # By name: `:all:` would have the tools that build it built from source too.
        arguments=(
            "wheel",
            "--no-deps",
            "--no-binary",
            package.name,
            "--require-hashes",
            *_index(entry, links),
            "-w",
            BUILT,
        ),
        lines=(_line(entry),),
        is_install=False,
    )


def _iter_installs(phase: BuilderPhase, entries: Iterable[ReadyPackage], links: frozenset[str]) -> Iterator[PipCall]:
    fetched: dict[tuple[str, ...], list[ReadyPackage]] = {}
    built: list[ReadyPackage] = []
    for entry in entries:
        if entry.package.installability is Installability.WHEEL:
            fetched.setdefault(_index(entry, links), []).append(entry)
        else:
            built.append(entry)
    bare = ("--no-deps",) if phase.no_deps else ()
    why = f": {one_line(phase.reason)}" if phase.reason else ""
    for index, group in fetched.items():
        yield PipCall(
            title=f"Installing {_count(group)}{f' from {index[-1]}' if index else ''}{why}",
            arguments=("install", *bare, "--only-binary", ":all:", "--require-hashes", *index),
            lines=tuple(_line(entry) for entry in group),
            is_install=True,
        )
    if built:
        yield PipCall(
            title=f"Installing {_count(built)} built from source{why}",
            arguments=("install", *bare, "--no-index", "--find-links", BUILT),
            lines=tuple(f"{entry.package.name}=={entry.package.version}" for entry in built),
            is_install=True,
        )


def _count(entries: Sequence[object]) -> str:
    return "1 package" if len(entries) == 1 else f"{len(entries)} packages"


def _index(entry: ReadyPackage, links: frozenset[str]) -> tuple[str, ...]:
    """The options that lead pip to the place of *entry*'s file and to no other; none for the default index and for URLs.

    *links* are the places that are folders or pages of files rather than indexes.
    """
    place = safe_address(entry.file.index or "")
    if entry.package.direct or not place or is_default_index(place):
        return ()
    return ("--no-index", "--find-links", place) if place in links else ("--index-url", place)


def _line(entry: ReadyPackage) -> str:
    strongest = next(algorithm for algorithm in PIP_HASHES if algorithm in dict(entry.hashes))
    hashes = (f"--hash={name}:{digest}" for name, digest in entry.hashes if name == strongest)
    return f"{pinned(entry.package)} {' '.join(hashes)}"
