"""Renders a plan as a script for sh (POSIX) that runs pip; refuses to resolve anything on the user's machine."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from wheelcheck.export.pip_steps import BUILT, PipCall, headline, iter_pip_calls, required_interpreter
from wheelcheck.export.shipment import Shipment
from wheelcheck.model.plan import Plan


def render(shipment: Shipment) -> str:
    """The script for *shipment*'s plan: ``PYTHON`` names the interpreter, arguments go to every ``pip install``.

    Raises ``UsageProblem`` for a plan that cannot be executed.
    """
    plan = shipment.plan
    calls = tuple(iter_pip_calls(plan))
    return "\n".join([*_iter_start(plan), *(line for call in calls for line in _iter_call(call)), *_END]) + "\n"


def _iter_start(plan: Plan) -> Iterator[str]:
    interpreter = required_interpreter(plan)
    yield "#!/bin/sh"
    yield f"# {headline(plan)}"
    yield "# PYTHON names the interpreter; arguments go to every `pip install`, such as --target DIR."
    yield "set -eu"
    yield 'PYTHON=${PYTHON:-python3}'  # fmt: skip
    yield 'WORK=$(mktemp -d)'  # fmt: skip
    yield "trap 'rm -rf \"$WORK\"' EXIT"
    yield "trap 'exit 130' INT"
    yield ""
    yield f'if ! "$PYTHON" -c "{interpreter.probe}"; then'
    yield f'    echo "$PYTHON is not Python {interpreter.version} for {interpreter.platform}" >&2'
    yield "    exit 2"
    yield "fi"


def _iter_call(call: PipCall) -> Iterator[str]:
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


_END = ("", "echo Done")
