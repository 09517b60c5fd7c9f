"""The input of every exporter: the plan, and the user's description of the program that ships with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from wheelcheck.errors import UsageProblem

if TYPE_CHECKING:
    from wheelcheck.model.environment import Manifest
    from wheelcheck.model.plan import Plan


_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_DEVICES = re.compile(r"(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")


def is_file_name(text: str) -> bool:
    """Whether a file or folder may be called *text* on every system, Windows included."""
    bare = text.strip(" ").rstrip(".")
    return bool(text) and bare == text and not _FORBIDDEN.search(text) and not _DEVICES.fullmatch(text)


class Shipment(Struct, frozen=True, kw_only=True):
    """The *plan* and the program, for one export.

    ``digest`` is the plan's own (``sha256:…``); ``plan_path`` the name of its file, with ``/``, and ``plan_sha256`` the hash of
    that file's bytes (hex). ``name`` and ``version`` are the program's. ``entry`` is its start: a script (``app/main.py``) or
    ``module:function``. ``manifest`` is that of a bundle in the folder ``bundle``, ``None`` where none was given; ``url`` is where
    the bundle's archives can be downloaded, without a ``/`` at the end. ``dynamic_imports`` are the dotted names that the program's
    source imports by a name in a string. Texts that were not given are empty.
    """

    plan: Plan
    digest: str = ""
    plan_path: str = "plan.json"
    plan_sha256: str = ""
    name: str = ""
    version: str = ""
    entry: str = ""
    bundle: str = ""
    url: str = ""
    manifest: Manifest | None = None
    dynamic_imports: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The program's name, or ``app`` where none was given."""
        return self.name or "app"

    @property
    def release(self) -> str:
        """The program's version, or ``0.0.0`` where none was given."""
        return self.version or "0.0.0"

    def refuse_unnameable(self) -> None:
        """Raise ``UsageProblem`` where the program's name or version is no name of a file on Windows."""
        for option, text in (("--name", self.title), ("--app-version", self.release)):
            if not is_file_name(text):
                raise UsageProblem(
                    f"{option} {text!r} is no name of a file or folder on Windows",
                    hint='leave out <>:"/\\|?*, control characters, and a blank or dot at the end',
                )

    def required(self, option: str, value: str, form: str) -> str:
        """*value*; raises ``UsageProblem`` where it is empty, because *form* cannot do without *option*."""
        if not value:
            raise UsageProblem(f"--to {form} needs {option}", hint="see: wheelcheck export --help")
        return value
