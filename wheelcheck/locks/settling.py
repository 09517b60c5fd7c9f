"""Whether a lock's marker holds on a target for the extras and groups that were chosen; remembers each answer.

A lock's markers name extras in ways that one ``extra`` cannot answer: several may be chosen at once (``extra == "a" and
extra == "b"``), PEP 751 has ``"a" in extras``. These comparisons are settled first, and what is left is asked of the target.
"""

from __future__ import annotations

import functools
import re

from packaging.markers import Marker
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.targets.fitting import Compatibility

_TRUE, _FALSE = 'python_version >= "0"', 'python_version < "0"'
_QUOTED = r"""(?:"(?P<{0}>[^"]*)"|'(?P<{0}2>[^']*)')"""
_EXTRA = re.compile(
    rf"\bextra\s*(?P<op>==|!=)\s*{_QUOTED.format('right')}|{_QUOTED.format('left')}\s*(?P<op2>==|!=)\s*extra\b(?!s)"
)
_MEMBER = re.compile(rf"{_QUOTED.format('word')}\s+(?P<no>not\s+)?in\s+(?P<set>extras|dependency_groups)\b")


class Settling:
    """Answers for one target: *extras* as the words that ``extra ==`` may name, *groups* likewise.

    Keyed by the marker object, which the readers share between equal markers: writing a marker out costs more than looking it up.
    """

    def __init__(
        self, compatibility: Compatibility, extras: frozenset[NormalizedName], groups: frozenset[NormalizedName]
    ) -> None:
        self._compatibility = compatibility
        self._extras = extras
        self._groups = groups
        self._known: dict[int, tuple[Marker, bool]] = {}

    def holds(self, marker: Marker | None) -> bool:
        """Whether *marker* holds; ``None`` always does."""
        if marker is None:
            return True
        known = self._known.get(id(marker))
        if known is None:
            # The marker is kept with the answer, so that its identity is not given to another.
            known = self._known[id(marker)] = (marker, self._answer(marker))
        return known[1]

    def _answer(self, marker: Marker) -> bool:
        text = str(marker)
        if "extra" in text or "dependency_groups" in text:
            settled = _EXTRA.sub(self._one, _MEMBER.sub(self._member, text))
            marker = _marker(settled)
        return self._compatibility.evaluate(marker).holds

    def _one(self, found: re.Match[str]) -> str:
        word = next((found[key] for key in ("right", "right2", "left", "left2") if found[key] is not None), "")
        is_chosen = canonicalize_name(word) in self._extras
        return _TRUE if is_chosen == ((found["op"] or found["op2"]) == "==") else _FALSE

    def _member(self, found: re.Match[str]) -> str:
        word = canonicalize_name(found["word"] if found["word"] is not None else found["word2"])
        is_chosen = word in (self._extras if found["set"] == "extras" else self._groups)
        return _TRUE if is_chosen == (found["no"] is None) else _FALSE


@functools.lru_cache(maxsize=5_000)
def _marker(text: str) -> Marker:
    return Marker(text)
