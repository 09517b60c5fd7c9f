"""Text of packages inside Markdown: shown as it is, never as markup, HTML, a table's edge or a mention of somebody."""

from __future__ import annotations

import re

from wheelcheck.report.check.plaintext import flat

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#~$])")
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"})
_MENTION = re.compile(r"@(?=\w)")
_LEADING = re.compile(r"^(\s*)([-+=]|\d+\.)(?=\s|$|-|=)")
_TICKS = re.compile(r"`+")


def escaped(text: str) -> str:
    """*text* on one line with all of Markdown's and HTML's own characters escaped; nobody is notified by an ``@`` in it."""
    line = _SPECIAL.sub(r"\\\1", flat(text)).translate(_HTML)
    line = _LEADING.sub(lambda found: f"{found[1]}{found[2][:-1]}\\{found[2][-1]}", line)
    # GitHub looks for names after it has undone the escapes, but a comment keeps the two apart.
    return _MENTION.sub("@<!-- -->", line)


def code_span(text: str) -> str:
    """*text* as inline code; not for a table, where a bar ends even code."""
    line = flat(text).strip() or " "
    ticks = "`" * (1 + max((len(run) for run in _TICKS.findall(line)), default=0))
    # A space beside the fence belongs to the fence, where the text itself begins or ends with a tick.
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def code_block(text: str) -> str:
    """*text*, one line, as a fenced block of shell code."""
    line = flat(text)
    fence = "`" * max(3, 1 + max((len(run) for run in _TICKS.findall(line)), default=0))
    return f"{fence}sh\n{line}\n{fence}"
