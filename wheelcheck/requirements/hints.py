"""Guesses from a line that is no requirement what its writer meant; only for messages, nothing is decided by it."""

from __future__ import annotations

import re

_COMMANDS = ("pip install", "pip3 install", "python -m pip", "uv pip", "uv add", "poetry add")
_NAME = r"^[\w.\[\],-]+"
_MISTAKES = (
    (r"^[\[{]|^[\w-]+\s*=\s*[\"'\[{]", "this looks like TOML or JSON; is it a pyproject.toml under another name?"),
    (
        r"^(import|from|def|class)\s",
        "this looks like Python code; a script carries its requirements in a '# /// script' block (PEP 723)",
    ),
    (_NAME + r"\s*=\s*[\d*]", "a version is pinned with =="),
    (_NAME + r"\s*=[><!~]", "operators are ==, !=, <=, >=, <, >, ~= and ==="),
    (_NAME + r"\s+v?\d", "an operator such as == is missing between name and version"),
    (_NAME + r"(\s+[\w.-]+)+$", "one requirement per line"),
)


def hint_for_line(text: str) -> str:
    """What to write instead of *text*."""
    if text.startswith(_COMMANDS):
        return "write only what follows the command, one requirement per line"
    for pattern, hint in _MISTAKES:
        if re.match(pattern, text):
            return hint
    return 'write a requirement such as "name>=1.0" (PEP 508), an option, or a path'
