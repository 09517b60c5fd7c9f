"""Chooses what to import of a distribution: its top-level modules, by RECORD; imports nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from wheelcheck.environments.verify.subject import Installed, Subject, joined

MOST_MODULES = 200
"""More top-level modules than that are generated ones; the rest are not tried."""
_EXTENSION = re.compile(r"(?P<name>\w+)(?:\.(?P<tag>[\w-]+))?\.(?P<kind>py|pyc|pyd|so)", re.ASCII)
_TAGGED = re.compile(r"(?:cp|cpython-)3(\d+)(t?)(?:[-_d].*)?")
_NEVER = frozenset(
    ("__init__", "__main__", "setup", "conftest", "test", "tests", "testing", "docs", "examples", "benchmarks")
)


def top_modules(subject: Subject, installed: Installed) -> tuple[str, ...]:
    """The dotted names that *installed* makes importable and a program would import, sorted.

    Private modules count where there are no others. In a namespace package (no ``__init__``) it is the first modules below. What a
    path file of the distribution adds to ``sys.path`` is looked into too; there top_level.txt says which are meant.
    """
    if installed.files is None:
        return _public(name for name in installed.top_level if name.isidentifier())
    paths = [file.path for file in installed.files]
    roots = _added_folders(subject, installed, paths)
    found: dict[str, None] = {}
    inner = [path for path in paths if any(path.startswith(f"{root}/") for root in roots)]
    for name in _modules_under(installed.site, set(paths) - set(inner), subject):
        found[name] = None
    for root in roots:
        others = tuple(f"{other}/" for other in roots if other != root and other.startswith(f"{root}/"))
        meant = [path for path in inner if path.startswith(f"{root}/") and not path.startswith(others or ("\0",))]
        for name in _modules_under(root, meant, subject):
            if "." not in name and (not installed.top_level or name in installed.top_level):
                found[name] = None
    return _public(found)[:MOST_MODULES]


def _public(names: Iterable[str]) -> tuple[str, ...]:
    wanted = sorted({name for name in names if not _NEVER & set(name.split("."))})
    public = tuple(name for name in wanted if not any(part.startswith("_") for part in name.split(".")))
    return public or tuple(wanted)


def _modules_under(root: str, paths: Iterable[str], subject: Subject) -> tuple[str, ...]:
    """The shallowest modules and packages of *paths* under *root*, dotted."""
    prefix = "" if root == "." else f"{root}/"
    relative = [path.removeprefix(prefix) for path in paths if path.startswith(prefix) and not path.startswith("../")]
    packages: set[str] = set()
    modules: set[str] = set()
    for path in relative:
        folder, _, file = path.rpartition("/")
        parts = folder.split("/") if folder else []
        matched = _EXTENSION.fullmatch(file)
        if matched is None or not all(part.isidentifier() for part in parts) or not _is_ours(matched, subject):
            continue
        if matched["name"] == "__init__":
            packages.add(".".join(parts))
        elif matched["name"].isidentifier():
            modules.add(".".join((*parts, matched["name"])))
    packages.discard("")
    tops = {name for name in packages if not _has_parent(name, packages)}
    return tuple(sorted(tops | {name for name in modules if not _has_parent(name, packages)}))


def _has_parent(name: str, packages: set[str]) -> bool:
    parts = name.split(".")
    return any(".".join(parts[:count]) in packages for count in range(1, len(parts)))


def _is_ours(matched: re.Match[str], subject: Subject) -> bool:
    """Whether this Python would take the file, by the tag in its name."""
    tag, python = matched["tag"], subject.runtime.python
    if matched["kind"] in ("py", "pyc"):
        return tag is None
    tagged = _TAGGED.fullmatch(tag) if tag else None
    return tagged is None or python is None or int(tagged[1]) == python.minor


def _added_folders(subject: Subject, installed: Installed, paths: Iterable[str]) -> tuple[str, ...]:
    """The folders that the path files of *installed* add to ``sys.path``."""
    found: dict[str, None] = {}
    for path in paths:
        if path.endswith(".pth") and joined(path, "..") == installed.site:
            try:
                text = (subject.root / path).read_bytes()[:65536].decode("utf-8-sig", "replace")
            except OSError:
                continue
            for line in map(str.strip, text.splitlines()):
                if line and not line.startswith(("#", "import ", "import\t")):
                    found[_spelt(joined(installed.site, line), paths)] = None
    return tuple(found)


def _spelt(folder: str, paths: Iterable[str]) -> str:
    """*folder* as RECORD spells it: Windows minds no case (``Pythonwin`` is ``pythonwin``)."""
    lowered = f"{folder.lower()}/"
    return next((path[: len(folder)] for path in paths if path.lower().startswith(lowered)), folder)
