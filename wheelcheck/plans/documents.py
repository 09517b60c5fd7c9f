"""The plan as a JSON document: the same plan gives the same bytes, and what a reader did not understand is put back.

Refuses to write credentials, to read what another version of the schema wrote, and to execute a plan that is edited or blocked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace
from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelcheck.errors import InputUnreadable, UsageProblem
from wheelcheck.model.distribution import Availability, Status, Wheel, parse_link
from wheelcheck.model.document import about, as_plain, document_of, render_json, stated
from wheelcheck.model.finding import Finding
from wheelcheck.model.plan import BuilderPhase, InputRecord, Options, Plan, PlannedPackage
from wheelcheck.model.target import Target
from wheelcheck.model.urls import masked, masked_within
from wheelcheck.plans.reading import DocumentKind, parse_document, parse_json
from wheelcheck.plans.repair_documents import (
    RepairDocument,
    RepairSearch,
    proposals_of,
    repair_document,
    search_document,
)

SCHEMA_NAME = "wheelcheck.plan/1"
"""The value of ``schema`` in every plan; the number grows only when an old reader would misunderstand a new plan."""
DIGEST = "digest"
_KIND = DocumentKind(
    name="a plan",
    schema=SCHEMA_NAME,
    write="make one of what it lists: wheelcheck plan INPUT -o plan.json",
    again="Make the plan again, or use the version of wheelcheck that wrote it.",
)
_WheelTag = Annotated[str, about("A wheel tag: python-abi-platform.", pattern="^[^-]+-[^-]+-[^-]+$")]


class TargetDocument(Struct, frozen=True, kw_only=True):
    """The interpreter and platform that the plan is for."""

    platform: Annotated[str, about("The platform, as its wheel tag or as the user's word for it.")]
    python: Annotated[str, about("The Python version as asked for, such as 3.11, 3.11.9 or 3.14t.")]
    implementation: Annotated[str, about("cpython, pypy or another implementation, in lower case.")]
    python_full: Annotated[Version | UnsetType, about("The version that Requires-Python was compared with.")] = UNSET
    patch_assumed: Annotated[bool, about("Whether the patch level of python_full was assumed, not given.")] = False
    tags: Annotated[tuple[_WheelTag, ...], about("Every wheel tag that the target accepts, best first.")]
    markers: Annotated[dict[str, str], about("The environment that markers were evaluated in (PEP 508).")]
    unknowable: Annotated[tuple[str, ...], about("Marker variables that the target does not determine.")] = ()


class PlanDocument(Struct, frozen=True, kw_only=True):
    """What a builder must execute to install a set of Python projects on one target, and what stands in its way.

    Keys may be added without a new schema number: readers keep what they do not know.
    """

    schema: Annotated[
        Literal["wheelcheck.plan/1"],
        about("Names this schema. Its number grows only when an old reader would misunderstand a new plan."),
    ] = "wheelcheck.plan/1"
    digest: Annotated[
        str | UnsetType,
        stated(
            "SHA-256 of everything else in the plan, as compact JSON with sorted keys in UTF-8. A builder refuses a plan whose "
            "content has another: it was edited after it was made. Absent in plans that other programs write.",
            pattern="^sha256:[0-9a-f]{64}$",
        ),
    ] = UNSET
    status: Annotated[
        Status,
        about(
            "installable: every project has a usable wheel. needs-build: some must first be built once from source, as the "
            "phases say. blocked: some finding of severity error stands in the way, so there are no phases. undecided: the "
            "search ended at its budget, which proves nothing."
        ),
    ]
    target: TargetDocument
    inputs: Annotated[
        tuple[InputRecord, ...],
        about(
            "Every file that was read, in reading order, nested ones included, and every requirement given on the command line."
        ),
    ]
    options: Options
    packages: Annotated[
        tuple[PlannedPackage, ...],
        about(
            "Every project to install, by name. Of a blocked plan: what an installer would pick if it could build everything."
        ),
    ]
    findings: Annotated[tuple[Finding, ...], about("What a person should know, worst first.")]
    repairs: Annotated[
        tuple[RepairDocument, ...],
        about(
            "Proposed changes that make the plan installable, or that end its warnings; each proved by resolving again, "
            "cheapest first."
        ),
    ] = ()
    repair_search: Annotated[
        RepairSearch | None, about("What the search for repairs left open; null when none was made.")
    ] = None
    applied: Annotated[tuple[str, ...], about("Ids of the repairs that this plan already contains.")] = ()
    phases: Annotated[tuple[BuilderPhase, ...], about("The steps, in order. Empty when the plan cannot be executed.")]


def render_plan(plan: Plan) -> bytes:
    """Render *plan* as the JSON of schema ``wheelcheck.plan/1``: UTF-8, two spaces, keys in the documented order.

    ``digest`` is the digest of all the rest, by which a builder sees that nobody edited the plan.
    What a reader did not understand (``plan.unknown``) is put back where it was.
    """
    document = as_plain(_document(plan))
    _put_back(document, plan.unknown)
    # Made last, for it is of everything else; written first, where a reader looks.
    return render_json({"schema": SCHEMA_NAME, DIGEST: plan_digest(document), **document})


def parse_plan(content: bytes, path: str) -> Plan:
    """Read *content*, the plan file called *path* in messages; writing the result gives the same bytes.

    Raises ``InputUnreadable`` naming *path* and the JSON pointer when it is no plan of schema ``wheelcheck.plan/1``.
    """
    plan = _parsed(content, path)
    _refuse_other_files(plan, path)
    return plan


def _parsed(content: bytes, path: str) -> Plan:
    plain, document = parse_document(content, path, PlanDocument, _KIND)
    stated = document.target
    return Plan(
        status=document.status,
        target=Target(
            platform=stated.platform,
            python=stated.python,
            implementation=stated.implementation,
            python_full=stated.python_full or Version(stated.python),
            tags=tuple((python, abi, platform) for python, abi, platform in (tag.split("-") for tag in stated.tags)),
            markers=stated.markers,
            unknowable=frozenset(stated.unknowable),
            patch_assumed=stated.patch_assumed,
        ),
        inputs=document.inputs,
        options=document.options,
        packages=tuple(map(_normalised, document.packages)),
        findings=document.findings,
        phases=tuple(replace(each, packages=tuple(map(canonicalize_name, each.packages))) for each in document.phases),
        proposals=proposals_of(document.repairs, document.repair_search),
        applied=document.applied,
        unknown=dict(_iter_unknown(plain, as_plain(document), "")),
    )


def _refuse_other_files(plan: Plan, path: str) -> None:
    """Raise ``InputUnreadable`` where the name of a package's wheel says another project or version."""
    for number, package in enumerate(plan.packages):
        filename = package.filename or ""
        wheel = parse_link(filename, package.name, Availability(url="")) if filename.endswith(".whl") else None
        if wheel is not None and (not isinstance(wheel, Wheel) or wheel.version != package.version):
            fact = f"/packages/{number}/file/filename {filename!r} is no wheel of {package.name} {package.version}"
            raise InputUnreadable(fact, address=path, hint=_KIND.write)


