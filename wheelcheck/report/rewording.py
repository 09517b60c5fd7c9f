"""Says a command anew with further options, each of which takes the place of what it contradicts; knows no command line parser.

Words are those of the command line contract: what stands alone after an option that takes a value belongs to that option.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from packaging.utils import canonicalize_name

from wheelcheck.options import OPTIONS

Piece = tuple[str, ...]
"""An option with its value, an option that takes none, or an input."""

# Those of a plan come first in the table: --platform names one there, and several for a check.
_BY_FLAG = {flag: option for option in reversed(OPTIONS.values()) for flag in option.flags}
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(?=$|[\s\[(<>=!~;@])")


def reworded(asked: Sequence[str], options: Sequence[str]) -> tuple[str, ...]:
    """The words of *asked* with those of *options* after them; what *options* says anew or again is taken out before.

    A ``--fix`` that was asked for goes too: these words say themselves what it stands for.
    """
    latest = {_slot(piece) or " ".join(piece): piece for piece in _iter_pieces(options)}
    added = tuple(latest.values())
    taken = {slot for piece in added if (slot := _slot(piece))}
    if taken & {"--platform", "--python"}:
        taken.add("--target")
    kept = [piece for piece in _iter_pieces(asked) if not _is_said_anew(piece, taken, added)]
    return tuple(word for piece in (*kept, *added) for word in piece)


def _is_said_anew(piece: Piece, taken: Iterable[str], added: Sequence[Piece]) -> bool:
    return piece in added or _slot(piece) in taken or piece[0].partition("=")[0] == "--fix"


def _iter_pieces(words: Sequence[str]) -> Iterator[Piece]:
    rest = iter(words)
    for word in rest:
        if word in _BY_FLAG and _BY_FLAG[word].takes_word:
            value = next(rest, None)
            yield (word, value) if value is not None else (word,)
        else:
            yield (word,)


def _slot(piece: Piece) -> str:
    """What only one piece of a command can say; empty where any number may."""
    word, _, attached = piece[0].partition("=") if piece[0].startswith("--") else (piece[0], "", "")
    option = _BY_FLAG.get(word)
    if option is None or not option.takes_word:
        return ""
    value = piece[1] if len(piece) > 1 else attached
    if option.per_project and (found := _NAME.match(value)):
        return f"{option.flag} {canonicalize_name(found[0])}"
    return "" if option.repeats else option.flag
