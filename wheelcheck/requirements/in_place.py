"""The user's own files with the edits of a repair made: only what has to change changes, byte for byte; writes no file.

``Edits, requirements with their places → FileChange``. A list of requirements keeps continuation lines, comments and
endings; TOML and scripts keep their text but for the string that is edited; what only a tool's table can say (an override) is added
to that of the tool in charge. What the files cannot say is refused with the reason, and nothing is changed then.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field
from packaging.markers import Marker
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.errors import UsageProblem
from wheelcheck.model.repair import Edit, EditKind
from wheelcheck.model.requirement import FileOrigin, InputSet, Requirement
from wheelcheck.requirements.lines import iter_groups, iter_logical_lines, parse_line
from wheelcheck.requirements.rewriting import closed, edited, is_override, newline_of
from wheelcheck.texts.sources import encoding_of

_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'')
_NAME = re.compile(r"\s*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?=$|[\[(<>=!~;@ ])")
# It begins where blanks begin, and at no later one of them: each would look through all that follow.
_HASH = re.compile(r"(?<![ \t\n])((?:[ \t]|\\\r?\n)+)--hash(?:=|[ \t]+)[^\s\\]+")
_OTHERS = (".cfg", ".json", ".lock", ".yml", ".yaml")
_OWN = frozenset({EditKind.PIN, EditKind.EXTRA, EditKind.SUBSTITUTE, EditKind.CONSTRAIN, EditKind.MARKER})
_UNSAYABLE = {
    EditKind.PYTHON: "the Python that ships is not written in the inputs",
    EditKind.PLATFORM: "the platform is not written in the inputs",
    EditKind.INDEX: "an index for one project stands in the settings of the installer",
    EditKind.DATE: "the day until which files count stands in the settings of the installer",
}
_BY_TOOL = {
    (EditKind.OVERRIDE, "uv"): ("tool", "uv", "override-dependencies"),
    (EditKind.MARKER, "uv"): ("tool", "uv", "override-dependencies"),
    (EditKind.CONSTRAIN, "uv"): ("tool", "uv", "constraint-dependencies"),
    (EditKind.EXCLUDE, "uv"): ("tool", "uv", "exclude-dependencies"),
    (EditKind.OVERRIDE, "pdm"): ("tool", "pdm", "resolution", "overrides"),
    (EditKind.EXCLUDE, "pdm"): ("tool", "pdm", "resolution", "excludes"),
}


_DECLARED = ("project", "dependencies")


class FileChange(Struct, frozen=True, kw_only=True):
    """A file as it is and as it is to be; *place* is what the user calls it."""

    place: str
    before: bytes
    after: bytes


class _File(Struct, kw_only=True):
    """A file while it is edited: ``pieces`` are its logical lines by the number of the first; *mark* is its byte order mark."""

    place: str
    before: bytes
    mark: bytes
    encoding: str
    pieces: dict[int, str]
    ending: str = ""

    @property
    def is_list(self) -> bool:
        """Whether it is a list of requirements."""
        return not self.place.endswith((".toml", ".py", ".pyw"))

    @property
    def text(self) -> str:
        """The text as it is by now."""
        text = "".join(self.pieces.values())
        return closed(text, newline_of(text)) + self.ending if self.ending else text

    @text.setter
    def text(self, text: str) -> None:
        self.pieces = dict(enumerate(text.splitlines(keepends=True), 1))


class InPlace(Struct, kw_only=True):
    """The making of *edits*, those of *repair*, in the files that *inputs* were read from.

    *applies* tells whether a marker holds on the target: lines for other targets stay. *wanted* are the projects that others ask
    for too. *environ* has the variables of lines. *digests* tells the SHA-256 hashes of a release's files, none where the
    index does not announce them.
    """

    edits: Sequence[Edit]
    inputs: InputSet
    repair: str
    applies: Callable[[Marker], bool]
    wanted: frozenset[NormalizedName]
    environ: Mapping[str, str]
    digests: Callable[[NormalizedName, Version], Sequence[str]]
    files: dict[str, _File] = field(default_factory=dict)

    def changes(self) -> tuple[FileChange, ...]:
        """The files that change. Raises ``UsageProblem`` for an edit that they cannot say, and for a file that cannot be read."""
        for edit in self.edits:
            self._make(edit)
        changes = (
            FileChange(place=file.place, before=file.before, after=file.mark + file.text.encode(file.encoding))
            for file in self.files.values()
        )
        return tuple(change for change in changes if change.before != change.after)

    def _make(self, edit: Edit) -> None:
        asking = [
            each
            for each in self.inputs.requirements
            if each.name == edit.package and (each.marker is None or self.applies(each.marker))
        ]
        if edit.kind in _OWN and asking and not is_override(edit):
            for each in asking:
                self._edit_line(each, edit)
            if edit.kind is EditKind.SUBSTITUTE and edit.package in self.wanted:
                self._add(Edit(kind=EditKind.EXCLUDE, package=edit.package, before=edit.before, because=edit.because))
        elif edit.kind in _UNSAYABLE:
            raise _refused(edit, _UNSAYABLE[edit.kind])
        else:
            self._add(edit)

    def _edit_line(self, requirement: Requirement, edit: Edit) -> None:
        origin = requirement.origin
        if not isinstance(origin, FileOrigin):
            raise _refused(edit, f"{requirement.name} is asked for on the {origin}")
        file = self._file(origin.path, edit)
        if origin.line not in file.pieces:
            raise _refused(edit, f"{origin} tells no line")
        piece = file.pieces[origin.line]
        new = self._edited_group(piece, requirement, edit) if file.is_list else _edited_string(piece, requirement, edit)
        if new is None:
            raise _refused(edit, f"{origin} is written in a way that is not edited here")
        file.pieces[origin.line] = new

    def _edited_group(self, group: str, requirement: Requirement, edit: Edit) -> str | None:
        """*group*, the physical lines of a logical one, with the requirement exchanged."""
        logical = next(iter_logical_lines(group, self.environ), None)
        written = parse_line(logical.written).requirement if logical is not None else ""
        text = edited(written, requirement, edit)
        new = _with_text(group, written, text) if written else None
        if new is None or logical is None or edit.kind in (EditKind.EXTRA, EditKind.MARKER):
            return new
        comment = len(new.rstrip().removesuffix(logical.comment))
        hashes = list(_HASH.finditer(new, 0, comment))
        if not hashes:
            return new
        asked = Requirement.parse(text, requirement.origin)
        digests = self._digests(asked, edit)
        start, end = hashes[0].start(), hashes[-1].end()
        if "".join(found[0] for found in hashes) != new[start:end]:
            raise _refused(edit, f"{requirement.origin} has other words between its hashes")
        later = hashes[1 if len(hashes) > 1 else 0][1]
        words = f"{later}--hash=sha256:".join(digests)
        return f"{new[:start]}{hashes[0][1]}--hash=sha256:{words}{new[end:]}"

    def _digests(self, asked: Requirement, edit: Edit) -> Sequence[str]:
        """The hashes of the release that *asked* pins."""
        pinned = next((each for each in asked.specifier if each.operator == "=="), None)
        if len(asked.specifier) != 1 or pinned is None or pinned.version.endswith(".*"):
            raise _refused(edit, f"hashes are of one version, and {asked} pins none")
        digests = self.digests(asked.name, Version(pinned.version))
        if not digests:
            raise _refused(edit, f"the line has hashes, and the index announces none of {asked}")
        return digests

    def _add(self, edit: Edit) -> None:
        """Say *edit* where no line of the user's asks for its project: in the table of the tool in charge, or as a further line."""
        places = dict.fromkeys(
            each.origin.path for each in self.inputs.requirements if isinstance(each.origin, FileOrigin)
        )
        project = next((place for place in places if Path(place).name == "pyproject.toml"), None)
        if project is not None:
            file = self._file(project, edit)
            tool = _tool_in_charge(file.text, Path(project).parent)
            keys = _DECLARED if edit.kind is EditKind.ADD else _BY_TOOL.get((edit.kind, tool))
            if edit.kind is EditKind.ADD and not _declares(file.text):
                raise _refused(edit, f"{project} has no list of dependencies")
            if keys is None:
                raise _refused(edit, f"{project} is {tool or 'no tool'}'s, which has no words for it there")
            file.text = _with_entry(file.text, keys, edit)
            return
        lists = [place for place in places if self._file(place, edit).is_list]
        if edit.kind not in (EditKind.CONSTRAIN, EditKind.ADD) or not lists:
            raise _refused(edit, "a list of requirements has no words for what other projects ask for")
        file = self._file(lists[0], edit)
        if "--hash" in file.text:
            raise _refused(edit, f"{file.place} pins every project with its hashes, and {edit.package} is not in it")
        why = " ".join((edit.because or "a bound").split())
        line = edit.after if edit.kind is EditKind.ADD else f"{edit.package}{edit.after}"
        file.ending += f"{line}  # wheelcheck {self.repair}: {why}{newline_of(file.text)}"

    def _file(self, place: str, edit: Edit) -> _File:
        if place not in self.files:
            if place == "-" or "://" in place or place.endswith(_OTHERS) or Path(place).name in ("setup.py", "Pipfile"):
                raise _refused(edit, f"{place} is not changed by wheelcheck")
            try:
                before = Path(place).read_bytes()
            except OSError as error:
                raise _refused(edit, f"{place} cannot be read: {error.strerror}") from error
            mark, encoding = encoding_of(before)
            text = before[len(mark) :].decode(encoding)
            file = _File(place=place, before=before, mark=mark, encoding=encoding, pieces={})
            file.text = text
            if file.is_list:
                file.pieces = dict(_numbered(text))
            self.files[place] = file
        return self.files[place]


