"""Takes its builder's paths out of a Unix interpreter's files, so that it works from any folder; changes no code."""

from __future__ import annotations

import io
import posixpath
import re

from wheelcheck.environments.bundle.scripts import ScriptStyle

_BUILD_PATHS = re.compile(r"'(prefix|exec_prefix|abs_srcdir|abs_builddir)': '(/[^']+)'")
_MARKS = {"prefix": "/install", "exec_prefix": "/install", "abs_srcdir": "/build", "abs_builddir": "/build"}
_SYSCONFIG = re.compile(r"lib/python3\.\d+t?/_sysconfigdata_[^/]*\.py")
# pydoc, idle and others of the interpreter's own, in the way that ``make install`` writes them.
_COMMANDS = re.compile(r"bin/[^/]+")
_ABSOLUTE = re.compile(rb"#!/[^\n]*/(python3?(?:\.\d+t?)?)[ \r]*\n")
_SHARED = re.compile(r"bin/python3\.\d+t?|lib/libpython3[^/]*\.so[^/]*|lib/python3\.\d+t?/lib-dynload/[^/]+\.so")


def relocated(path: str, content: bytes) -> bytes:
    """The file at *path*, from the prefix, without absolute paths of its build where these are known to be; else unchanged.

    ``_sysconfigdata`` tells where it was built and installed, and an executable built with a shared library may look for that by an
    absolute path (DT_RUNPATH), which becomes one relative to itself; so does the interpreter that a command beside it names.
    """
    if _SYSCONFIG.fullmatch(path):
        return _without_build_paths(content)
    if _SHARED.fullmatch(path) and content.startswith(b"\x7fELF"):
        return _with_relative_search(path, content)
    if _COMMANDS.fullmatch(path) and (found := _ABSOLUTE.match(content)):
        first = ScriptStyle(machine="", python=found[1].decode()).shebang("console")
        return first + b"\n" + content[found.end() :]
    return content


def _without_build_paths(content: bytes) -> bytes:
    text = content.decode()
    found = {value: _MARKS[key] for key, value in _BUILD_PATHS.findall(text) if value.count("/") > 1}
    for value in sorted(found, key=len, reverse=True):
        text = text.replace(value, found[value])
    return text.encode()


def _with_relative_search(path: str, content: bytes) -> bytes:
    from elftools.common.exceptions import ELFError
    from elftools.elf.dynamic import DynamicSection
    from elftools.elf.elffile import ELFFile

    try:
        image = ELFFile(io.BytesIO(content))
        section = next((part for part in image.iter_sections() if isinstance(part, DynamicSection)), None)
        if section is None:
            return content
        strings = image.get_section(section["sh_link"])["sh_offset"]
        places = [
            (strings + tag.entry.d_val, getattr(tag, "runpath", "") or getattr(tag, "rpath", ""))
            for tag in section.iter_tags()
            if tag.entry.d_tag in {"DT_RUNPATH", "DT_RPATH"}
        ]
    except ELFError:
        return content
    changed = bytearray(content)
    for offset, search in places:
        old = search.encode()
        if not search.startswith("/") or bytes(changed[offset : offset + len(old)]) != old:
            continue
        up = posixpath.relpath("lib", posixpath.dirname(path))
        new = (b"$ORIGIN" if up == "." else b"$ORIGIN/" + up.encode()) + b"\0"
        # In its place, so that nothing else in the file moves; a path that is shorter than that is none that a person builds in.
        if len(new) <= len(old) + 1:
            changed[offset : offset + len(old)] = new[:-1].ljust(len(old), b"\0")
    return bytes(changed)
