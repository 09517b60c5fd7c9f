"""Reads the two inputs of a comparison: files, plans, requirements or files at a git revision; resolves nothing.

Files of a revision are copied to a folder that the caller gives; messages name them by their paths in the repository.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from wheelcheck.errors import InputUnreadable, WheelcheckError
from wheelcheck.model.finding import Finding
from wheelcheck.model.plan import InputRecord
from wheelcheck.model.requirement import FileOrigin, Origin
from wheelcheck.model.urls import masked_within
from wheelcheck.texts.files import is_file, open_file

if TYPE_CHECKING:
    from wheelcheck.model.plan import Plan
    from wheelcheck.requirements.revisions import Revision

# A drive letter is no revision, and neither is what begins a URL.
_AT_REVISION = re.compile(r"(?P<revision>[^\s:]{2,}|[^\sA-Za-z:]):(?P<path>[^\s:][^\0]*)")
_PLAN_MARK = b"wheelcheck.plan/"
_MOST_BYTES = 100_000_000


class RevisionCopy(Struct, frozen=True, kw_only=True):
    """The *folder* with copies of files at *revision*; *here* is the current folder in the tree, empty for the top."""

    revision: Revision
    folder: Path
    here: str

    def plain(self, text: str) -> str:
        """*text* with the paths of copies replaced by those in the checkout, relative to the current folder."""
        if self.here:
            text = self._swapped(text, f"{self.here}/", "")
        return self._swapped(text, "", "../" * len(self.here.split("/")) if self.here else "")

    def addressed(self, text: str) -> str:
        """*text* with the paths of copies replaced by git's words: ``origin/main:requirements.txt``."""
        return self._swapped(text, "", f"{self.revision.name}:")

    def _swapped(self, text: str, below: str, instead: str) -> str:
        beginning = f"{self.folder.as_posix()}/{below}"
        return text.replace(beginning, instead).replace(beginning.replace("/", os.sep), instead)


class ComparisonInput(Struct, frozen=True, kw_only=True):
    """One side of a comparison: a *plan*, or *inputs* with the constraints and overrides of the command line at that revision.

    Without a plan and without inputs there was nothing. ``notes`` are sentences on what was not there.
    """

    name: str
    plan: Plan | None = None
    inputs: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    copied: RevisionCopy | None = None
    notes: tuple[str, ...] = ()

    def renamed(self, finding: Finding) -> Finding:
        """*finding* with the paths of copies replaced, so that it equals the same finding of the checkout."""
        return replace(
            finding,
            message=self.text(finding.message),
            evidence=tuple(map(self.text, finding.evidence)),
            paths=tuple(tuple(map(self.text, path)) for path in finding.paths),
        )

    def origin(self, origin: Origin | None) -> Origin | None:
        """Likewise *origin*."""
        return replace(origin, path=self.text(origin.path)) if isinstance(origin, FileOrigin) else origin

    def records(self, records: Iterable[InputRecord]) -> tuple[InputRecord, ...]:
        """Likewise *records*."""
        return tuple(replace(record, path=self.text(record.path)) for record in records)

    def text(self, text: str) -> str:
        """Likewise any *text*."""
        return self.copied.plain(text) if self.copied is not None else text

    def blame(self, error: WheelcheckError) -> None:
        """Replace the paths of copies in *error* by git's words."""
        if self.copied is None:
            return
        error.message = self.copied.addressed(error.message)
        error.address = self.copied.addressed(error.address)
        error.hint = self.copied.addressed(error.hint)