def render_patch(changes: Sequence[FileChange]) -> bytes:
    """*changes* as a unified diff that ``git apply`` takes in the folder where the paths start; empty for none."""
    lines: list[str] = []
    for change in changes:
        # Every byte as the character of its number, so that no encoding loses one, and only \\n ends a line.
        before, after = (each.decode("latin-1").split("\n") for each in (change.before, change.after))
        place = Path(change.place).as_posix().encode().decode("latin-1")
        old, new = (
            [f"{line}\n" for line in each[:-1]] + [line for line in each[-1:] if line] for each in (before, after)
        )
        lines += (
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in difflib.unified_diff(old, new, f"a/{place}", f"b/{place}")
        )
    return "".join(lines).encode("latin-1")


def _refused(edit: Edit, reason: str) -> UsageProblem:
    return UsageProblem(
        f"the change cannot be written into your files ({edit.line}): {reason}",
        hint="make it with the options that the plan prints, or let it be written beside them: --write-overrides FILE",
    )


def _numbered(text: str) -> Iterator[tuple[int, str]]:
    """The logical lines of a list of requirements by the number of the line that says something."""
    line = 1
    for group in iter_groups(text):
        yield line, group
        line += len(group.splitlines())


def _with_text(group: str, written: str, new: str) -> str | None:
    """*group* with *written*, which may go on in a next line of it, become *new*: what both begin and end with stays as it is."""
    found = re.search(r"(?:\\+\r?\n)?".join(f"({re.escape(letter)})" for letter in written), group)
    if found is None:
        return None
    begin = _alike(written, new)
    end = _alike(written[begin:][::-1], new[begin:][::-1])
    last = len(written) - end
    start = found.start(begin + 1) if begin < len(written) else found.end()
    return group[:start] + new[begin : len(new) - end] + (group[found.end(last) :] if last > begin else group[start:])


