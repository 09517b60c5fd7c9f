"""Allowances, codes and target words of the settings, every complaint with file, line and key; judges nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from msgspec import Struct
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidName, NormalizedName, canonicalize_name

from wheelcheck.errors import SettingsInvalid, UsageProblem
from wheelcheck.model.check import Allowance
from wheelcheck.model.distribution import as_version
from wheelcheck.model.finding import Code
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.settings.table import SettingsTable, line_in_tables, nearest_key

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
                target_pattern(word, f"{self._named('targets')}", self._at("targets"))
                for word in self._words("targets")
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
