"""Decides which file owns each path of an environment, and writes files with fixed times and modes; overwrites nothing.

Names are checked for the target's file system. Two wheels may have different files in one place where no planned code imports
them (tests, licences, stubs): refusing a product for these would be wrong, and pip and uv let the last one win. For modules one of
the two projects would run the other's code, so that is refused.
"""

from __future__ import annotations

import ast
import enum
import hashlib
import os
import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec import Struct, field
from packaging.utils import NormalizedName

from wheelcheck.errors import ArchiveRefused
from wheelcheck.model.code import parse_tree
from wheelcheck.model.environment import EARLIEST, EnvironmentFile
from wheelcheck.texts.archive_members import path_problem
from wheelcheck.texts.words import counted, folded, grouped

PREFIX_LENGTH = 60
"""How many characters the folder that an application is installed in commonly has, such as
``C:\\Users\\name\\AppData\\Local\\Programs\\Product\\``; a path has to leave room for it."""

LONGEST_PATH = 259
"""The longest path that Windows opens without being told otherwise: MAX_PATH (260) has the terminating NUL."""

# "Naming Files, Paths, and Namespaces" in the documentation of Windows; the superscript digits count too.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\..*)?", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f]')


def name_problem(name: str, system: str) -> str:
    """Why a file named *name* in an archive may not be written on *system* (a word of ``Runtime``); empty where it may.

    *name* is spelt as in the archive, with ``/``; that of a folder may end with one.
    """
    if problem := path_problem(name):
        return problem
    if "\\" in name:
        return "a backslash, which is a separator on Windows"
    parts = name.removesuffix("/").split("/")
    if "" in parts or "." in parts:
        return "an empty part in its path"
    if system != "windows":
        return ""
    return next((problem for part in parts if (problem := _windows_problem(part))), "")


def _windows_problem(part: str) -> str:
    if _DEVICE.fullmatch(part):
        return f"{part!r} is the name of a device on Windows"
    if part.endswith((".", " ")):
        return f"{part!r} ends with a dot or a blank, which Windows drops"
    found = _FORBIDDEN.search(part)
    return f"{part!r} has {found[0]!r}, which no file on Windows can have" if found else ""


def collision_key(path: str, system: str) -> str:
    """A key that two paths share where they are one file on *system*: file systems may ignore case (Windows, macOS)."""
    if system not in {"windows", "macos"}:
        return path
    return path.casefold() if path.isascii() else unicodedata.normalize("NFC", path).casefold()