def _alike(one: str, other: str) -> int:
    """How many letters both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _edited_string(line: str, requirement: Requirement, edit: Edit) -> str | None:
    """*line* of TOML with the string that asks for *requirement* edited, or Poetry's version beside its key; else ``None``."""
    for found in _STRING.finditer(line):
        value = _value(found[0])
        named = _NAME.match(value)
        if (
            named
            and canonicalize_name(named[1]) == requirement.name
            and not line[found.end() :].lstrip().startswith("=")
        ):
            return line[: found.start()] + _quoted(edited(value, requirement, edit), found[0]) + line[found.end() :]
    if edit.kind not in (EditKind.PIN, EditKind.CONSTRAIN):
        return None
    for key in re.finditer(r"""(?<![\w.-])["']?([\w.-]++)["']?\s*+=\s*+(\{[^{}]*?\bversion\s*=\s*)?""", line):
        string = _STRING.match(line, key.end())
        if string and canonicalize_name(key[1]) == requirement.name:
            value = _value(string[0])
            bounded = edit.after if edit.kind is EditKind.PIN or value == "*" else f"{value},{edit.after}"
            return line[: string.start()] + _quoted(bounded, string[0]) + line[string.end() :]
    return None


def _value(quoted: str) -> str:
    if quoted.startswith("'"):
        return quoted[1:-1]
    try:
        return str(json.loads(quoted))
    except ValueError:
        return ""


