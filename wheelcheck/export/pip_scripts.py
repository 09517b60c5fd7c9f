"""Renders a plan as calls of pip: a script for sh, PowerShell or the command prompt of Windows, or lines of a Dockerfile.

Each carries out the calls of ``pip_steps.py`` and stops at the first failure; nothing is resolved on the user's machine.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator

from msgspec.structs import asdict

from wheelcheck.errors import UsageProblem
from wheelcheck.export.pip_steps import BUILT, PipCall, headline, iter_pip_calls, required_interpreter
from wheelcheck.export.shipment import Shipment, filled
from wheelcheck.model.plan import Plan

# PowerShell takes the typographic quotes for the plain one.
_QUOTES = re.compile("['\u2018\u2019\u201a\u201b]")
_SPECIAL = re.compile(r'[&|<>^()"]')
_SEPARATORS = re.compile(r"[&|<>^() ,;=]")
_LONGEST_TITLE = 500
_LONGEST = 8000  # characters of one line; cmd.exe reads 8191
_FOLDER = "/tmp/wheelcheck"  # noqa: S108 - a folder in the image, gone when its layer ends


def render_sh(shipment: Shipment) -> str:
    """The script for *shipment*'s plan: ``PYTHON`` names the interpreter, arguments go to every ``pip install``.

    Raises ``UsageProblem`` for a plan that cannot be executed.
    """
    return _script(shipment.plan, "pip_sh.txt", _iter_sh_call)


def _script(plan: Plan, template: str, call: Callable[[PipCall], Iterable[str]], **words: str) -> str:
    """The *template* filled with what the target of *plan* requires, *words*, and the lines of each *call* of pip."""
    # Every call is made before a line is written: a plan that cannot be executed is refused first.
    calls = tuple(iter_pip_calls(plan))
    return filled(
        template,
        **words,
        headline=headline(plan),
        **asdict(required_interpreter(plan)),
        calls="".join(f"{line}\n" for each in calls for line in call(each)),
    )


def _iter_sh_call(call: PipCall) -> Iterator[str]:
    yield ""
    # echo of some shells reads backslashes in what it prints.
    yield f"printf '%s\\n' {shlex.quote(call.title)}"
    yield "cat > \"$WORK/requirements.txt\" <<'END'"
    yield from call.lines
    yield "END"
    words = ('"$WORK/built"' if word == BUILT else shlex.quote(word) for word in call.arguments)
    yield " ".join(
        [
            '"$PYTHON" -m pip --disable-pip-version-check',
            *words,
            '-r "$WORK/requirements.txt"',
            *(['"$@"'] if call.is_install else []),
        ]
    )


def render_powershell(shipment: Shipment) -> str:
    """The script for *shipment*'s plan, for Windows PowerShell 5.1 and later; as :func:`render_sh` otherwise.

    Raises ``UsageProblem`` for a plan that cannot be executed.
    """
    # PowerShell 5.1 reads a script without a byte order mark in the machine's own code page.
    return "\ufeff" + _script(shipment.plan, "pip_powershell.txt", _iter_powershell_call).replace("\n", "\r\n")


def _iter_powershell_call(call: PipCall) -> Iterator[str]:
    yield ""
    yield f"    Write-Host {_powershell_quoted(call.title)}"
    # pip reads no byte order mark, which Set-Content of PowerShell 5.1 would write.
    yield "    [IO.File]::WriteAllLines($Requirements, [string[]]@("
    yield ",\n".join(f"        {_powershell_quoted(line)}" for line in call.lines)
    yield "    ))"
    words = " ".join("$Built" if word == BUILT else _powershell_quoted(word) for word in call.arguments)
    more = " @args" if call.is_install else ""
    yield f"    & $Python -m pip --disable-pip-version-check {words} -r $Requirements{more}"
    yield "    if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }"


def _powershell_quoted(text: str) -> str:
    # A doubled quote is a literal one.
    return "'" + _QUOTES.sub(r"\g<0>\g<0>", text) + "'"


def render_cmd(shipment: Shipment) -> str:
    """The script for *shipment*'s plan, in ASCII with CRLF; as :func:`render_sh` otherwise.

    Raises ``UsageProblem`` for a plan that cannot be executed, and for text that the command prompt cannot read.
    """
    script = _script(shipment.plan, "pip_cmd.txt", _iter_cmd_call)
    for line in script.splitlines():
        if len(line) > _LONGEST or not line.isascii():
            raise UsageProblem(
                f"the command prompt cannot read the line {line[:60]!r}…",
                hint="use --to pip-powershell, which has no such limits",
            )
    return script.replace("\n", "\r\n")


def _iter_cmd_call(call: PipCall) -> Iterator[str]:
    # A title is shown in the characters that the prompt has.
    yield f"echo {_cmd_escaped(call.title[:_LONGEST_TITLE].encode('ascii', 'replace').decode())}"
    for number, line in enumerate(call.lines):
        # The redirection comes first: a digit before it would be taken for a stream.
        yield f'{">" if number == 0 else ">>"}"%WORK%\\requirements.txt" echo {_cmd_escaped(line)}'
    words = " ".join('"%WORK%\\built"' if word == BUILT else _cmd_quoted(word) for word in call.arguments)
    more = " %*" if call.is_install else ""
    yield f'"%PYTHON%" -m pip --disable-pip-version-check {words} -r "%WORK%\\requirements.txt"{more}'
    yield 'set "STATUS=%ERRORLEVEL%"'
    yield 'if not "%STATUS%"=="0" goto end'


def _cmd_escaped(text: str) -> str:
    """*text* outside quotes: operators and quotes are escaped, and a percent sign is doubled."""
    return _SPECIAL.sub(r"^\g<0>", text).replace("%", "%%")


def _cmd_quoted(word: str) -> str:
    if '"' in word:
        raise UsageProblem(f"the command prompt cannot quote {word!r}", hint="use --to pip-powershell")
    plain = word.replace("%", "%%")
    return f'"{plain}"' if _SEPARATORS.search(word) else plain


def render_dockerfile(shipment: Shipment) -> str:
    """The lines for *shipment*'s plan, to stand in a Dockerfile (BuildKit) after its FROM; a FROM that fits is shown as a comment.

    Each call of pip is a RUN with its requirements as a here-document, so the build needs no file beside it, and its layer is
    cached until the plan changes. Raises ``UsageProblem`` for other targets than Linux and for a plan that cannot be executed.
    """
    plan = shipment.plan
    if plan.target.markers.get("sys_platform") != "linux":
        raise UsageProblem(
            f"the plan is for {plan.target}, and a container of Linux runs nothing of it",
            hint="plan with --platform linux (or alpine), and export again",
        )
    flavour = "alpine" if "musllinux" in plan.target.platform else "slim"
    calls = tuple(iter_pip_calls(plan))
    return _script(plan, "pip_dockerfile.txt", lambda call: _iter_run(call, is_last=call == calls[-1]), flavour=flavour)


def _iter_run(call: PipCall, *, is_last: bool) -> Iterator[str]:
    yield ""
    yield f"# {call.title}"
    words = [f"{_FOLDER}/{BUILT}" if word == BUILT else _dockerfile_quoted(word) for word in call.arguments]
    # An image has one user and one environment; pip need not warn of that.
    root = ["--root-user-action", "ignore"] if call.is_install else []
    command = ["python3 -m pip --disable-pip-version-check --no-cache-dir", *words, *root]
    pip = " ".join([*command, f"-r {_FOLDER}/requirements.txt"])
    # Built wheels stay until a later RUN installs them.
    clean = f" && rm -rf {_FOLDER}" if is_last else ""
    yield f"RUN mkdir -p {_FOLDER} && cat > {_FOLDER}/requirements.txt <<'END' && {pip}{clean}"
    yield from call.lines
    yield "END"


def _dockerfile_quoted(word: str) -> str:
    if "<<" in word:
        raise UsageProblem(f"{word!r} would begin a here-document", hint="plan with a folder of another name")
    return shlex.quote(word)
