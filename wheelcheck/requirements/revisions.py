"""Dependency files as they stood at a git revision, copied out to a folder; touches neither checkout nor index, follows no link.

Files that a file names are copied with it, in the same layout, so that includes are found: names are looked up in the revision's
own tree, and nothing outside of it is read. Git is run with lists of words and never through a shell.
"""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from msgspec import Struct

from wheelcheck.errors import InputUnreadable, UsageProblem
from wheelcheck.model.urls import masked_within

_MOST_BYTES = 50_000_000
_MOST_FILES = 10_000
_SECONDS = 60.0
_LONGEST = 1000  # characters of a name that is worth a look
# A name, without the characters that stand around names in requirements files and in TOML.
_WORDS = re.compile(r"[^\s\"'`=,;\[\]{}()#<>]+")
_LISTS = (".txt", ".in", ".toml", ".lock", ".cfg", ".json", ".py", ".pip", ".reqs")
_LINK = "120000"
_FILE = "100"


class TreeFile(Struct, frozen=True, kw_only=True):
    """One file of a tree: *object_id* of its bytes, *size* of them; ``is_link`` where the bytes are the name of another."""

    object_id: str
    size: int
    is_link: bool = False


class Revision(Struct, frozen=True, kw_only=True):
    """A commit of the repository whose working tree lies in *top*: *name* as the user wrote it, *commit* in hex.

    ``files`` are its regular files and links by path from the top, with forward slashes.
    """

    name: str
    commit: str
    top: Path
    environ: Mapping[str, str]
    files: Mapping[str, TreeFile]

    @property
    def short(self) -> str:
        """The name, with the commit where the name does not say it: ``origin/main (1a2b3c4d5e)``."""
        return self.name if self.commit.startswith(self.name) else f"{self.name} ({self.commit[:10]})"

    def path_in_tree(self, path: Path) -> str | None:
        """*path*, from the current folder, as the tree has it; ``None`` where it is outside of the repository."""
        absolute = path.parent.resolve() / path.name
        try:
            relative = Path(os.path.normpath(absolute)).relative_to(self.top)
        except ValueError:
            return None
        return relative.as_posix()


def load_revision(
    name: str, environ: Mapping[str, str], *, merge_base: str | None = None, repository: Path | None = None
) -> Revision:
    """The revision *name* of *repository*, else of the one around the current folder, or where *merge_base* split from it.

    A *repository* may be bare; its top is then its own folder.

    Costs a few processes of git, and a listing of the whole tree. Raises ``InputUnreadable`` where there is no git, no repository
    or no such revision, and ``UsageProblem`` for a name that git would take for an option.
    """
    if not name or name.startswith("-") or "\0" in name:
        raise UsageProblem(f"{name!r} is no name of a revision", hint="give a branch, a tag or a commit")
    if repository is None:
        top = Path(os.fsdecode(_git(("rev-parse", "--show-toplevel"), environ, name)).removesuffix("\n"))
    else:
        environ = {each: value for each, value in environ.items() if not each.startswith("GIT_")}
        where = _git(("-C", str(repository), "rev-parse", "--absolute-git-dir"), environ, name)
        top, environ = repository, {**environ, "GIT_DIR": os.fsdecode(where).removesuffix("\n")}
    commit = _commit(name, environ)
    if merge_base is not None:
        commit = _merge_base(commit, _commit(merge_base, environ), name, environ)
    return Revision(
        name=name, commit=commit, top=top.resolve(), environ=environ, files=dict(_iter_files(commit, environ, name))
    )


def copy_out(revision: Revision, paths: Iterable[str], folder: Path) -> None:
    """Copy the files *paths* of *revision* below *folder*, and those that they name, as far as the tree has them.

    A file in the requirements format brings the folders that it names too (``./package``). Links are copied as the file that they
    lead to within the tree; files of more than 50 MB are left out. Raises ``InputUnreadable`` where git fails.
    """
    folders = _folders(revision.files)
    wanted = dict.fromkeys(path for path in paths if path in revision.files)
    seen: set[str] = set()
    while wanted and len(seen) < _MOST_FILES:
        seen.update(wanted)
        found: dict[str, None] = {}
        for path, content in _iter_contents(revision, wanted):
            _write(folder, path, content)
            found.update(dict.fromkeys(_iter_named(path, content, revision.files, folders)))
        wanted = {path: None for path in found if path not in seen}


def _commit(name: str, environ: Mapping[str, str]) -> str:
    words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    try:
        return _git(words, environ, name).decode("ascii").strip()
    except InputUnreadable as error:
        raise InputUnreadable(
            "git knows no such revision",
            address=name,
            hint="fetch it first (git fetch origin), or name a branch, a tag or a commit that is here",
        ) from error


def _merge_base(commit: str, other: str, name: str, environ: Mapping[str, str]) -> str:
    try:
        return _git(("merge-base", commit, other), environ, name).decode("ascii").strip()
    except InputUnreadable as error:
        raise InputUnreadable(
            "has no commit in common with HEAD here",
            address=name,
            hint="a shallow clone lacks it: git fetch --unshallow, or fetch-depth: 0 for actions/checkout",
        ) from error


