"""Scripts that find their interpreter wherever they are moved to; writes nothing.

Windows: the launchers of ``installer``, whose first line after the program may begin with ``<launcher_dir>``: the launcher puts
its own folder there. Elsewhere a kernel wants an absolute path after ``#!``, so ``/bin/sh`` looks for the interpreter beside the
script; the lines are a string to Python.
"""

from __future__ import annotations

import functools
import io
import posixpath
import zipfile
from typing import TYPE_CHECKING

from msgspec import Struct

from wheelcheck.environments.bundle.runtimes import RuntimeSource, machine_of
from wheelcheck.errors import UsageProblem
from wheelcheck.model.target import Target

if TYPE_CHECKING:
    from installer.scripts import LauncherKind, ScriptSection

_LAUNCHERS: dict[str, LauncherKind] = {"amd64": "win-amd64", "arm64": "win-arm64", "win32": "win-ia32"}
_MARK = "wheelcheck"
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_OWN_FOLDER = """\
import os.path
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(sys.argv[0]))))
"""


class ScriptStyle(Struct, frozen=True, kw_only=True):
    """How the scripts of one environment start their interpreter.

    ``machine`` is that of the launchers, empty where scripts are plain files. ``python`` is the executable's path from the
    scripts' folder, empty where there is no runtime: then whatever ``python3`` is found runs them, and they look for their
    packages themselves. ``windowed`` says whether the runtime has an interpreter without a console window.
    """

    machine: str
    python: str
    windowed: bool = False

    def entry_point(self, name: str, module: str, attr: str, section: ScriptSection) -> tuple[str, bytes]:
        """File name and content of the script that calls *attr* of *module*."""
        code = _code(module, attr, section)
        if not self.python:
            head, _, body = code.partition(b"import sys\n")
            code = head + b"import sys\n" + _OWN_FOLDER.encode() + body
        if not self.machine:
            return name, self.shebang(section) + b"\n" + code
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(zipfile.ZipInfo("__main__.py", _ZIP_DATE), code)
        launcher = _launcher(section, _LAUNCHERS[self.machine])
        return f"{name}.exe", launcher + self.shebang(section) + b"\n" + packed.getvalue()

    def shebang(self, section: ScriptSection) -> bytes:
        """The first line, or lines, of a launcher's or script's text, without the last line end."""
        if self.machine:
            python = self.python.replace("/", "\\")
            if section == "gui" and self.windowed:
                python = python.replace("python", "pythonw")
            return f"#!<launcher_dir>\\{python}".encode() if python else b"#!/usr/bin/env python.exe"
        if not self.python:
            return b"#!/usr/bin/env python3"
        # PEP 394 knows no relative interpreter; realpath, so that a link to the script in some bin folder works.
        return (
            f'#!/bin/sh\n\'\'\'exec\' "$(dirname -- "$(realpath -- "$0")")/{self.python}" "$0" "$@"\n\' \'\'\''.encode()
        )

    def rewritten(self, content: bytes) -> bytes:
        """A file from a wheel's scripts: the line ``#!python`` at its beginning becomes one that works here.

        "Recommended installer features" of the wheel specification. A plain script on Windows is started by the py launcher,
        which knows no relative path either and looks for a Python itself.
        """
        if not content.startswith(b"#!python"):
            return content
        first, end, rest = content.partition(b"\n")
        section: ScriptSection = "gui" if first.startswith(b"#!pythonw") else "console"
        return (b"#!/usr/bin/env python3" if self.machine else self.shebang(section)) + end + rest


def script_style(source: RuntimeSource, target: Target) -> ScriptStyle:
    """The style for an environment with the runtime of *source*; raises ``UsageProblem`` where there are no launchers for it."""
    layout, machine = source.layout, ""
    if source.runtime.system == "windows":
        machine = source.runtime.machine or machine_of(target)
        if machine not in _LAUNCHERS:
            raise UsageProblem(
                f"there are no launchers of scripts for {machine} on Windows", hint="use amd64, arm64 or win32"
            )
    python = posixpath.relpath(layout.executable, layout.scripts) if layout.executable else ""
    return ScriptStyle(machine=machine, python=python, windowed=source.windowed)


def _code(module: str, attr: str, section: ScriptSection) -> bytes:
    from installer.scripts import Script

    _, data = Script(_MARK, module, attr, section).generate(_MARK, "posix")
    return data.partition(b"\n")[2]


@functools.lru_cache(maxsize=8)
def _launcher(section: ScriptSection, kind: LauncherKind) -> bytes:
    """The launcher program alone: the file that the library makes has the time of day in its zip."""
    from installer.scripts import Script

    _, data = Script(_MARK, "module", "attr", section).generate(_MARK, kind)
    return data.rpartition(f"#!{_MARK}\n".encode())[0]