def room_above(path: str) -> int:
    """The most characters that the path of the folder above *path* may have, so that Windows opens the file; 0 for none."""
    return max(LONGEST_PATH - 1 - len(path.encode("utf-16-le", "surrogatepass")) // 2, 0)


class Folder:
    """The environment's root on disk, where files are written once each; safe to use from several threads."""

    def __init__(self, root: Path) -> None:
        self._root = os.fspath(root)
        moment = os.environ.get("SOURCE_DATE_EPOCH", "")
        # The time of every file, in seconds.
        self._time = max(int(moment), EARLIEST) if moment.isdecimal() else EARLIEST
        self._made: set[str] = set()
        root.mkdir(parents=True, exist_ok=True)

    def write(
        self,
        path: str,
        chunks: Iterable[bytes],
        *,
        executable: bool,
        owner: NormalizedName | None = None,
        known: str = "",
    ) -> EnvironmentFile:
        """Write *chunks* as the new file *path* (relative, ``/``); raises ``OSError``, ``FileExistsError`` for one too many.

        *known* is the SHA-256 of it all (hex) where the caller has it already: then nothing is hashed again.
        """
        place = self._place(path)
        digest = hashlib.sha256()
        size, mode = 0, 0o755 if executable else 0o644
        # Exclusive: neither another's file nor one that a link leads to is ever written over.
        number = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        try:
            for chunk in chunks:
                if not known:
                    digest.update(chunk)
                size += len(chunk)
                rest = memoryview(chunk)
                while rest:
                    rest = rest[os.write(number, rest) :]
        finally:
            os.close(number)
        os.chmod(place, mode)  # noqa: PTH101 - a plain string is at hand, and the umask had its say in open
        os.utime(place, (self._time, self._time))
        sha256 = known or digest.hexdigest()
        return EnvironmentFile(path=path, size=size, sha256=sha256, owner=owner, executable=executable)

    def link(self, path: str, to: str) -> None:
        """Make the symbolic link *path* to *to*."""
        place = self._place(path)
        os.symlink(to, place)  # noqa: PTH211
        if os.utime in os.supports_follow_symlinks:
            os.utime(place, (self._time, self._time), follow_symlinks=False)

    def read(self, path: str) -> bytes:
        """The content of a file that was written."""
        with open(os.path.join(self._root, path), "rb") as file:  # noqa: PTH118, PTH123
            return file.read()

    def fix_folders(self) -> None:
        """Fix times and modes of the folders too, once everything is written."""
        for folder, _, _ in os.walk(self._root, topdown=False):
            os.chmod(folder, 0o755)  # noqa: PTH101, S103 - what every folder has
            os.utime(folder, (self._time, self._time))

    def _place(self, path: str) -> str:
        place = f"{self._root}/{path}"
        folder = place.rpartition("/")[0]
        if folder not in self._made:
            os.makedirs(folder, exist_ok=True)  # noqa: PTH103
            self._made.add(folder)
        return place


_NAMED = 3
CODE = (".py", ".pyc", ".pyd", ".so", ".dylib", ".dll", ".pth")
# At the top of site-packages these are a mistake in a build: packages that a product imports have names of their own.
_ASIDE = frozenset({"test", "tests", "doc", "docs", "example", "examples", "sample", "samples", "benchmark",
                    "benchmarks"})  # fmt: skip
_ASIDE_FILES = frozenset({"conftest.py", "setup.py"})
_READING_MATTER = re.compile(
    r"(?:licen[cs]es?|copying|copyright|notice|authors|contributors|readme|change(?:s|log)|history|news)(?:[.-].*)?",
    re.IGNORECASE,
)
_NAMESPACE_TOOLS = frozenset({"pkgutil", "pkg_resources", "__future__", "typing"})


class Admission(enum.Enum):
    """The result of a claim: a new file, the same file as an earlier one, or another file in the place of an earlier one."""

    NEW = "new"
    SAME = "same"
    LOST = "lost"


class Claim(Struct, frozen=True, kw_only=True):
    """A file that is to be at ``path``, from the member ``member`` of ``owner``; equal contents have the same ``digest``.

    ``project`` is the owner's, empty for a runtime, whose files nothing may replace. ``importable`` is the path from site-
    packages, empty for files elsewhere (commands, data). ``read`` returns the content, ``None`` where it need not be known.
    """

    path: str
    owner: str
    member: str
    digest: str
    project: str = ""
    importable: str = ""
    read: Callable[[], bytes] | None = None


class Claims(Struct):
    """The paths taken so far on *system* (a word of ``Runtime``)."""

    system: str
    _files: dict[str, Claim] = field(default_factory=dict)
    _folders: dict[str, Claim] = field(default_factory=dict)
    _lost: list[tuple[Claim, Claim]] = field(default_factory=list)

    def admit(self, claim: Claim) -> Admission:
        """Record *claim*; of two different files that no planned code imports the first one stays.

        Raises ``ArchiveRefused``, naming both owners, where another file has that place, on a file system that ignores case
        too.
        """
        key = collision_key(claim.path, self.system)
        other = self._files.get(key)
        if other is not None:
            return self._beside(other, claim)
        if key in self._folders:
            other = self._folders[key]
            raise _refusal(claim, other, f"{claim.path!r} is a folder for {other.member!r} of {_named(other, claim)}")
        self._files[key] = claim
        self._take_folders(claim, key)
        return Admission.NEW

    def iter_warnings(self) -> Iterator[str]:
        """A sentence for each two wheels with different files in one place."""
        for (kept_owner, lost_owner), pairs in grouped(self._lost, lambda pair: (pair[0].owner, pair[1].owner)).items():
            paths = [lost.path for _, lost in pairs]
            several = len(paths) > 1
            yield (
                f"{lost_owner} and {kept_owner} have {counted(len(paths), 'file')} in the same place with other content, and "
                f"the latter's {'are' if several else 'is'} kept: {folded([*map(repr, paths)], _NAMED)}"
            )

    def _beside(self, other: Claim, claim: Claim) -> Admission:
        is_same_path = other.path == claim.path
        if other.owner != claim.owner or not is_same_path:
            if is_same_path and other.digest == claim.digest:
                return Admission.SAME
            if other.project and may_differ(claim.importable, (other.read, claim.read)):
                self._lost.append((other, claim))
                return Admission.LOST
        elsewhere = f"as {other.member!r}, the same name where case is ignored"
        fact = "with other content" if is_same_path else elsewhere
        if other.owner == claim.owner and is_same_path:
            fact = f"as {other.member!r}"
        raise _refusal(claim, other, f"{claim.path!r} comes from {_named(other, claim)} too, {fact}")

    def _take_folders(self, claim: Claim, key: str) -> None:
        folder = posixpath.dirname(key)
        while folder and folder not in self._folders:
            other = self._files.get(folder)
            if other is not None:
                raise _refusal(claim, other, f"{other.path!r} is a file of {_named(other, claim)}")
            self._folders[folder] = claim
            folder = posixpath.dirname(folder)
        if folder:
            self._refuse_two_spellings(claim, self._folders[folder], folder.count("/") + 1)

    def _refuse_two_spellings(self, claim: Claim, other: Claim, depth: int) -> None:
        """Refuse two packages whose names differ in case only: they become one folder, and Python finds one of them."""
        one, two = ("/".join(path.split("/")[:depth]) for path in (other.path, claim.path))
        if one == two or not (claim.importable and other.importable):
            return
        if claim.path.lower().endswith(CODE) or other.path.lower().endswith(CODE):
            same = f"{two!r} is {one!r} of {_named(other, claim)} where case is ignored"
            raise _refusal(claim, other, f"{same}, and Python finds one of them only")


def _named(other: Claim, claim: Claim) -> str:
    return "this archive" if other.owner == claim.owner else other.owner


def _refusal(claim: Claim, other: Claim, fact: str) -> ArchiveRefused:
    projects = list(dict.fromkeys(project for project in (other.project, claim.project) if project))
    if not other.project:
        out = f", or leave {claim.project} out" if claim.project else ""
        hint = f"use a runtime that nothing was installed into{out}"
    elif len(projects) > 1:
        without = " or ".join(f"--exclude {project}" for project in projects)
        hint = f"plan again without one of them ({without}), or with versions that do not overlap"
    else:
        hint = f"choose another version of {projects[0]}, or leave it out"
    return ArchiveRefused(f"member {claim.member!r}: {fact}", address=claim.owner, hint=hint)


def may_differ(path: str, reads: Iterable[Callable[[], bytes] | None]) -> bool:
    """Whether files at *path*, relative to site-packages and empty outside of it, may have other contents in two wheels.

    *reads* return the contents, ``None`` for one that is unknown. They are called only for modules that may do nothing but
    declare a namespace.
    """
    if not path:
        return True
    top, _, below = path.partition("/")
    name = posixpath.basename(path)
    is_code = name.lower().endswith(CODE)
    aside = top.lower() in _ASIDE if below else name.lower() in _ASIDE_FILES or not is_code
    if aside or name == "py.typed" or name.endswith((".pyi", ".md", ".rst")):
        return True
    if not is_code:
        return bool(_READING_MATTER.fullmatch(name))
    return name == "__init__.py" and all(read is not None and _only_declares_namespace(read()) for read in reads)


def _only_declares_namespace(content: bytes) -> bool:
    """Whether a module does nothing but declare its package to be a namespace, or nothing at all.

    In one site-packages folder all parts of a package lie together, whichever of the old ways declares it.
    """
    try:
        tree = parse_tree(content)
    except SyntaxError:
        return False
    return all(map(_declares, tree.body))


def _declares(node: ast.stmt) -> bool:
    match node:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Import(names=names):
            return all(name.name in _NAMESPACE_TOOLS for name in names)
        case ast.ImportFrom(module=module):
            return module in _NAMESPACE_TOOLS
        case ast.Assign(targets=[ast.Name(id="__path__")]):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name))):
            return name == "declare_namespace"
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
            inner = [*body, *orelse, *final, *(line for handler in handlers for line in handler.body)]
            return all(map(_declares, inner))
        case _:
            return False
