"""The sizes of a plan and the result of ``fetch``, as text and as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from msgspec import UNSET, Struct, UnsetType, structs
from packaging.version import Version

from wheelcheck.model.document import SCHEMA_KEY, Count, ProjectName, about, document_of, render_json
from wheelcheck.model.environment import Fetched, PlanSizes
from wheelcheck.report.page import size_text
from wheelcheck.report.wording import flat
from wheelcheck.texts.words import counted, folded

USERS = 1000
_SHOWN = 5


def render_sizes(sizes: PlanSizes) -> str:
    """One line, without its end: ``95 files: 43 MB to download, 131 MB installed; 1,000 users: 43 GB``.

    Unknown sizes are named: those that no source states, and the installed sizes of source archives, which are not built yet.
    """
    least = "" if sizes.is_complete else "at least "
    files, traffic = counted(len(sizes.files), "file"), size_text(sizes.download * USERS)
    download = f"{least}{size_text(sizes.download)} to download"
    return f"{files}: {download}, {_installed(sizes)}; {USERS:,} users: {least}{traffic}"


def render_download(size: int) -> str:
    """The line for a plan of which only the total *size* to download is known, in bytes."""
    return f"{size_text(size)} to download; {USERS:,} users: {size_text(size * USERS)}"


def _installed(sizes: PlanSizes) -> str:
    unknown = [name for name, size in sizes.files.items() if size.installed is None]
    sources = sum(not name.endswith(".whl") for name in unknown)
    wheels = len(unknown) - sources
    left_out = [counted(sources, "source archive")] if sources else []
    left_out += [counted(wheels, "wheel of unknown size", "wheels of unknown size")] if wheels else []
    if unknown and len(unknown) == len(sizes.files):
        return "installed size not known"
    installed = f"{size_text(sizes.installed)} installed"
    return f"{installed} without {' and '.join(left_out)}" if left_out else installed


def render_fetched(fetched: Fetched, **_style: object) -> str:
    """Render the work done and the folder of the wheels, in a few lines that no style changes."""
    house = fetched.wheelhouse
    parts = (
        (fetched.fetched, "fetched"),
        (fetched.resumed, "of them continued"),
        (fetched.present, "there already"),
        (fetched.built, "built"),
    )
    done = ", ".join(f"{len(names)} {what}" for names, what in parts if names)
    lines = [f"{counted(len(house.wheels), 'wheel')} in {house.folder}" + (f" ({done})" if done else "")]
    new = (wheel for wheel in house.wheels if wheel.path.name in fetched.built)
    lines += [f"  built {wheel.path.name} from {wheel.built_from}" for wheel in new]
    if fetched.replaced:
        lines.append(f"  replaced, as their hashes were not the plan's: {folded(fetched.replaced, _SHOWN)}")
    if fetched.unhashed:
        unhashed = folded(fetched.unhashed, _SHOWN)
        lines.append(f"  no hash was announced for: {unhashed}; wheelhouse.json records the hashes of the downloads")
    if fetched.unplanned:
        lines.append(
            "  the index announced other metadata than these wheels have, so the plan lacks what they need; make it again from an "
            "index that tells the truth:"
        )
        lines += [f"    {flat(text)}" for text in fetched.unplanned]
    return "\n".join(lines) + "\n"


class SumDocument(Struct, frozen=True, kw_only=True):
    """The sizes of several files together."""

    bytes: Annotated[Count, about("The known ones together.")]
    complete: Annotated[bool, about("Whether all of them are known.")]


class TrafficDocument(Struct, frozen=True, kw_only=True):
    """What is downloaded where every user downloads the files."""

    users: Annotated[Count, about("How many users.")]
    bytes: Annotated[Count, about("The known sizes together, for all of them.")]
    complete: Annotated[bool, about("Whether all sizes are known.")]


class SizeDocument(Struct, frozen=True, kw_only=True):
    """The sizes of one file in bytes; null is unknown."""

    filename: Annotated[str, about("Its name.")]
    download: Annotated[Count | None, about("As it travels.")]
    installed: Annotated[Count | None, about("Unpacked.")]


class HousedWheelDocument(Struct, frozen=True, kw_only=True):
    """A wheel in the folder."""

    name: Annotated[ProjectName, about("Its project.")]
    version: Annotated[Version, about("Its version.")]
    filename: Annotated[str, about("Its name in the folder.")]
    sha256: Annotated[str, about("Its hash, in hex.")]
    size: Annotated[Count, about("Its bytes.")]
    built_from: Annotated[str | None, about("The source archive that it was built from; null for one of the index.")]


_Names = tuple[str, ...] | UnsetType


class FetchDocument(Struct, frozen=True, kw_only=True):
    """The sizes of a plan's files and, but with --dry-run, what was fetched."""

    schema: Annotated[Literal["wheelcheck.fetch/1"], SCHEMA_KEY]
    plan: Annotated[str, about("The digest of the plan.")]
    download: Annotated[SumDocument, about("As the files travel.")]
    installed: Annotated[SumDocument, about("As they are installed.")]
    traffic: Annotated[TrafficDocument, about("For many users.")]
    files: Annotated[tuple[SizeDocument, ...], about("Each file, in the order of the plan.")]
    folder: Annotated[Path | UnsetType, about("Where the wheels are.")] = UNSET
    fetched: Annotated[_Names, about("The files that came in this run.")] = UNSET
    resumed: Annotated[_Names, about("Those of them that an earlier run had begun.")] = UNSET
    replaced: Annotated[_Names, about("Those that took the place of a file with another hash.")] = UNSET
    present: Annotated[_Names, about("The files that were there.")] = UNSET
    built: Annotated[_Names, about("The wheels that were built in this run.")] = UNSET
    unhashed: Annotated[_Names, about("The files for which no hash was announced.")] = UNSET
    unplanned: Annotated[_Names, about("What wheels ask for by their own metadata that the plan lacks.")] = UNSET
    wheels: Annotated[tuple[HousedWheelDocument, ...] | UnsetType, about("In the order of the plan.")] = UNSET


def render_sizes_json(sizes: PlanSizes, plan: str) -> str:
    """Render *sizes* as JSON with those of each file; ``null`` is unknown. *plan* is the plan's digest."""
    return render_json(_sizes(sizes, plan)).decode()


def render_fetched_json(fetched: Fetched) -> str:
    """Render *fetched* as JSON: the sizes, the file names by how each came, and each wheel."""
    ways = ("fetched", "resumed", "replaced", "present", "built", "unhashed", "unplanned")
    wheels = tuple(
        document_of(HousedWheelDocument, wheel, filename=wheel.path.name, built_from=wheel.built_from or None)
        for wheel in fetched.wheelhouse.wheels
    )
    document = structs.replace(
        _sizes(fetched.sizes, fetched.plan),
        folder=fetched.wheelhouse.folder,
        wheels=wheels,
        **{way: getattr(fetched, way) for way in ways},
    )
    return render_json(document).decode()


def _sizes(sizes: PlanSizes, plan: str) -> FetchDocument:
    complete = sizes.is_complete
    installed_complete = all(size.installed is not None for size in sizes.files.values())
    return FetchDocument(
        schema="wheelcheck.fetch/1",
        plan=plan,
        download=SumDocument(bytes=sizes.download, complete=complete),
        installed=SumDocument(bytes=sizes.installed, complete=installed_complete),
        traffic=TrafficDocument(users=USERS, bytes=sizes.download * USERS, complete=complete),
        files=tuple(document_of(SizeDocument, size, filename=name) for name, size in sizes.files.items()),
    )
