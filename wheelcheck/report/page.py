"""Lays out text for a terminal: wraps it, cleans it, and colours it at the end.

Text enters through :class:`Page` only, which removes control characters (text of an index must not control the user's
terminal) and replaces characters that the stream cannot encode. rich is imported for colour alone.
"""

from __future__ import annotations

import functools
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from msgspec import Struct, field

from wheelcheck.texts.words import folded

Detail = Literal["brief", "full"]
Segment = tuple[str, str]
"""Some text and its style, in rich's words; an empty style is plain."""

_OF_ITS_OWN_SPELLING = re.compile(r"[a-z+]+://|[a-z][\w.-]*(\[[\w,.-]*\])? (\d|@ )")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_IN_ASCII = str.maketrans(
    {
        "→": "->",
        "…": "...",
        "✗": "x",
        "•": "-",
        "≥": ">=",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{MULTIPLICATION SIGN}": "x",
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    }
)
_GLUE = "\N{NO-BREAK SPACE}"
_CODE = re.compile(r"`[^`]{1,40}`")
"""Short code stays on one line."""
# A version stays with the word before it: "av" at the end of one line and "11.0.0" on the next reads as nonsense.
_BEFORE_VERSION = re.compile(r" (?=v?\d+(?:[.!]\d)\S*)")
_WIDEST = 120
"""Longer lines than this are hard to read, however wide the terminal."""
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def size_text(size: float) -> str:
    """*size* in bytes as a person reads it, in powers of a thousand, as traffic is priced: ``43 MB``, ``-1.5 kB``."""
    unit = 0
    while abs(size) >= 999.5 and unit < len(_UNITS) - 1:
        size /= 1000
        unit += 1
    return f"{size:.1f} {_UNITS[unit]}" if unit and abs(size) < 9.95 else f"{size:.0f} {_UNITS[unit]}"


def sentence(text: str) -> str:
    """*text* with a capital at its beginning, but where that is an address or a project with its version."""
    return text if _OF_ITS_OWN_SPELLING.match(text) else text[:1].upper() + text[1:]


def glued(text: str) -> str:
    """*text* in one piece, which wrapping does not break."""
    return text.replace(" ", _GLUE)


