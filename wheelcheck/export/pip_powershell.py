"""Renders a plan as a script for PowerShell that runs pip; refuses to resolve anything on the user's machine."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wheelcheck.export.pip_steps import BUILT, PipCall, headline, iter_pip_calls, required_interpreter
from wheelcheck.export.shipment import Shipment
from wheelcheck.model.plan import Plan

_QUOTES = re.compile("['\u2018\u2019\u201a\u201b]")


def render(shipment: Shipment) -> str:
    """The script for *shipment*'s plan, for Windows PowerShell 5.1 and later; as :mod:`wheelcheck.export.pip_sh` otherwise.

    Raises ``UsageProblem`` for a plan that cannot be executed.
    """
    plan = shipment.plan
    calls = tuple(iter_pip_calls(plan))
    lines = [*_iter_start(plan), *(line for call in calls for line in _iter_call(call)), *_END]
    # PowerShell 5.1 reads a script without a byte order mark in the machine's own code page.
    return "\r\n".join(["\ufeff" + lines[0], *lines[1:]]) + "\r\n"


def _iter_start(plan: Plan) -> Iterator[str]:
    interpreter = required_interpreter(plan)
    yield f"# {headline(plan)}"
    yield "# $env:PYTHON names the interpreter; arguments go to every `pip install`, such as --target DIR."
    yield "$ErrorActionPreference = 'Stop'"
    yield "$Python = if ($env:PYTHON) { $env:PYTHON } else { 'python' }"
    yield "$Work = Join-Path ([IO.Path]::GetTempPath()) ([IO.Path]::GetRandomFileName())"
    yield "New-Item -ItemType Directory -Path $Work | Out-Null"
    yield "$Requirements = Join-Path $Work 'requirements.txt'"
    yield "$Built = Join-Path $Work 'built'"
    yield "try {"
    yield f'    & $Python -c "{interpreter.probe}"'
    wrong = f'"$Python is not Python {interpreter.version} for {interpreter.platform}"'
    yield f"    if ($LASTEXITCODE -ne 0) {{ [Console]::Error.WriteLine({wrong}); exit 2 }}"


def _iter_call(call: PipCall) -> Iterator[str]:
    yield ""
    yield f"    Write-Host {_quoted(call.title)}"
    # What pip reads must not start with a byte order mark, which Set-Content of PowerShell 5.1 would write.
    yield "    [IO.File]::WriteAllLines($Requirements, [string[]]@("
    yield ",\r\n".join(f"        {_quoted(line)}" for line in call.lines)
    yield "    ))"
    words = " ".join("$Built" if word == BUILT else _quoted(word) for word in call.arguments)
    more = " @args" if call.is_install else ""
    yield f"    & $Python -m pip --disable-pip-version-check {words} -r $Requirements{more}"
    yield "    if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }"


def _quoted(text: str) -> str:
    # PowerShell takes the typographic quotes for the plain one; each is itself where it stands twice.
    return "'" + _QUOTES.sub(r"\g<0>\g<0>", text) + "'"


_END = ("    Write-Host 'Done'", "}", "finally {", "    Remove-Item -Recurse -Force $Work", "}")
