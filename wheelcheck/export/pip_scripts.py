"""Renders a plan as calls of pip: a script for sh, PowerShell or the command prompt of Windows, or lines of a Dockerfile.

Each carries out the same calls and stops at the first failure; nothing is resolved on the user's machine. pip takes one index for
all that a call installs, and wants hashes for everything or nothing. So each phase of the plan is cut by index, and what was built
from source on the way, whose hash nobody knows beforehand, is installed by a call of its own.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import (
    PIP_HASHES,
    ReadyPackage,
    Shipment,
    fetch_options,
    filled,
    iter_ready,
    one_line,
    pinned,
    refuse_unhashed,
    safe_address,
)
from wheelcheck.model.distribution import Installability
from wheelcheck.model.plan import BuilderPhase, Plan
from wheelcheck.model.urls import is_default_index
from wheelcheck.texts.words import counted, grouped

_BUILT = "built"
"""The folder, relative to where a script works, that takes the wheels that are built once."""
# PowerShell takes the typographic quotes for the plain one.
_QUOTES = re.compile("['\u2018\u2019\u201a\u201b]")
_SPECIAL = re.compile(r'[&|<>^()"]')
_SEPARATORS = re.compile(r"[&|<>^() ,;=]")
_LONGEST_TITLE = 500
_LONGEST = 8000  # characters of one line; cmd.exe reads 8191
_FOLDER = "/tmp/wheelcheck"  # noqa: S108 - a folder in the image, gone when its layer ends


class PipCall(Struct, frozen=True, kw_only=True):
    """One call of pip: ``pip arguments… -r FILE``, with ``lines`` in that file; ``title`` is the text for the user.

    An argument that names the folder of built wheels is :data:`_BUILT`. ``is_install`` is false for a build.
    """

    title: str
    arguments: tuple[str, ...]
    lines: tuple[str, ...]
    is_install: bool


def render_sh(shipment: Shipment) -> str:
    """The script for *shipment*'s plan: ``PYTHON`` names the interpreter, arguments go to every ``pip install``.

    Raises ``UsageProblem`` for a plan that cannot be executed.
    """
    return _script(shipment.plan, "pip_sh.txt", _iter_sh_call)


def _script(plan: Plan, template: str, call: Callable[[PipCall], Iterable[str]], **words: str) -> str:
    """The *template* filled with what the target of *plan* requires, *words*, and the lines of each *call* of pip."""
    # Every call is made before a line is written: a plan that cannot be executed is refused first.
    calls, packages = tuple(iter_pip_calls(plan)), counted(len(plan.packages), "package")
    return filled(
        template,
        **words,
        headline=f"Made by wheelcheck: installs {packages} for {plan.target}, and for no other.",
        **_required_interpreter(plan),
        calls="".join(f"{line}\n" for each in calls for line in call(each)),
    )


def _iter_sh_call(call: PipCall) -> Iterator[str]:
    yield ""
    # echo of some shells reads backslashes in what it prints.
    yield f"printf '%s\\n' {shlex.quote(call.title)}"
    yield "cat > \"$WORK/requirements.txt\" <<'END'"
    yield from call.lines
    yield "END"
    words = ('"$WORK/built"' if word == _BUILT else shlex.quote(word) for word in call.arguments)
    more = ['"$@"'] if call.is_install else []
    pip = '"$PYTHON" -m pip --disable-pip-version-check'
    yield " ".join([pip, *words, '-r "$WORK/requirements.txt"', *more])


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
    words = " ".join("$Built" if word == _BUILT else _powershell_quoted(word) for word in call.arguments)
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
    words = " ".join('"%WORK%\\built"' if word == _BUILT else _cmd_quoted(word) for word in call.arguments)
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
    words = [f"{_FOLDER}/{_BUILT}" if word == _BUILT else _dockerfile_quoted(word) for word in call.arguments]
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


def _required_interpreter(plan: Plan) -> dict[str, str]:
    """The words of the interpreter that the target of *plan* requires; ``probe`` is Python code that exits 0 on it.

    The probe has no double quote, ``$``, ``%``, ``!`` or backslash.
    """
    markers = plan.target.markers
    series = (plan.target.python_full.major, plan.target.python_full.minor)
    machine = markers.get("platform_machine", "").lower()
    wanted = (series, markers.get("sys_platform", ""), machine, markers.get("implementation_name", "cpython"))
    found = "(sys.version_info[:2], sys.platform, platform.machine().lower(), sys.implementation.name)"
    return {
        "version": f"{series[0]}.{series[1]}",
        "platform": plan.target.platform,
        "probe": f"import platform, sys; sys.exit({found} != {wanted!r})",
    }


def iter_pip_calls(plan: Plan) -> Iterator[PipCall]:
    """The calls that carry out the phases of *plan*, in order; raises ``UsageProblem`` when it is not executable."""
    ready = {entry.package.name: entry for entry in iter_ready(plan, PIP_HASHES, takes_several=True)}
    links = frozenset(safe_address(place) for place in plan.options.find_links)
    for phase in plan.phases:
        entries = [ready[name] for name in phase.packages]
        if phase.kind == "build-once":
            for entry in entries:
                yield _build(entry, links)
        else:
            yield from _iter_installs(phase, entries, links)


def _build(entry: ReadyPackage, links: frozenset[str]) -> PipCall:
    package = entry.package
    # By name: `:all:` would have the tools that build it built from source too.
    words = ("wheel", "--no-deps", "--no-binary", package.name, "--require-hashes", *_index(entry, links))
    return PipCall(
        title=f"Building {package.name} {package.version} once, from source",
        arguments=(*words, "-w", _BUILT),
        lines=(_line(entry),),
        is_install=False,
    )


def _iter_installs(phase: BuilderPhase, entries: Iterable[ReadyPackage], links: frozenset[str]) -> Iterator[PipCall]:
    entries = tuple(entries)
    built = [entry for entry in entries if entry.package.installability is not Installability.WHEEL]
    fetched = grouped((entry for entry in entries if entry not in built), lambda entry: _index(entry, links))
    bare = ("--no-deps",) if phase.no_deps else ()
    why = f": {one_line(phase.reason)}" if phase.reason else ""
    for index, group in fetched.items():
        yield PipCall(
            title=f"Installing {counted(len(group), 'package')}{f' from {index[-1]}' if index else ''}{why}",
            arguments=("install", *bare, "--only-binary", ":all:", "--require-hashes", *index),
            lines=tuple(_line(entry) for entry in group),
            is_install=True,
        )
    if built:
        yield PipCall(
            title=f"Installing {counted(len(built), 'package')} built from source{why}",
            arguments=("install", *bare, "--no-index", "--find-links", _BUILT),
            lines=tuple(f"{entry.package.name}=={entry.package.version}" for entry in built),
            is_install=True,
        )


def _index(entry: ReadyPackage, links: frozenset[str]) -> tuple[str, ...]:
    """The options that lead pip to the place of *entry*'s file and to no other; none for the default index and for URLs.

    *links* are the places that are folders or pages of files rather than indexes.
    """
    place = safe_address(entry.file.index or "")
    if entry.package.direct or not place or is_default_index(place):
        return ()
    return ("--no-index", "--find-links", place) if place in links else ("--index-url", place)


def _line(entry: ReadyPackage) -> str:
    strongest = next(algorithm for algorithm in PIP_HASHES if algorithm in dict(entry.hashes))
    hashes = (f"--hash={name}:{digest}" for name, digest in entry.hashes if name == strongest)
    return f"{pinned(entry.package)} {' '.join(hashes)}"


_RUNNERS = {
    ("win32", "amd64"): ("windows-2025", "x64"),
    ("win32", "arm64"): ("windows-11-arm", "arm64"),
    ("win32", "x86"): ("windows-2025", "x86"),
    ("linux", "x86_64"): ("ubuntu-22.04", "x64"),
    ("linux", "aarch64"): ("ubuntu-22.04-arm", "arm64"),
    ("darwin", "arm64"): ("macos-15", "arm64"),
    ("darwin", "x86_64"): ("macos-15-intel", "x64"),
}
"""The hosted machine and setup-python's architecture for ``sys_platform`` and ``platform_machine``."""
_FLOOR = """\
# The Python that setup-python brings runs on Ubuntu 22.04 (glibc 2.35) and newer, and so will the bundle: plan with
# --platform manylinux_2_35_…, or let RUNTIME below name one that was built for older systems.
"""


