"""The settings table read by type, and allowances, codes and target words in it; every complaint names file, line and key."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidName, NormalizedName, canonicalize_name

from wheelcheck.errors import SettingsInvalid, UsageProblem, WheelcheckError, did_you_mean
from wheelcheck.model.distribution import as_version
from wheelcheck.model.finding import Code
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.texts.files import read_text
from wheelcheck.texts.toml import Table, parse_toml

if TYPE_CHECKING:
    from wheelcheck.model.check import Allowance

# A string (of any kind that TOML has), a comment, or a bracket: what must be told apart to count brackets.
_TOKENS = re.compile(
    r'"""(?:[^\\]|\\.)*?"""'
    r"|'''.*?'''"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[{}\[\]]",
    re.DOTALL,
)


class SettingsTable(Table):
    """The keys and values of one settings file; its keys are those of the table there, none where they stand at the top."""

    __slots__ = ()
    failing: ClassVar[type[WheelcheckError]] = SettingsInvalid

    @property
    def file(self) -> Path:
        """The file of the settings."""
        return Path(self.path)

    def name_of(self, key: str) -> str:
        """The *key* alone: a settings file is about nothing else."""
        return key

    def wrong(self, key: str, expected: str) -> WheelcheckError:
        """The error for a value at *key* that is not *expected*, with the page that explains the keys."""
        return self.failure(f"{key} must be {expected}", "docs/reference.md explains each key", line=self.line_of(key))

    def text_of(self, key: str) -> str | None:
        """The string at *key*."""
        value = self.values.get(key)
        if value is None or (isinstance(value, str) and value):
            return value
        raise self.wrong(key, "a string that is not empty")

    def words(self, key: str) -> tuple[str, ...]:
        """The strings at *key*, of which a single one may stand without a list."""
        value = self.values.get(key, [])
        listed = [value] if isinstance(value, str) else value
        if isinstance(listed, list) and all(isinstance(item, str) and item for item in listed):
            return tuple(listed)
        raise self.wrong(key, "a string or a list of strings")

    def seconds(self, key: str) -> float | None:
        """The positive number at *key*."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return float(value)
        raise self.wrong(key, "a number above 0")

    def count(self, key: str) -> int | None:
        """The whole number, 0 or more, at *key*."""
        value = self.values.get(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
            return value
        raise self.wrong(key, "a whole number, 0 or more")

    def moment(self, key: str) -> str | None:
        """The day, instant or span at *key*, as ``parse_cutoff`` takes it; TOML's own dates are taken too."""
        from wheelcheck.texts.moments import parse_cutoff

        value = self.values.get(key)
        text = value.isoformat() if isinstance(value, date) else value
        if text is None:
            return None
        try:
            parse_cutoff(text if isinstance(text, str) else "")
        except (ValueError, OverflowError):
            raise self.wrong(key, 'a date such as 2026-11-01, or a string: "2026-11-01T12:00:00Z", "7 days"') from None
        return str(text)

    def mapping(self, key: str) -> Mapping[str, str]:
        """The table of strings at *key*."""
        value = self.values.get(key, {})
        if isinstance(value, dict) and all(isinstance(item, str) and item for item in value.values()):
            return value
        raise self.wrong(key, "a table of strings")

    def at(self, key: str) -> str:
        """File and line of *key*, the file alone where its line is not found."""
        return self.address(self.line_of(key))

    def address(self, line: int) -> str:
        """The file and *line*, which is 0 where it is not known."""
        return f"{self.path}:{line}" if line else self.path


def nearest_key(name: str, known: Collection[str]) -> str:
    """A hint with the key among *known* that *name* was likely meant to be."""
    return did_you_mean(name.lower().replace("_", "-"), known, f"the keys are {', '.join(known)}", cutoff=0.5)


def load_table(path: Path, header: str) -> SettingsTable | None:
    """Read the table *header* (dotted, empty for the whole) of the TOML file *path*; ``None`` where it lacks that table.

    A file that does not even contain the table's last word is not parsed. Raises ``SettingsInvalid``.
    """
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "not text in UTF-8"
        raise SettingsInvalid(f"cannot be read: {reason}", address=str(path)) from None
    if header.rpartition(".")[2] not in text:
        return None
    document = parse_toml(text, str(path), failing=SettingsInvalid)
    keys = tuple(filter(None, header.split(".")))
    value: object = document
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    if value is None:
        return None
    if not isinstance(value, dict):
        raise SettingsInvalid(f"{header} must be a table", address=str(path))
    return SettingsTable(value, path=str(path), text=text, keys=keys)


def line_in_tables(table: SettingsTable, array: str, position: int, key: str = "") -> int:
    """The line of *key* in the table at *position* of *array*, from 1: the table's own line where the key is not found.

    0 where not even that is, as for an array that was built in an unusual way.
    """
    start, end = _by_header(table, array, position) or _inline(table, array, position) or (-1, -1)
    if start < 0:
        return table.line_of(array)
    assigned = re.compile(rf"(?:^|[{{,])\s*[\"']?({re.escape(key)})[\"']?\s*[=.]", re.MULTILINE) if key else None
    found = assigned.search(table.document, start, end) if assigned is not None else None
    return table.document.count("\n", 0, found.start(1) if found is not None else start) + 1


def _by_header(table: SettingsTable, array: str, position: int) -> tuple[int, int] | None:
    name = r"\s*\.\s*".join(rf"[\"']?{re.escape(part)}[\"']?" for part in (*table.keys, array))
    headers = list(re.finditer(rf"^[ \t]*\[\[[ \t]*{name}[ \t]*\]\]", table.document, re.MULTILINE))
    if position >= len(headers):
        return None
    end = re.compile(r"^[ \t]*\[", re.MULTILINE).search(table.document, headers[position].end())
    begin = table.document.index("[", headers[position].start())
    return begin, end.start() if end else len(table.document)


def _inline(table: SettingsTable, array: str, position: int) -> tuple[int, int] | None:
    assigned = re.compile(rf"^[ \t]*[\"']?{re.escape(array)}[\"']?\s*=", re.MULTILINE)
    before = table.document.split("\n")[: max(table.line_of(array) - 1, 0)]
    found = assigned.search(table.document, sum(len(line) + 1 for line in before))
    if found is None:
        return None
    seen, depth, start = -1, 0, 0
    for token in _TOKENS.finditer(table.document, found.end()):
        match token[0]:
            case "{" | "[":
                depth += 1
                if token[0] == "{" and depth == 2:
                    seen, start = seen + 1, token.start()
            case "}" | "]":
                depth -= 1
                if seen == position and depth == 1:
                    return start, token.end()
                if depth <= 0:
                    return None
            case _:
                continue
    return None


_WILDCARDS = frozenset("*?[")
_KEYS = ("package", "reason", "expires", "versions", "targets", "codes")
_NEEDED = {
    "package": 'name the project: package = "av"',
    "reason": "an allowance says why, for whoever asks in a year whether it is still needed",
    "expires": "an allowance has a last day, since one without it is forgotten: expires = 2027-01-31",
}


def read_codes(table: SettingsTable, key: str) -> tuple[str, ...]:
    """The codes, or beginnings of codes, at *key*; raises ``SettingsInvalid`` for one that no code begins with."""
    return tuple(known_code(word, f"{key}: ", table.at(key)) for word in table.words(key))


def known_code(word: str, before: str, address: str) -> str:
    """*word* in capitals; raises ``SettingsInvalid`` with those that come near where no code begins with it.

    *before* is put before the message, *address* is where the word stands.
    """
    code = word.strip().upper()
    numbers = sorted(each.number for each in Code)
    if code and any(number.startswith(code) for number in numbers):
        return code
    # Codes differ in digits, so that a near match says little; the list of those with the same beginning helps.
    begun = next(
        (code[:end] for end in range(len(code), 2, -1) if any(each.startswith(code[:end]) for each in numbers)), ""
    )
    listed = ", ".join(number for number in numbers if number.startswith(begun))
    raise SettingsInvalid(
        f"{before}unknown code {word!r}",
        address=address,
        hint=f"the codes that begin with {begun} are {listed}" if begun else f"the codes are {listed}",
    )


def read_allowances(table: SettingsTable) -> tuple[Allowance, ...]:
    """The tables at ``allow``; raises ``SettingsInvalid`` for one that lacks a key, has an unknown one, or a value of no use."""
    listed = table.values.get("allow", [])
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise table.wrong(
            "allow", "an array of tables: [[tool.wheelcheck.allow]]" if table.keys else "an array of tables"
        )
    return tuple(_Entry(table, position, values).allowance() for position, values in enumerate(listed))


class _Entry(Struct, frozen=True):
    """One table of ``allow``."""

    table: SettingsTable
    position: int
    values: dict[str, object]

    def allowance(self) -> Allowance:
        from wheelcheck.model.check import Allowance

        self._refuse_unknown()
        for key, hint in _NEEDED.items():
            if key not in self.values:
                raise self._refusal(key, "is missing", hint=hint, at="")
        reason = self._text("reason").strip()
        if not reason:
            raise self._refusal("reason", "says nothing", hint=_NEEDED["reason"])
        return Allowance(
            package=self._package(),
            reason=reason,
            expires=self._day(),
            specifier=self._versions(),
            targets=tuple(
                target_pattern(word, self._named("targets"), self._at("targets")) for word in self._words("targets")
            ),
            codes=tuple(
                known_code(word, f"{self._named('codes')}: ", self._at("codes")) for word in self._words("codes")
            ),
            origin=FileOrigin(
                path=_from_here(self.table.file), line=line_in_tables(self.table, "allow", self.position)
            ),
        )

    def _refuse_unknown(self) -> None:
        for key in self.values:
            if key not in _KEYS:
                raise SettingsInvalid(
                    f"unknown key {self._named(key)!r}", address=self._at(key), hint=nearest_key(key, _KEYS)
                )

    def _package(self) -> NormalizedName:
        try:
            return canonicalize_name(self._text("package").strip(), validate=True)
        except InvalidName:
            raise self._refusal(
                "package", "is no name of a project", hint='write the name alone; bounds go into versions = "<2"'
            ) from None

    def _versions(self) -> SpecifierSet:
        if "versions" not in self.values:
            return SpecifierSet()
        text = self._text("versions").strip()
        try:
            return SpecifierSet(text)
        except InvalidSpecifier:
            hint = 'write bounds such as "==11.0.0" or ">=11,<12"'
            if as_version(text) is not None:
                hint = f'write "=={text}"'
            raise self._refusal("versions", f"is no version specifier (PEP 440): {text!r}", hint=hint) from None

    def _day(self) -> str:
        value = self.values["expires"]
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip(), re.ASCII):
            try:
                return date.fromisoformat(value.strip()).isoformat()
            except ValueError:
                raise self._refusal("expires", f"is a day that is in no calendar: {value!r}") from None
        raise self._refusal(
            "expires", "must be a day", hint="write expires = 2027-01-31, the last day on which it counts"
        )

    def _text(self, key: str) -> str:
        value = self.values[key]
        if isinstance(value, str) and value:
            return value
        raise self._refusal(key, "must be a string that is not empty")

    def _words(self, key: str) -> Iterator[str]:
        value = self.values.get(key, [])
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(item, str) and item for item in listed):
            raise self._refusal(key, "must be a string or a list of strings")
        yield from listed

    def _named(self, key: str) -> str:
        return f"allow[{self.position}].{key}"

    def _at(self, key: str) -> str:
        return self.table.address(line_in_tables(self.table, "allow", self.position, key))

    def _refusal(self, key: str, said: str, *, hint: str = "", at: str | None = None) -> SettingsInvalid:
        return SettingsInvalid(f"{self._named(key)} {said}", address=self._at(key if at is None else at), hint=hint)


