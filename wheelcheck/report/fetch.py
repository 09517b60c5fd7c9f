"""The sizes of a plan and the result of ``fetch``, as text and as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import asdict
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.document import document_of, render_json
from wheelcheck.report.page import counted, folded, size_text

if TYPE_CHECKING:
    from wheelcheck.model.environment import Fetched, PlanSizes

SCHEMA = "wheelcheck.fetch/1"
USERS = 1000
_SHOWN = 5


def render_sizes(sizes: PlanSizes) -> str:
    """One line, without its end: ``95 files: 43 MB to download, 131 MB installed; 1,000 users: 43 GB``.

    Unknown sizes are named: those that no source states, and the installed sizes of source archives, which are not built yet.
    """
    count = len(sizes.files)
    least = "" if sizes.is_complete else "at least "
    download = size_text(sizes.download)
    traffic = size_text(sizes.download * USERS)
    return (
        f"{counted(count, 'file')}: {least}{download} to download, {_installed(sizes)}; "
        f"{USERS:,} users: {least}{traffic}"
    )


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
    return "\n".join(lines) + "\n"


class Amount(Struct, frozen=True, kw_only=True):
    """Bytes, and whether all of them are known."""

    bytes: int
    complete: bool


class Traffic(Struct, frozen=True, kw_only=True):
    """What so many users download."""

    users: int
    bytes: int
    complete: bool


class FileLine(Struct, frozen=True, kw_only=True):
    """The sizes of one file; ``None`` for what is not known."""

    filename: str
    download: int | None
    installed: int | None


class WheelLine(Struct, frozen=True, kw_only=True):
    """One wheel of the wheelhouse; ``built_from`` is ``None`` for one that was downloaded."""

    name: NormalizedName
    version: Version
    filename: str
    sha256: str
    size: int
    built_from: str | None


class SizesDocument(Struct, frozen=True, kw_only=True):
    """The sizes of a plan's files, as JSON; ``plan`` is the plan's digest."""

    schema: str = SCHEMA
    plan: str
    download: Amount
    installed: Amount
    traffic: Traffic
    files: tuple[FileLine, ...]


class FetchDocument(SizesDocument, frozen=True, kw_only=True):
    """The outcome of fetching, as JSON: sizes, file names by how each came, and each wheel."""

    folder: Path
    fetched: tuple[str, ...]
    resumed: tuple[str, ...]
    replaced: tuple[str, ...]
    present: tuple[str, ...]
    built: tuple[str, ...]
    unhashed: tuple[str, ...]
    wheels: tuple[WheelLine, ...]


def render_sizes_json(sizes: PlanSizes, plan: str) -> str:
    """Render *sizes* as JSON with those of each file; ``null`` is unknown. *plan* is the plan's digest."""
    return render_json(_sizes(sizes, plan)).decode()


def render_fetched_json(fetched: Fetched) -> str:
    """Render *fetched* as JSON: the sizes, the work done, and each wheel."""
    house = fetched.wheelhouse
    document = document_of(
        FetchDocument,
        fetched,
        **asdict(_sizes(fetched.sizes, fetched.plan)),
        folder=house.folder,
        wheels=tuple(
            document_of(WheelLine, wheel, filename=wheel.path.name, built_from=wheel.built_from or None)
            for wheel in house.wheels
        ),
    )
    return render_json(document).decode()


def _sizes(sizes: PlanSizes, plan: str) -> SizesDocument:
    complete = sizes.is_complete
    installed_complete = all(size.installed is not None for size in sizes.files.values())
    return SizesDocument(
        plan=plan,
        download=Amount(bytes=sizes.download, complete=complete),
        installed=Amount(bytes=sizes.installed, complete=installed_complete),
        traffic=Traffic(users=USERS, bytes=sizes.download * USERS, complete=complete),
        files=tuple(document_of(FileLine, size, filename=name) for name, size in sizes.files.items()),
    )
