"""A rule on the user's markers: those that ask for a value which no platform has, so that they hold nowhere or everywhere.

``requirements → comparisons → Finding``. Markers in metadata are not judged: the user cannot mend them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from packaging.markers import Marker

from wheelcheck.findings.context import Diagnosis
from wheelcheck.model.finding import Code, Finding

if TYPE_CHECKING:
    from wheelcheck.model.knowledge import MarkerValues

_OPERATOR = r"(?:[<>=!~]+|in|not in)"
_COMPARISON = re.compile(
    rf'\b(?P<variable>\w++) (?P<forward>{_OPERATOR}) "(?P<value>[^"]*)"|"(?P<first>[^"]*)" (?P<back>{_OPERATOR}) (?P<second>\w+)'
)
# python_version is "3.11": a patch release equals none of its values (PEP 508), "3.11.0" being the same version.
_JUDGED = ("==", "!=", "in", "not in")
_PATCH = re.compile(r"\d+\.\d+\.[1-9]\d*")


class _Comparison(Struct, frozen=True, kw_only=True):
    """One comparison of a marker as written, and the value meant by what no platform has; ``meant`` is empty where none is known.

    ``holds_always`` says that it holds everywhere; otherwise it holds nowhere.
    """

    text: str
    value: str
    meant: str
    holds_always: bool


def find_idle_markers(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Requirements and constraints of the user whose marker asks for what no platform has."""
    for stated in (*diagnosis.requirements, *diagnosis.constraints):
        if stated.marker is None:
            continue
        faults = _faults(stated.marker, diagnosis.marker_values)
        for fault in (
            faults if _holds_nowhere(stated.marker, faults) else [each for each in faults if each.holds_always]
        ):
            how = "holds on every target" if fault.holds_always else "holds on no target"
            meant = f'; "{fault.meant}" is meant' if fault.meant else ""
            yield Finding.of(
                Code.MARKER_IDLE,
                package=stated.name,
                message=f'{stated.origin}: {fault.text} {how}, because it is never "{fault.value}"{meant}',
                evidence=(f"the requirement is {stated}",),
            )


def _faults(marker: Marker, values: Mapping[str, MarkerValues]) -> list[_Comparison]:
    """The comparisons of *marker* with what their variable never is."""
    found = (_fault(matched, values) for matched in _COMPARISON.finditer(str(marker)))
    return [each for each in found if each is not None]


def _fault(matched: re.Match[str], values: Mapping[str, MarkerValues]) -> _Comparison | None:
    variable, value = matched["variable"] or matched["second"], matched["value"] or matched["first"] or ""
    operator, is_back = matched["forward"] or matched["back"], matched["back"] is not None
    negated = operator in ("!=", "not in")
    if variable == "python_version" and operator in ("==", "!=") and _PATCH.fullmatch(value):
        return _Comparison(
            text=matched[0], value=value, meant=f"python_full_version {operator} {value}", holds_always=negated
        )
    known = values.get(variable)
    if known is None or operator not in _JUDGED or _is_had(value, known, operator, is_back=is_back):
        return None
    meant = known.meant.get(value, "")
    if negated and not meant:
        return None  # a platform that nobody lists may well be excluded
    return _Comparison(text=matched[0], value=value, meant=meant, holds_always=negated)


def _is_had(value: str, known: MarkerValues, operator: str, *, is_back: bool) -> bool:
    """Whether some platform makes the comparison with *value* true, or false where it is negated."""
    if "in" not in operator:
        return value in known.known or (not known.known and value not in known.meant)
    if is_back:  # "win" in sys_platform
        return not known.known or any(value in each for each in known.known)
    return not known.known or any(each in value for each in known.known)  # sys_platform in "linux darwin"


def _holds_nowhere(marker: Marker, faults: list[_Comparison]) -> bool:
    """Whether *faults* leave nothing of *marker*: where one side of an ``or`` never holds, the other may."""
    never = {fault.text for fault in faults if not fault.holds_always}

    def stand_in(matched: re.Match[str]) -> str:
        return 'os_name == "never"' if matched[0] in never else 'os_name == "maybe"'

    return bool(never) and not Marker(_COMPARISON.sub(stand_in, str(marker))).evaluate({"os_name": "maybe"})
