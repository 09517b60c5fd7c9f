"""Renders a plan as a script for the command prompt of Windows that runs pip; refuses to resolve anything on the user's machine."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wheelcheck.errors import UsageProblem
from wheelcheck.export.pip_steps import BUILT, PipCall, headline, iter_pip_calls, required_interpreter
from wheelcheck.export.shipment import Shipment
from wheelcheck.model.plan import Plan

_SPECIAL = re.compile(r'[&|<>^()"]')
_SEPARATORS = re.compile(r"[&|<>^() ,;=]")
_LONGEST_TITLE = 500
_LONGEST = 8000  # characters of one line; cmd.exe reads 8191


def render(shipment: Shipment) -> str:
    """The script for *shipment*'s plan, in ASCII with CRLF; as :mod:`wheelcheck.export.pip_sh` otherwise.

    Raises ``UsageProblem`` for a plan that cannot be executed, and for text that the command prompt cannot read.
    """
    plan = shipment.plan
    calls = tuple(iter_pip_calls(plan))
    lines = [*_iter_start(plan), *(line for call in calls for line in _iter_call(call)), *_END]
    for line in lines:
        if len(line) > _LONGEST or not line.isascii():
            raise UsageProblem(
                f"the command prompt cannot read the line {line[:60]!r}…",
                hint="use --to pip-powershell, which has no such limits",
            )
    return "\r\n".join(lines) + "\r\n"


def _iter_start(plan: Plan) -> Iterator[str]:
    interpreter = required_interpreter(plan)
    yield "@echo off"
    yield f"rem {headline(plan)}"
    yield "rem PYTHON names the interpreter; arguments go to every pip install, such as --target DIR."
    yield "setlocal DisableDelayedExpansion"
    yield 'if not defined PYTHON set "PYTHON=python"'
    yield 'set "WORK=%TEMP%\\wheelcheck-%RANDOM%%RANDOM%"'
    yield 'mkdir "%WORK%"'
    yield "if errorlevel 1 exit /b 3"
    yield f'"%PYTHON%" -c "{interpreter.probe}"'
    yield "if not errorlevel 1 goto right"
    yield f'echo "%PYTHON%" is not Python {interpreter.version} for {interpreter.platform} 1>&2'
    yield 'set "STATUS=2"'
    yield "goto end"
    yield ":right"
    yield 'set "STATUS=0"'


def _iter_call(call: PipCall) -> Iterator[str]:
    # What is only told is told in the characters that the prompt has.
    yield f"echo {_escaped(call.title[:_LONGEST_TITLE].encode('ascii', 'replace').decode())}"
    for number, line in enumerate(call.lines):
        # The redirection comes first: a digit before it would be taken for a stream.
        yield f'{">" if number == 0 else ">>"}"%WORK%\\requirements.txt" echo {_escaped(line)}'
    words = " ".join('"%WORK%\\built"' if word == BUILT else _quoted(word) for word in call.arguments)
    more = " %*" if call.is_install else ""
    yield f'"%PYTHON%" -m pip --disable-pip-version-check {words} -r "%WORK%\\requirements.txt"{more}'
    yield 'set "STATUS=%ERRORLEVEL%"'
    yield 'if not "%STATUS%"=="0" goto end'


def _escaped(text: str) -> str:
    """*text* outside quotes: operators and quotes are escaped, and a percent sign is doubled."""
    return _SPECIAL.sub(r"^\g<0>", text).replace("%", "%%")


def _quoted(word: str) -> str:
    if '"' in word:
        raise UsageProblem(f"the command prompt cannot quote {word!r}", hint="use --to pip-powershell")
    plain = word.replace("%", "%%")
    return f'"{plain}"' if _SEPARATORS.search(word) else plain


_END = ("echo Done", ":end", 'rmdir /s /q "%WORK%"', "exit /b %STATUS%")