def _git(words: Iterable[str], environ: Mapping[str, str], name: str, stdin: bytes = b"") -> bytes:
    command = ["git", "--no-pager", "--literal-pathspecs", *words]
    settings = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_REPLACE_OBJECTS": "1", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, input=stdin, capture_output=True, env={**environ, **settings}, timeout=_SECONDS, check=False
        )
    except FileNotFoundError as error:
        raise InputUnreadable(
            "git is not installed, or not on the PATH", address=name, hint="install it, or compare two files"
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = "no answer within a minute" if isinstance(error, subprocess.TimeoutExpired) else error.strerror
        raise InputUnreadable(f"git could not be run: {reason}", address=name) from error
    if done.returncode != 0:
        said = " ".join(done.stderr.decode("utf-8", "replace").split()) or "it printed nothing"
        raise InputUnreadable(
            f"git cannot tell: {masked_within(said[:400])}", address=name, hint="run wheelcheck within the repository"
        )
    return done.stdout


def _iter_files(commit: str, environ: Mapping[str, str], name: str) -> Iterator[tuple[str, TreeFile]]:
    listing = _git(("ls-tree", "-r", "-z", "-l", "--full-tree", commit), environ, name)
    for row in listing.split(b"\0"):
        facts, _, raw = row.partition(b"\t")
        words = facts.decode("ascii").split()
        path = os.fsdecode(raw)
        if len(words) != 4 or not _is_safe(path):
            continue
        mode, _, object_id, size = words
        if mode.startswith(_FILE) or mode == _LINK:
            yield path, TreeFile(object_id=object_id, size=int(size), is_link=mode == _LINK)


def _is_safe(path: str) -> bool:
    """Whether *path* stays below the folder that it is joined to, on every system."""
    steps = path.replace("\\", "/").split("/") if os.name == "nt" else path.split("/")
    return all(step not in ("", ".", "..") for step in steps) and not (os.name == "nt" and ":" in path)


def _iter_contents(revision: Revision, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Each path with its bytes, those of the file that it leads to for a link; large files and broken links are left out."""
    entries = [(path, revision.files[path]) for path in paths]
    entries = [(path, entry) for path, entry in entries if entry.size <= _MOST_BYTES]
    contents = _contents(revision, [entry.object_id for _, entry in entries])
    for path, entry in entries:
        content = contents.get(entry.object_id)
        if content is not None and entry.is_link:
            content = _behind_link(revision, path, content)
        if content is not None:
            yield path, content


def _behind_link(revision: Revision, path: str, content: bytes) -> bytes | None:
    for _ in range(10):
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), os.fsdecode(content)))
        entry = revision.files.get(path)
        if entry is None or entry.size > _MOST_BYTES:
            return None
        content = _contents(revision, [entry.object_id])[entry.object_id]
        if not entry.is_link:
            return content
    return None


def _contents(revision: Revision, object_ids: Iterable[str]) -> dict[str, bytes]:
    wanted = "".join(f"{object_id}\n" for object_id in dict.fromkeys(object_ids)).encode("ascii")
    answer = _git(("cat-file", "--batch"), revision.environ, revision.name, wanted) if wanted else b""
    found: dict[str, bytes] = {}
    position = 0
    while position < len(answer):
        end = answer.index(b"\n", position)
        object_id, *facts = answer[position:end].decode("ascii").split()
        position = end + 1
        if len(facts) == 2:  # else it is missing, as in a partial clone
            size = int(facts[1])
            found[object_id] = answer[position : position + size]
            position += size + 1
    return found


def _folders(files: Iterable[str]) -> Mapping[str, list[str]]:
    """The files of each folder and of those within it."""
    found: dict[str, list[str]] = {}
    for path in files:
        folder = posixpath.dirname(path)
        while folder:
            found.setdefault(folder, []).append(path)
            folder = posixpath.dirname(folder)
    return found


def _iter_named(
    path: str, content: bytes, files: Mapping[str, TreeFile], folders: Mapping[str, list[str]]
) -> Iterator[str]:
    """The files of the tree that the text *content* of the file *path* names, comments included: too many do no harm."""
    if not path.endswith(_LISTS) and b"\0" in content[:1000]:
        return
    here = posixpath.dirname(path)
    if posixpath.basename(path) == "pyproject.toml":
        yield from _iter_about(here, files)
    with_folders = not path.endswith((".toml", ".lock", ".json", ".cfg", ".py"))
    for word in dict.fromkeys(_WORDS.findall(content.decode("utf-8", "replace"))):
        if "://" in word or word.startswith("sha256:") or len(word) > _LONGEST:
            continue  # most of a lock: URLs and hashes
        for text in _iter_readings(word):
            named = posixpath.normpath(posixpath.join(here, text.replace("\\", "/")))
            if named in files:
                yield named
            elif "*" in named:
                yield from (
                    file for each in folders if fnmatchcase(each, named) for file in _project(each, files, folders)
                )
            elif with_folders and named in folders:
                yield from folders[named]
            elif named in folders:
                yield from _project(named, files, folders)


def _iter_about(here: str, files: Mapping[str, TreeFile]) -> Iterator[str]:
    """What else a project in the folder *here* is read with: the files of its tools, and a workspace above it."""
    for name in ("uv.toml", "hatch.toml", "setup.cfg", "setup.py"):
        if (beside := posixpath.join(here, name)) in files:
            yield beside
    while here:
        here = posixpath.dirname(here)
        if (above := posixpath.join(here, "pyproject.toml")) in files:
            yield above


def _project(folder: str, files: Mapping[str, TreeFile], folders: Mapping[str, list[str]]) -> list[str]:
    """The files of *folder* where it holds a project, which is then judged by them."""
    is_project = any(posixpath.join(folder, name) in files for name in ("pyproject.toml", "setup.py", "setup.cfg"))
    return folders[folder] if is_project else []


def _iter_readings(word: str) -> Iterator[str]:
    yield word
    # "-rbase.txt" is "-r base.txt" to pip; "file:base.txt" is a path.
    if word.startswith(("-r", "-c", "-e", "-f")):
        yield word[2:]
    if word.startswith("file:") and not word.startswith("file://"):
        yield word[5:]


def _write(folder: Path, path: str, content: bytes) -> None:
    place = folder / path
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputUnreadable(f"cannot be copied out: {reason}", address=path) from error
