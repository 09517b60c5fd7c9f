"""A source tree as far as judging it needs: all paths, and the text of the few files that build tools read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from wheelcheck.values import dataclass

_ROOT_FILES = frozenset({"PKG-INFO", "setup.py", "setup.cfg", "pyproject.toml"})
_EGG_FILES = frozenset({"PKG-INFO", "requires.txt", "SOURCES.txt"})
_SCRIPT_DEPTH = 4
_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.MULTILINE)


def is_wanted(path: str) -> bool:
    """Whether a build tool may read the file at *path* (relative to the archive, top folder included or not).

    Besides the well-known names these are Python files near the top: in-tree backends and modules that ``setup.py`` imports.
    """
    parts = path.split("/")
    name = parts[-1]
    if len(parts) <= 2 and name in _ROOT_FILES:
        return True
    if len(parts) >= 2 and parts[-2].endswith(".egg-info"):
        return name in _EGG_FILES
    return name.endswith(".py") and len(parts) <= _SCRIPT_DEPTH


@dataclass(frozen=True, slots=True)
class SourceTree:
    """Paths are relative to the project's own top folder, with ``/``; ``contents`` holds the wanted files only."""

    paths: tuple[str, ...]
    contents: Mapping[str, bytes]

    def text(self, path: str) -> str | None:
        """The file at *path* as text, or ``None`` where it is not there; undecodable bytes are replaced."""
        content = self.contents.get(path)
        if content is None:
            return None
        if content.startswith(b"\xef\xbb\xbf"):
            content = content[3:]
        coding = _CODING.search(content[:200])
        try:
            return content.decode(coding[1].decode("ascii") if coding else "utf-8", "replace")
        except LookupError:
            return content.decode("utf-8", "replace")

    def egg_info(self, name: str) -> str | None:
        """The path of *name* in the tree's shallowest ``*.egg-info`` folder, or ``None``."""
        found = [path for path in self.paths if path.endswith(f"/{name}") and path.split("/")[-2].endswith(".egg-info")]
        usual = [path for path in found if not path.startswith(("test", "doc", "example"))]
        return min(usual, key=lambda path: (path.count("/"), path), default=None)

    def iter_scripts(self) -> Iterator[str]:
        """Paths of the Python files whose text is at hand."""
        return (path for path in self.contents if path.endswith(".py"))


def rooted_tree(paths: list[str], contents: Mapping[str, bytes]) -> SourceTree:
    """A tree of archive *paths*, the one folder that holds everything (as in nearly every sdist) taken off."""
    tops = {path.partition("/")[0] for path in paths}
    if len(tops) == 1 and any("/" in path for path in paths):
        cut = len(next(iter(tops))) + 1
        return SourceTree(
            tuple(path[cut:] for path in paths if len(path) > cut),
            {path[cut:]: content for path, content in contents.items() if len(path) > cut},
        )
    return SourceTree(tuple(paths), dict(contents))