def render_github_actions(shipment: Shipment) -> str:
    """The workflow for *shipment*'s plan, which lies at ``plan_path`` in the repository; a tag makes a release of it.

    The hash of the plan file is in the workflow, so that another plan needs another workflow, and a review. Raises ``UsageProblem``
    for targets that no hosted machine is, for a plan that cannot be executed, and for files without a hash.
    """
    plan = shipment.plan
    refuse_unhashed(plan)
    machine, architecture = _runner(plan)
    series = f"{plan.target.python_full.major}.{plan.target.python_full.minor}"
    free_threaded = "t" if any(tag[1].endswith("t") for tag in plan.target.tags[:1]) else ""
    return filled(
        "github_actions.txt",
        target=str(plan.target),
        title=_quoted(f"bundle {shipment.title}"),
        plan=_quoted(shipment.plan_path),
        plan_sha256=_quoted(shipment.plan_sha256),
        name=_quoted(_file_name(shipment)),
        floor=_FLOOR if plan.target.markers.get("sys_platform") == "linux" else "",
        machine=machine,
        architecture=architecture,
        python=f"{series}{free_threaded}",
        fetch_options=fetch_options(plan),
    )


def _runner(plan: Plan) -> tuple[str, str]:
    markers = plan.target.markers
    found = _RUNNERS.get((markers.get("sys_platform", ""), markers.get("platform_machine", "").lower()))
    if found is None or "musllinux" in plan.target.platform or plan.target.implementation != "cpython":
        raise UsageProblem(
            f"no hosted machine is {plan.target}",
            hint="use --to dockerfile for Alpine, or run `wheelcheck bundle` in a workflow of your own",
        )
    return found


def _file_name(shipment: Shipment) -> str:
    """The program's name as files may be called that ``wheelcheck bundle`` makes."""
    name = re.sub(r"[^A-Za-z0-9._+-]+", "-", shipment.title).strip("-._+")
    if not name:
        raise UsageProblem(
            f"--name {shipment.title!r} has no letter or digit that the name of a file can have",
            hint="give a name in ASCII",
        )
    return name


def _quoted(text: str) -> str:
    """*text* as a YAML scalar in double quotes, as JSON writes it, but for surrogate pairs and unprintable characters."""
    if "${{" in text:
        raise UsageProblem(
            f"{text!r} holds ${{{{, which GitHub would evaluate", hint="use another name, or another path for the plan"
        )
    written = json.dumps(text, ensure_ascii=False)
    escapes = ((each, f"\\u{ord(each):04x}" if ord(each) <= 0xFFFF else f"\\U{ord(each):08x}") for each in written)
    return "".join(each if each.isprintable() else escape for each, escape in escapes)
