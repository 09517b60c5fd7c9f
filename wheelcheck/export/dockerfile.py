"""Renders a plan as lines of a Dockerfile that install its wheels; refuses targets that no container of Linux is."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from wheelcheck.errors import UsageProblem
from wheelcheck.export.pip_steps import BUILT, PipCall, headline, iter_pip_calls, required_interpreter
from wheelcheck.export.shipment import Shipment
from wheelcheck.model.plan import Plan

_WORK = "/tmp/wheelcheck"  # noqa: S108 - a folder in the image, gone when its layer ends


def render(shipment: Shipment) -> str:
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
    calls = tuple(iter_pip_calls(plan))
    return (
        "\n".join([*_iter_start(plan), *(line for call in calls for line in _iter_call(call, last=calls[-1]))]) + "\n"
    )


def _iter_start(plan: Plan) -> Iterator[str]:
    interpreter = required_interpreter(plan)
    flavour = "alpine" if "musllinux" in plan.target.platform else "slim"
    yield f"# {headline(plan)}"
    yield f"# FROM python:{interpreter.version}-{flavour}"
    yield f'RUN python3 -c "{interpreter.probe}" || \\'
    yield f'    {{ echo "this image is not Python {interpreter.version} for {interpreter.platform}" >&2; exit 2; }}'


def _iter_call(call: PipCall, *, last: PipCall) -> Iterator[str]:
    yield ""
    yield f"# {call.title}"
    words = [f"{_WORK}/{BUILT}" if word == BUILT else _quoted(word) for word in call.arguments]
    # An image has one user and one environment; pip need not warn of that.
    root = ["--root-user-action", "ignore"] if call.is_install else []
    command = ["python3 -m pip --disable-pip-version-check --no-cache-dir", *words, *root]
    pip = " ".join([*command, f"-r {_WORK}/requirements.txt"])
    # Built wheels stay until a later RUN installs them.
    clean = f" && rm -rf {_WORK}" if call is last else ""
    yield f"RUN mkdir -p {_WORK} && cat > {_WORK}/requirements.txt <<'END' && {pip}{clean}"
    yield from call.lines
    yield "END"


def _quoted(word: str) -> str:
    if "<<" in word:
        raise UsageProblem(f"{word!r} would begin a here-document", hint="plan with a folder of another name")
    return shlex.quote(word)