def _quoted(value: str, like: str) -> str:
    """*value* as a TOML string in the quotes of *like*, or in others where it has these itself."""
    mark = like[0]
    if mark not in value and "\\" not in value:
        return f"{mark}{value}{mark}"
    return json.dumps(value, ensure_ascii=False) if "'" in value or mark == '"' else f"'{value}'"


def _tool_in_charge(text: str, folder: Path) -> str:
    """The tool that resolves the project: the one whose table it has, or whose lock lies beside it; empty for none of ours."""
    import tomllib

    tables = tomllib.loads(text.replace("\r\n", "\n")).get("tool", {})
    locks = {"uv": "uv.lock", "pdm": "pdm.lock", "poetry": "poetry.lock"}
    beside = [tool for tool, lock in locks.items() if (folder / lock).exists()]
    return next((tool for tool in (*beside, *locks) if tool in beside or tool in tables), "")


def _declares(text: str) -> bool:
    """Whether *text*, a pyproject.toml, lists its dependencies as PEP 621 says."""
    import tomllib

    return "dependencies" in tomllib.loads(text.replace("\r\n", "\n")).get("project", {})


def _with_entry(text: str, keys: Sequence[str], edit: Edit) -> str:
    """*text*, a pyproject.toml, with *edit* said at *keys*: an item of a list, in place of one on the same project, or a key."""
    import tomlkit
    from tomlkit.items import AbstractTable

    document = tomlkit.parse(text.replace("\r\n", "\n"))
    table: AbstractTable | tomlkit.TOMLDocument = document
    *above, last = keys if keys[-1] != "overrides" else (*keys, "")
    for key in above:
        if key not in table:
            table.add(key, tomlkit.table())
        table = table[key]
    if not last:
        table[str(edit.package)] = edit.after
        return _relined(text, tomlkit.dumps(document))
    whole = {EditKind.EXCLUDE: str(edit.package), EditKind.MARKER: edit.after, EditKind.ADD: edit.after}
    item = whole.get(edit.kind, f"{edit.package}{edit.after}")
    if last not in table:
        table.add(last, [item])
        return _relined(text, tomlkit.dumps(document))
    array = table[last]
    replaces = edit.kind in (EditKind.OVERRIDE, EditKind.MARKER)
    same = [number for number, each in enumerate(array) if replaces and _is_about(str(each), edit.package)]
    if same:
        array[same[0]] = item
    else:
        array.append(item)
    return _relined(text, tomlkit.dumps(document))


def _is_about(text: str, name: NormalizedName | None) -> bool:
    named = _NAME.match(text)
    return named is not None and canonicalize_name(named[1]) == name


def _relined(before: str, after: str) -> str:
    """*after* with the line endings that *before* has on the lines that did not change, and its first one on the others."""
    old = before.splitlines(keepends=True)
    new = after.splitlines()
    matcher = difflib.SequenceMatcher(None, [line.rstrip("\r\n") for line in old], new, autojunk=False)
    lines = [f"{line}{newline_of(before)}" for line in new]
    for start, at, length in matcher.get_matching_blocks():
        lines[at : at + length] = old[start : start + length]
    return "".join(lines)