def _from_here(path: Path) -> str:
    """*path* relative to the current folder if it lies below, since forges link no absolute path to a file of the repository."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def target_pair(text: str, key: str, address: str) -> str:
    """*text* as ``win_amd64/3.11``; raises ``SettingsInvalid`` for what is no platform and Python, naming *key*."""
    found = target_pattern(text, key, address)
    if "/" not in found or _WILDCARDS & set(found):
        raise SettingsInvalid(
            f"{key}: {text!r} is not PLATFORM/PYTHON", address=address, hint='write, for example, "win_amd64/3.11"'
        )
    return found


def target_pattern(text: str, key: str, address: str) -> str:
    """*text*, a platform or ``PLATFORM/PYTHON``, with aliases such as ``windows`` replaced; halves with wildcards stay.

    Raises ``SettingsInvalid`` for a half that means nothing, naming *key*.
    """
    from wheelcheck.targets.platforms import parse_platform
    from wheelcheck.targets.pythons import parse_python, split_target

    platform, python = split_target(text)
    try:
        if python and not _WILDCARDS & set(python):
            python = parse_python(python).word
        if not _WILDCARDS & set(platform):
            platform = parse_platform(platform).word
    except UsageProblem as problem:
        said = problem.message.removeprefix("--platform ").removeprefix("--python ")
        raise SettingsInvalid(f"{key}: {said}", address=address, hint=problem.hint) from None
    return f"{platform}/{python}" if python else platform
