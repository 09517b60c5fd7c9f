"""Sample answers of the gate: one of each kind that a report must be able to tell."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from tests.fakes import proposed, samples
from wheelcheck.model.check import Allowance, Check, CheckedTarget, Judged, Verdict
from wheelcheck.model.distribution import Status
from wheelcheck.model.finding import DOCUMENTATION, Code, Finding, Severity
from wheelcheck.model.plan import InputRecord, Plan
from wheelcheck.model.repair import Proposals
from wheelcheck.model.requirement import CommandLineOrigin, FileOrigin, Origin
from wheelcheck.model.target import Target

WINDOWS = samples.WINDOWS
WINDOWS_312 = replace(WINDOWS, python="3.12", python_full=Version("3.12.0"))
MUSL = replace(WINDOWS, platform="musllinux_1_2_x86_64")
LINUX = replace(WINDOWS, platform="manylinux_2_28_x86_64")
AUDIOCRAFT_LINE = FileOrigin(path="requirements.txt", line=3)
AV_ALLOWED = Allowance(
    package=canonicalize_name("av"),
    specifier=SpecifierSet("<12"),
    targets=("win_*",),
    codes=("WC102",),
    reason="We build it ourselves, see the wiki.",
    expires="2026-12-31",
    origin=FileOrigin(path="pyproject.toml", line=41),
)
AV_EXPIRED = replace(AV_ALLOWED, expires="2026-10-31")
UNUSED = Allowance(
    package=canonicalize_name("left-behind"),
    reason="Nobody remembers.",
    expires="2027-01-31",
    origin=FileOrigin(path="pyproject.toml", line=47),
)
ADVISORY = samples.finding(
    Code.ADVISORY,
    "torch",
    "2.1.0",
    "torch 2.1.0 was compiled for the NumPy 1 interface and fails with numpy 2.3.4.",
    evidence=("remedy: constrain numpy<2", "https://notes.example/numpy-2-migration"),
)
OUR_LINK = f'<a href="{DOCUMENTATION}findings/WC[0-9]{{3}}/">WC'
"""The pattern of the only link that a report writes."""
HOSTILE_TEXTS = (
    "\x1b[31mred\x1b[0m\x07",
    "two\nlines\r\nand ::error title=forged::a command",
    "]]>&lt;<script>alert(1)</script>",
    "a | b || c",
    "`code` ```fence``` ** _x_ [click](https://evil.example) ![i](x) @everyone",
    "100% sure, 50%0A: a, b; {0} {1}",
    "\u202egnp.exe\ud800\ufffe\u2028",
    "https://user:secret@index.example/simple/",
    "<!-- --></details>\n| - | - |",
)


def av_on(target: Target) -> Finding:
    """The native source archive av 11.0.0, as it is found on *target*."""
    return replace(
        samples.AV, message=f"av 11.0.0 has no wheel for {target}, and its source archive builds native code."
    )


def judged(
    finding: Finding,
    verdict: Verdict,
    *,
    origin: Origin | None = AUDIOCRAFT_LINE,
    allowance: Allowance | None = None,
) -> Judged:
    """*finding* with its verdict, and the part of its fingerprint that no target adds to."""
    return Judged(
        finding=finding,
        verdict=verdict,
        origin=origin,
        allowance=allowance,
        fingerprint=f"{finding.code.number}:{finding.package}",
    )


def checked(target: Target, plan: Plan, findings: Iterable[Judged]) -> CheckedTarget:
    """*target* with the plan, told of it, and its findings."""
    findings = tuple(
        replace(each, fingerprint=f"{each.fingerprint}:{target.platform}:{target.python}") for each in findings
    )
    told = replace(plan, target=target, findings=tuple(each.finding for each in findings))
    return CheckedTarget(target=target, plan=told, judged=findings)


def answer(*targets: CheckedTarget, kind: str = "resolved", inputs: tuple[InputRecord, ...] = samples.INPUTS) -> Check:
    """An answer for *targets*."""
    return Check(inputs=inputs, kind=kind, targets=targets)


def _blocked(target: Target, proposals: Proposals | None = None, *more: Judged) -> CheckedTarget:
    notes = (judged(note, Verdict.NOTED) for note in samples.AV_ELSEWHERE)
    findings = (judged(av_on(target), Verdict.FAILS), *notes, *more)
    return checked(target, samples.blocked_plan(proposals), findings)


def passing() -> Check:
    """Nothing to say, on two targets."""
    return answer(*(checked(target, samples.installable_plan(), ()) for target in (WINDOWS, LINUX)))


def failing() -> Check:
    """A native source archive on one of two targets, with its repairs, and a warning on both."""
    warning = judged(ADVISORY, Verdict.WARNS, origin=None)
    return answer(
        _blocked(WINDOWS, proposed.THREE_WAYS, warning), checked(LINUX, samples.installable_plan(), (warning,))
    )


def shared() -> Check:
    """The same native source archive on three of four targets, for one of them with another repair."""
    return answer(
        _blocked(WINDOWS, proposed.THREE_WAYS),
        _blocked(WINDOWS_312, proposed.THREE_WAYS),
        _blocked(MUSL, Proposals(repairs=(proposed.EXCLUDE,))),
        checked(LINUX, samples.installable_plan(), ()),
    )


def allowed() -> Check:
    """The same, lived with for now; and an allowance that covers nothing."""
    covered = judged(av_on(WINDOWS), Verdict.ALLOWED, allowance=AV_ALLOWED)
    return replace(answer(checked(WINDOWS, samples.blocked_plan(), (covered,))), unused=(UNUSED,))


def expired() -> Check:
    """The same, a day too late."""
    late = judged(av_on(WINDOWS), Verdict.FAILS, allowance=AV_EXPIRED)
    return replace(answer(checked(WINDOWS, samples.blocked_plan(), (late,))), expired=(AV_EXPIRED,))


def known() -> Check:
    """The same, from before the gate was adopted; and one that is new."""
    new = samples.finding(Code.SOURCE_PURE, "docopt", "0.6.2", "docopt 0.6.2 is released as source only.")
    new = replace(new, severity=Severity.ERROR)
    findings = (
        judged(av_on(WINDOWS), Verdict.KNOWN),
        judged(new, Verdict.FAILS, origin=CommandLineOrigin(text="docopt")),
    )
    return answer(checked(WINDOWS, samples.blocked_plan(), findings))


def undecided() -> Check:
    """A search that ended at its budget beside a target that passes."""
    spent = samples.finding(Code.BUDGET_SPENT, None, None, "The search ended after 60 s with 1 project decided.")
    plan = replace(samples.undecided_plan(), status=Status.UNDECIDED)
    met = (judged(spent, Verdict.FAILS, origin=None), judged(av_on(WINDOWS), Verdict.FAILS))
    return answer(
        checked(WINDOWS, plan, met),
        checked(LINUX, samples.installable_plan(), ()),
    )


def index_failed() -> Check:
    """No answer at all for one of two targets."""
    failure = "https://index.example/simple/torch/ did not answer (503 Service Unavailable)"
    return answer(
        checked(WINDOWS, samples.installable_plan(), ()), CheckedTarget(target=LINUX, plan=None, failure=failure)
    )


def locked() -> Check:
    """A lock read as it is, whose finding leads from two lines (a fork), and one from a lock without lines."""
    fork = FileOrigin(path="sub dir/uv.lock", line=120)
    other = samples.finding(
        Code.SOURCE_NATIVE,
        "dtlssocket",
        "0.2.3",
        "dtlssocket 0.2.3 has no wheel at all, and its source archive builds native code.",
        paths=(("audiocraft==1.3.0", "dtlssocket==0.2.3"),),
    )
    findings = {
        WINDOWS: FileOrigin(path="sub dir/uv.lock", line=98),
        MUSL: fork,
    }
    targets = [
        checked(
            target,
            samples.blocked_plan(),
            (
                judged(av_on(target), Verdict.FAILS, origin=origin),
                judged(other, Verdict.FAILS, origin=FileOrigin(path="./locks\\Pipfile.lock")),
            ),
        )
        for target, origin in findings.items()
    ]
    check = answer(*targets, kind="uv.lock", inputs=(InputRecord(path="sub dir/uv.lock", sha256="cd" * 32),))
    return replace(check, notes=("This lock does not say which extras were chosen; all packages are checked.",))


def crowded(count: int = 400) -> Check:
    """More findings than any comment holds."""
    findings = [
        judged(
            samples.finding(
                Code.SOURCE_NATIVE,
                f"compiled-project-{number:03}",
                "2.1.0",
                f"compiled-project-{number:03} 2.1.0 has no wheel for {WINDOWS}, and its source needs a compiler.",
                evidence=("pyproject.toml names the build backend maturin", "src/lib.rs is Rust"),
                paths=(("wheel-01[everything]>=2024", f"compiled-project-{number:03}==2.1.0"),) * 3,
            ),
            verdict,
            origin=FileOrigin(path="requirements.txt", line=number + 1),
        )
        for number in range(count)
        for verdict in ((Verdict.FAILS, Verdict.WARNS)[number % 2],)
    ]
    return answer(checked(WINDOWS, samples.blocked_plan(), findings))


def hostile(text: str, *, project: str | None = None) -> Check:
    """*text* wherever a package, an index, a file or a person could put it; also as the *project*'s name unless that is given."""
    name = NormalizedName(text if project is None else project)
    finding = Finding(
        code=Code.SOURCE_NATIVE,
        severity=Severity.ERROR,
        package=name,
        version=Version("1.0"),
        message=text,
        evidence=(text, text),
        paths=((text, text),),
        nearest=Version("2.0"),
    )
    edit = replace(
        proposed.OVERRIDE.edits[0], package=name, before=text, after=text, because=text, options=("-c", text)
    )
    repair = replace(proposed.OVERRIDE, edits=(edit,))
    allowance = Allowance(
        package=name,
        reason=text,
        expires="2026-12-31",
        targets=(text,),
        origin=FileOrigin(path=text, line=7),
    )
    failing = judged(finding, Verdict.FAILS, origin=FileOrigin(path=text, line=3))
    lived_with = judged(replace(finding, code=Code.SOURCE_PURE), Verdict.ALLOWED, allowance=allowance)
    known = judged(replace(finding, code=Code.ABI_BREAK), Verdict.KNOWN, origin=CommandLineOrigin(text=text))
    plan = samples.blocked_plan(Proposals(repairs=(repair,)))
    check = answer(
        checked(WINDOWS, plan, (failing, lived_with, known)),
        CheckedTarget(target=LINUX, plan=None, failure=text),
        inputs=(InputRecord(path=text),),
    )
    return replace(check, unused=(allowance,), expired=(allowance,), notes=(text,))


def every_check() -> dict[str, Check]:
    """One answer of each kind, by a word for it."""
    return {
        "allowed": allowed(),
        "crowded": crowded(),
        "expired": expired(),
        "failing": failing(),
        "index-failed": index_failed(),
        "known": known(),
        "locked": locked(),
        "passing": passing(),
        "shared": shared(),
        "undecided": undecided(),
    }