def _normalised(package: PlannedPackage) -> PlannedPackage:
    """*package* with its names as the schema wants them, which other programs may write otherwise."""
    return replace(
        package,
        name=canonicalize_name(package.name),
        extras=tuple(map(canonicalize_name, package.extras)),
        required_by=tuple(map(canonicalize_name, package.required_by)),
        requires=tuple(map(canonicalize_name, package.requires)),
    )


def plan_digest(document: Mapping[str, object]) -> str:
    """``sha256:`` and the hex digest of the plan *document* without its own digest: compact JSON, keys sorted, in UTF-8.

    It tells whether a plan file is still what wheelcheck wrote, in whatever layout; it vouches for nobody: anyone can compute it.
    """
    import json

    values = {key: value for key, value in document.items() if key != DIGEST}
    content = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(content.encode('utf-8', 'backslashreplace')).hexdigest()}"


def stated_digest(content: bytes, path: str) -> tuple[object, str]:
    """The digest that the plan file *content*, called *path* in messages, states (``None`` for none), and that of its content."""
    document = parse_json(content, path, _KIND)
    values = document if isinstance(document, dict) else {}
    return values.get(DIGEST), plan_digest(values)


def _document(plan: Plan) -> PlanDocument:
    target, options = plan.target, plan.options
    return PlanDocument(
        status=plan.status,
        target=document_of(
            TargetDocument,
            target,
            tags=tuple(map("-".join, target.tags)),
            markers=dict(sorted(target.markers.items())),
            unknowable=tuple(sorted(target.unknowable)),
        ),
        inputs=tuple(replace(each, path=masked(each.path)) if "://" in each.path else each for each in plan.inputs),
        options=replace(
            options,
            indexes=tuple(map(masked, options.indexes)),
            find_links=tuple(map(masked, options.find_links)),
            sources=tuple(map(masked_within, options.sources)),
        ),
        packages=plan.packages,
        findings=plan.findings,
        repairs=tuple(map(repair_document, plan.repairs)),
        repair_search=search_document(plan.proposals),
        applied=plan.applied,
        phases=plan.phases,
    )


