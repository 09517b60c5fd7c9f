"""The sizes of a plan and the result of ``fetch``, as text and as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import asdict
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.document import document_of, render_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wheelcheck.model.environment import Fetched, HousedWheel, PlanSizes

SCHEMA = "wheelcheck.fetch/1"
USERS = 1000
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_SHOWN = 5


def size_text(size: float) -> str:
    """*size* in bytes as a person reads it, in powers of a thousand, as traffic is priced: ``43.6 MB``."""
    unit = 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size /= 1000
        unit += 1
    return f"{size:.1f} {_UNITS[unit]}" if unit and size < 9.95 else f"{size:.0f} {_UNITS[unit]}"


def render_sizes(sizes: PlanSizes) -> str:
    """One line, without its end: ``95 files: 43 MB to download, 131 MB installed; 1,000 users: 43 GB``.

    Unknown sizes are named: those that no source states, and the installed sizes of source archives, which are not built yet.
    """
    count = len(sizes.files)
    least = "" if sizes.is_complete else "at least "
    download = size_text(sizes.download)
    traffic = size_text(sizes.download * USERS)
    return (
        f"{_counted(count, 'file')}: {least}{download} to download, {_installed(sizes)}; "
        f"{USERS:,} users: {least}{traffic}"
    )


def render_download(size: int) -> str:
    """The line for a plan of which only the total *size* to download is known, in bytes."""
    return f"{size_text(size)} to download; {USERS:,} users: {size_text(size * USERS)}"


def _installed(sizes: PlanSizes) -> str:
    unknown = [name for name, size in sizes.files.items() if size.installed is None]
    sources = sum(not name.endswith(".whl") for name in unknown)
    left_out = [
        _counted(count, what)
        for count, what in ((sources, "source archive"), (len(unknown) - sources, "wheel of unknown size"))
        if count
    ]
    if unknown and len(unknown) == len(sizes.files):
        return "installed size not known"
    installed = f"{size_text(sizes.installed)} installed"
    return f"{installed} without {' and '.join(left_out)}" if left_out else installed


def _counted(count: int, what: str) -> str:
    noun, space, rest = what.partition(" of ")
    return f"{count:,} {noun}{'s' if count != 1 else ''}{space}{rest}"


def render_fetched(fetched: Fetched, **_style: object) -> str:
    """Render the work done and the folder of the wheels, in a few lines that no style changes."""
    house = fetched.wheelhouse
    parts = [
        (f"{len(fetched.fetched)} fetched", bool(fetched.fetched)),
        (f"{len(fetched.resumed)} of them continued", bool(fetched.resumed)),
        (f"{len(fetched.present)} there already", bool(fetched.present)),
        (f"{len(fetched.built)} built", bool(fetched.built)),
    ]
    done = ", ".join(text for text, is_so in parts if is_so)
    count = len(house.wheels)
    lines = [f"{count} wheel{'s' if count != 1 else ''} in {house.folder}" + (f" ({done})" if done else "")]
    lines += [f"  built {wheel.path.name} from {wheel.built_from}" for wheel in house.wheels if _is_new(wheel, fetched)]
    if fetched.replaced:
        lines.append(f"  replaced, as their hashes were not the plan's: {_listed(fetched.replaced)}")
    if fetched.unhashed:
        unhashed = _listed(fetched.unhashed)
        lines.append(f"  no hash was announced for: {unhashed}; wheelhouse.json records the hashes of the downloads")
    return "\n".join(lines) + "\n"


def _is_new(wheel: HousedWheel, fetched: Fetched) -> bool:
    return wheel.path.name in fetched.built


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


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