class ComparisonOpener(Struct, frozen=True, kw_only=True):
    """Opens inputs, with a *folder* for copies, and the *constraints* and *overrides* of the command line."""

    folder: Path
    constraints: tuple[str, ...]
    overrides: tuple[str, ...]
    environ: Mapping[str, str]

    def side(self, word: str, subfolder: str) -> ComparisonInput:
        """The side that *word* names: a plan, a file, a requirement or ``REV:PATH``.

        Raises ``InputUnreadable`` for a plan that cannot be read, and for what git cannot tell.
        """
        found = (
            None if is_file(Path(word)) or "://" in word or word.startswith("file:") else _AT_REVISION.fullmatch(word)
        )
        if found is None:
            return self._present((word,))
        from wheelcheck.requirements.revisions import load_revision

        revision = load_revision(found["revision"], self.environ)
        return self._at(revision, (_given_path(revision, found["path"]),), subfolder)

    def against_base(self, words: tuple[str, ...], base: str) -> tuple[ComparisonInput, ComparisonInput]:
        """The files *words* where HEAD left *base*, and as they are now; what is no file is the same on both sides.

        Raises ``InputUnreadable`` for a file that is on neither side.
        """
        from wheelcheck.requirements.revisions import load_revision

        revision = load_revision(base, self.environ, merge_base="HEAD")
        then: list[str | None] = []
        now: list[str] = []
        gone: list[str] = []
        for word in words:
            path = revision.path_in_tree(Path(word)) if "://" not in word else None
            is_there = is_file(Path(word))
            if path is not None and (is_there or path in revision.files):
                then.append(path)
                (now if is_there else gone).append(word)
            else:
                now.append(word)
        new = self._present(tuple(now), name=", ".join(map(masked_within, words)))
        notes = tuple(f"{masked_within(word)} is gone now, so all of it went out." for word in gone)
        # What is no file of the repository is asked for as it is on both sides.
        others = tuple(word for word in now if revision.path_in_tree(Path(word)) not in then)
        old = self._at(revision, tuple(path for path in then if path is not None), "old", beside=others)
        return old, replace(new, notes=notes)

    def _present(self, words: tuple[str, ...], name: str = "") -> ComparisonInput:
        name = name or ", ".join(map(masked_within, words))
        plan = _plan_in(words[0]) if len(words) == 1 else None
        return ComparisonInput(
            name=name,
            plan=plan,
            inputs=words if plan is None else (),
            constraints=self.constraints,
            overrides=self.overrides,
        )

    def _at(
        self, revision: Revision, paths: tuple[str, ...], subfolder: str, *, beside: tuple[str, ...] = ()
    ) -> ComparisonInput:
        from wheelcheck.requirements.revisions import copy_out

        folder = (self.folder / subfolder).resolve()
        here = revision.path_in_tree(Path()) or ""
        copied = RevisionCopy(revision=revision, folder=folder, here="" if here == "." else here)
        bounds = _Bounds(revision, folder)
        constraints, overrides = bounds.mapped(self.constraints), bounds.mapped(self.overrides)
        copy_out(revision, (*paths, *bounds.paths), folder)
        present = tuple(path for path in paths if path in revision.files)
        absent = (*(path for path in paths if path not in present), *bounds.absent)
        inputs = (*(str(folder / path) for path in present), *beside)
        side = ComparisonInput(
            name=f"{', '.join((*map(masked_within, paths), *map(masked_within, beside)))} at {revision.short}",
            inputs=inputs,
            constraints=constraints,
            overrides=overrides,
            copied=copied,
            notes=tuple(f"{path} is not in {revision.short}, so nothing of it was there." for path in absent),
        )
        try:
            plan = _plan_in(inputs[0]) if len(inputs) == 1 else None
        except WheelcheckError as error:
            side.blame(error)
            raise
        return side if plan is None else replace(side, plan=plan, inputs=())


class _Bounds:
    """Constraints and overrides of the command line: files of the repository are meant as they stood at the revision."""

    def __init__(self, revision: Revision, folder: Path) -> None:
        self.paths: list[str] = []
        self.absent: list[str] = []
        self._revision = revision
        self._folder = folder

    def mapped(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """*words* with files of the repository replaced by their copies; files that the revision lacks are left out."""
        found: list[str] = []
        for word in words:
            path = self._revision.path_in_tree(Path(word)) if is_file(Path(word)) else None
            if path is None:
                found.append(word)
            elif path in self._revision.files:
                self.paths.append(path)
                found.append(str(self._folder / path))
            else:
                self.absent.append(path)
        return tuple(found)


def _given_path(revision: Revision, path: str) -> str:
    """*path* of ``REV:PATH`` from the top of the tree, as git has it: ``./`` and ``../`` begin at the current folder.

    Raises ``InputUnreadable`` where it is neither in the revision nor in the checkout, which is a slip.
    """
    is_from_here = path.startswith(("./", "../"))
    found = revision.path_in_tree(Path(path)) if is_from_here else posixpath.normpath(path)
    if found is not None and (found in revision.files or is_file(Path(revision.top / found))):
        return found
    from difflib import get_close_matches

    beside = revision.path_in_tree(Path(path))
    near = [f"./{path}"] if beside in revision.files else get_close_matches(path, revision.files, n=1)
    raise InputUnreadable(
        f"there is no such file at {revision.name}, nor is there now",
        address=f"{revision.name}:{path}",
        hint=f"did you mean {revision.name}:{near[0]}?" if near else "name it from the top of the repository",
    )


def _plan_in(word: str) -> Plan | None:
    """The plan in the file *word*; ``None`` for any other file."""
    if not word.endswith(".json") or not is_file(Path(word)):
        return None
    try:
        with open_file(Path(word)) as stream:
            content = stream.read(_MOST_BYTES)
    except OSError as error:
        raise InputUnreadable(f"cannot be read: {error.strerror}", address=word) from error
    if _PLAN_MARK not in content:
        return None
    from wheelcheck.plans.documents import parse_plan

    return parse_plan(content, word)