def _put_back(document: dict[str, object], unknown: Mapping[str, object]) -> None:
    for pointer, value in unknown.items():
        *way, last = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
        place: object = document
        for part in way:
            match place:
                case dict():
                    place = place.get(part)
                case list() | tuple() if part.isdecimal() and int(part) < len(place):
                    place = place[int(part)]
                case _:
                    place = None
        if isinstance(place, dict):
            place[last] = value


def _iter_unknown(stated: object, understood: object, pointer: str) -> Iterator[tuple[str, object]]:
    """Pointer and value of each key of the file, *stated*, that would not be written again, as *understood* would be."""
    match stated, understood:
        case dict(), dict():
            for key, value in stated.items():
                below = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
                if key in understood:
                    yield from _iter_unknown(value, understood[key], below)
                else:
                    yield below, value
        case list(), tuple():
            for position, (value, element) in enumerate(zip(stated, understood, strict=False)):
                yield from _iter_unknown(value, element, f"{pointer}/{position}")


class ExecutablePlan(Struct, frozen=True, kw_only=True):
    """A plan that a builder may execute; ``digest`` is ``sha256:…`` of its content, ``path`` what it is called in messages."""

    plan: Plan
    digest: str
    path: str


def parse_executable(content: bytes, path: str) -> ExecutablePlan:
    """Read *content*, the plan file called *path* in messages.

    Raises ``InputUnreadable`` when it is no plan of schema ``wheelcheck.plan/1`` or was edited by hand, ``UsageProblem`` naming
    every blocker when it is blocked or undecided.
    """
    plan = _parsed(content, path)
    stated, digest = stated_digest(content, path)
    # A builder that executes a plan which somebody edited would ship what nothing resolved. A plan without a digest, as other
    # programs may write one, is taken as it is.
    if stated is not None and stated != digest:
        raise InputUnreadable(
            f"the plan was changed after it was made: it states the digest {stated}, its content has {digest}",
            address=path,
            hint="make the plan again: `wheelcheck plan` has options for changes (--override, --exclude, -c)",
        )
    _refuse_other_files(plan, path)
    refuse_unexecutable(plan, path)
    return ExecutablePlan(plan=plan, digest=digest, path=path)


def refuse_unexecutable(plan: Plan, path: str = "") -> None:
    """Raise ``UsageProblem`` naming the blockers when *plan*, called *path* in messages, is blocked or undecided."""
    if plan.status in (Status.INSTALLABLE, Status.NEEDS_BUILD):
        return
    blockers: dict[str, None] = {}
    for finding in plan.errors:
        version = f" {finding.version}" if finding.version else ""
        blockers[finding.message if finding.package is None else f"{finding.package}{version}"] = None
    raise UsageProblem(
        f"a plan that is {plan.status.value} cannot be executed" + (f": {', '.join(blockers)}" if blockers else ""),
        address=path,
        hint="See what blocks it, and the repairs, with: wheelcheck plan; continue once the plan is installable (--fix).",
    )
