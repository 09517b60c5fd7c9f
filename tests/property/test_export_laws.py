"""Laws of plans and their exports, for plans of any shape."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.pylock import Pylock
from packaging.requirements import Requirement as PackagingRequirement
from pip_requirements_parser import RequirementsFile

from tests.fakes import samples
from tests.fakes.samples import availability, sdist_pin, sha256, wheel_pin
from wheelcheck.errors import UsageProblem
from wheelcheck.export import listing
from wheelcheck.export.formats import EXPORTERS, Exporter
from wheelcheck.export.shipment import Shipment
from wheelcheck.model.distribution import Availability, Status
from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.model.plan import Plan
from wheelcheck.model.resolution import Pin
from wheelcheck.plans.documents import PlanDocument, parse_plan, render_plan
from wheelcheck.plans.making import plan
from wheelcheck.report.documents import json_schema
from wheelcheck.report.summary import render_summary

law = settings(max_examples=40)
VALIDATOR = jsonschema.Draft202012Validator(json_schema(PlanDocument))

names = st.from_regex(r"[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,6})?", fullmatch=True)
versions = st.from_regex(
    r"(1!)?(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]?)){0,3}((a|b|rc)[0-9])?(\.post[0-9])?(\.dev[0-9])?(\+(cpu|cu118|abc\.1))?",
    fullmatch=True,
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
moments = st.sampled_from(["2020-01-02T03:04:05Z", "2024-05-06T07:08:09.123456Z", "2026-01-01T00:00:00+02:00", None])
indexes = st.sampled_from(
    [samples.INDEX, "https://extra.example/simple/", "https://user:secret@private.example/simple"]
)


def rendered_pylock(plan: Plan) -> str:
    return listing.render_pylock(Shipment(plan=plan))


def rendered_requirements(plan: Plan) -> str:
    return listing.render_requirements(Shipment(plan=plan))


@st.composite
def places(draw: st.DrawFn, filename: str) -> Availability:
    hashes = [("sha256", sha256(filename))]
    if draw(st.booleans()):
        hashes.append(("sha512", sha256(filename) * 2))
    return Availability(
        url=availability(filename).url,
        hashes=tuple(hashes),
        size=draw(st.one_of(st.none(), st.integers(0, 2**40))),
        upload_time=draw(moments),
        requires_python=draw(st.sampled_from([None, ">=3.8", "!=3.9.*,>=3.7"])),
        index=draw(indexes),
    )


@st.composite
def pins(draw: st.DrawFn, name: str) -> Pin:
    version = draw(versions)
    stem = f"{name.replace('-', '_')}-{version}"
    if draw(st.booleans()):
        return sdist_pin(name, version, at=draw(places(f"{stem}.tar.gz")))
    tag = draw(st.sampled_from(["py3-none-any", "cp311-cp311-win_amd64"]))
    return wheel_pin(name, version, tag=tag, at=draw(places(f"{stem}-{tag}.whl")))


@st.composite
def plans(draw: st.DrawFn, *, severities: tuple[Severity, ...] = (Severity.WARNING, Severity.INFO)) -> Plan:
    projects = draw(st.lists(names, unique=True, max_size=7))
    chosen = [draw(pins(name)) for name in projects]
    some = st.lists(st.sampled_from(projects), unique=True) if projects else st.just([])
    edges = {name: draw(some) for name in ("", *projects)}
    findings = draw(
        st.lists(
            st.builds(
                lambda **fields: Finding(**fields),  # Hypothesis would ask a Struct for types that only checkers import
                code=st.sampled_from(Code),
                severity=st.sampled_from(severities),
                package=st.sampled_from([pin.name for pin in chosen]) if chosen else st.none(),
                version=st.none(),
                message=texts,
                evidence=st.tuples(texts),
                paths=st.tuples(st.tuples(texts, texts)),
            ),
            max_size=4,
        )
    )
    outcome = samples.resolution(chosen, edges)
    return plan(outcome, findings, inputs=samples.INPUTS, options=samples.OPTIONS)


any_severity = plans(severities=tuple(Severity))


@law
@given(any_severity)
def test_every_plan_is_valid_against_its_schema(plan: Plan) -> None:
    VALIDATOR.validate(json.loads(render_plan(plan)))


@law
@given(any_severity)
def test_plan_reads_back_the_same(plan: Plan) -> None:
    content = render_plan(plan)
    assert parse_plan(content, "plan.json") == plan
    assert render_plan(parse_plan(content, "plan.json")) == content


@law
@given(plans())
def test_pylock_reads_back_the_same(plan: Plan) -> None:
    lock = Pylock.from_dict(tomllib.loads(rendered_pylock(plan)))
    lock.validate()
    read = {}
    for package in lock.packages:
        (file,) = [package.sdist] if package.sdist is not None else (package.wheels or ())
        read[package.name] = (package.version, file.filename, file.url, file.size, dict(file.hashes), package.index)
    assert read == {
        package.name: (
            package.version,
            package.file.filename,
            package.file.url,
            package.file.size,
            dict(package.file.hashes),
            package.file.index,
        )
        for package in plan.packages
        if package.file is not None
    }


@law
@given(plans())
def test_requirements_read_back_the_same_by_the_parser_that_pip_had(plan: Plan) -> None:
    text = rendered_requirements(plan)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "requirements.txt"
        path.write_text(text, encoding="utf-8")
        read = RequirementsFile.from_file(str(path))
    assert not read.invalid_lines
    pinned = {
        requirement.name: (str(PackagingRequirement(str(requirement.req)).specifier), sorted(requirement.hash_options))
        for requirement in read.requirements
    }
    assert pinned == {
        package.name: (
            f"=={package.version}",
            sorted(f"{name}:{digest}" for name, digest in package.file.hashes.items()),
        )
        for package in plan.packages
        if package.file is not None
    }


def rendered(exporter: Exporter, plan: Plan) -> str:
    """The export of *plan*, or why there is none: not every format knows every target."""
    try:
        return exporter.render(Shipment(plan=plan, entry="app.py", url="https://files.example/app"))
    except UsageProblem as refusal:
        return str(refusal)


@law
@given(plans())
def test_export_of_a_plan_file_is_the_export_of_the_plan(plan: Plan) -> None:
    read = parse_plan(render_plan(plan), "plan.json")
    for exporter in EXPORTERS:
        assert rendered(exporter, read) == rendered(exporter, plan)


@law
@given(any_severity)
def test_credentials_are_in_no_text(plan: Plan) -> None:
    assert b"secret" not in render_plan(plan)
    if plan.status in (Status.INSTALLABLE, Status.NEEDS_BUILD):
        for exporter in EXPORTERS:
            assert "secret" not in rendered(exporter, plan)


@law
@given(plans())
def test_build_order_holds_each_source_archive_once_and_never_before_what_it_needs(plan: Plan) -> None:
    requires = {package.name: set(package.requires) for package in plan.packages}
    reach = {name: set(needed) for name, needed in requires.items()}
    for through in reach:
        for needed in reach.values():
            if through in needed:
                needed |= reach[through]
    built = [name for phase in plan.phases if phase.kind == "build-once" for name in phase.packages]
    assert sorted(built) == sorted(package.name for package in plan.packages if package.installability.value != "wheel")
    for position, name in enumerate(built):
        for later in built[position + 1 :]:
            # Only a cycle excuses building before a need.
            assert later not in reach[name] or name in reach[later]


@law
@given(any_severity, st.integers(60, 130))
def test_summary_is_ascii_without_control_characters_and_no_wider_than_its_words(plan: Plan, width: int) -> None:
    text = render_summary(plan, width=width, detail="full")
    assert text.isascii()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)