class Page(Struct, kw_only=True):
    """Lines for a terminal *width* columns wide whose stream has *encoding*."""

    width: int
    encoding: str = "ascii"
    lines: list[tuple[Segment, ...]] = field(default_factory=list)

    def clean(self, text: str) -> str:
        """*text* on one line, without control characters, in what the encoding has."""
        text = _CONTROL.sub(" ", text)
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            text = text.replace(_GLUE, " ").translate(_IN_ASCII)
            return text.encode(self.encoding, "backslashreplace").decode(self.encoding)
        return text

    def has(self, text: str) -> bool:
        """Whether the encoding has every character of *text*."""
        return self.clean(text) == text

    def blank(self) -> None:
        """Add an empty line, never two in a row and never the first."""
        if self.lines and self.lines[-1]:
            self.lines.append(())

    def line(self, *segments: Segment) -> None:
        """Add *segments* as one line, however long."""
        self.lines.append(tuple((self.clean(text), style) for text, style in segments))

    def heading(self, title: str, style: str = "bold") -> None:
        """Begin a part of the page: an empty line, and the *title* on a line of its own."""
        self.blank()
        self.line((f"  {title}", style))

    def bullets(self, texts: Iterable[str], lead: Segment = ("• ", "cyan")) -> None:
        """Add *texts* as a part of the page, each wrapped after *lead*; nothing for none."""
        for number, text in enumerate(texts):
            self.paragraph(text, lead=lead, indent=2, apart=number == 0)

    def paragraph(
        self, text: str, *, lead: Segment = ("", ""), indent: int = 0, style: str = "", apart: bool = False
    ) -> None:
        """Add *text*, wrapped, after *lead* and *indent* spaces; the following lines stand under the first word of *text*.

        One that stands *apart* has an empty line before it. Versions, names and paths given through :func:`glued` are never broken;
        what is longer than the line sticks out.
        """
        if apart:
            self.blank()
        label = self.clean(lead[0])
        hang = indent + len(label)
        for number, part in enumerate(self._wrapped(text, hang)):
            head: tuple[Segment, ...] = ((" " * hang, ""),)
            if number == 0:
                head = ((" " * indent, ""), (label, lead[1]))
            self.lines.append((*head, (part, style)))

    def labelled(self, label: str, text: str, *, indent: int = 4, bullet: str = "", style: str = "") -> None:
        """Add *text*, wrapped, after *label* in a column of its own, and *bullet*."""
        self.paragraph(text, lead=(label.ljust(11) + bullet, "dim"), indent=indent, style=style)

    def listing(self, words: Sequence[str], *, rows: int, lead: Segment = ("", ""), indent: int = 0) -> None:
        """Add *words* with commas on at most *rows* lines; those that find no room are counted (``and 12 more``)."""
        hang = indent + len(self.clean(lead[0]))
        pieces = [glued(word) for word in words]
        # No word with its comma takes fewer than three columns, so longer lists need not be tried whole.
        most = min(len(pieces), rows * self.width // 3)
        while most > 1 and len(self._wrapped(folded(pieces, most), hang)) > rows:
            most -= 1
        self.paragraph(folded(pieces, most), lead=lead, indent=indent)

    def _wrapped(self, text: str, hang: int) -> list[str]:
        room = max(min(self.width, _WIDEST) - hang, 20)
        # Cleaned before it is measured: an arrow in ASCII takes two columns.
        text = _CODE.sub(lambda code: glued(code[0]), _BEFORE_VERSION.sub(_GLUE, text))
        pieces = [self.clean(piece) for piece in text.split(" ")]
        sentence = " ".join(piece.replace(" ", _GLUE) for piece in pieces)
        wrapped = textwrap.wrap(sentence, room, break_long_words=False, break_on_hyphens=False) or [""]
        return [part.replace(_GLUE, " ") for part in wrapped]

    def columns(
        self, rows: Iterable[Sequence[str | Segment]], *, indent: int = 0, header: Sequence[str], cut: int = -1
    ) -> None:
        """Add *rows* as a table under *header*; the column *cut* is cut at the width, the others never."""
        segments = ([(cell, "") if isinstance(cell, str) else cell for cell in row] for row in rows)
        table = [
            [(self.clean(text), style) for text, style in row]
            for row in ([(word, "bold") for word in header], *segments)
        ]
        widths = [max(len(row[column][0]) for row in table) for column in range(len(header))]
        others = sum(widths) - widths[cut] + 2 * (len(widths) - 1)
        widths[cut] = min(widths[cut], max(self.width - indent - others, 10))
        for row in table:
            line: list[Segment] = [(" " * indent, "")]
            for (text, style), width in zip(row, widths, strict=True):
                shown = text if len(text) <= width else _cut(text, width)
                line.append((shown if len(line) == len(row) else shown.ljust(width + 2), style))
            self.lines.append(tuple(line))

    def plain(self) -> str:
        """The page without any escape code, each line ending in a newline."""
        return "".join("".join(text for text, _ in line).rstrip() + "\n" for line in self.lines)

    def coloured(self) -> str:
        """The page with the escape codes of its styles; imports rich (50 ms)."""
        from io import StringIO

        from rich.console import Console
        from rich.text import Text

        console = Console(
            file=StringIO(),
            # Lines are laid out already; rich must not wrap them again.
            width=10_000,
            force_terminal=True,
            color_system="standard",
            legacy_windows=False,
            no_color=False,
            highlight=False,
            markup=False,
            emoji=False,
        )
        with console.capture() as captured:
            for line in self.lines:
                console.print(Text.assemble(*line), soft_wrap=True)
        return captured.get()


def _cut(text: str, width: int) -> str:
    """*text* with ``...`` for what has no room, after a whole item where it has several."""
    head = text[: width - 3]
    whole, comma, _ = head.rpartition(", ")
    return f"{whole}, ..." if comma and len(whole) + 5 <= width else head.rstrip(", ") + "..."


def on_page(encoding: str) -> Callable[[Callable[..., None]], Callable[..., str]]:
    """Make of a function that draws an answer on a page, in some detail, the one that renders the answer for a terminal.

    That one takes the answer and how to show it: *width* in columns (80 are enough), *color* (without it there are no escape
    codes), the *encoding* of the stream, this one where it is not said (arrows and marks are ASCII where it has no others), and
    *detail*: ``brief`` folds what goes beyond one screen, ``full`` shows everything. Its text ends in a newline.
    """

    def decorated(draw: Callable[..., None]) -> Callable[..., str]:
        @functools.wraps(draw)
        def render(
            answer: object,
            *,
            width: int = 80,
            color: bool = False,
            encoding: str = encoding,
            detail: Detail = "brief",
            **more: Any,  # noqa: ANN401 - what the function takes besides
        ) -> str:
            page = Page(width=width, encoding=encoding)
            draw(page, answer, detail, **more)
            return page.coloured() if color else page.plain()

        return render

    return decorated
