"""A plan as JSON: bytes, schema, reading back, and what is said of files that are no plans."""

from __future__ import annotations

import json

import jsonschema
import pytest

from tests.fakes import samples
from wheelcheck.errors import InputUnreadable
from wheelcheck.model import Options, Plan, Resolution
from wheelcheck.plan import SCHEMA_NAME, load_schema, parse_plan, plan, render_plan

PLANS = samples.every_plan()


def document(plan: Plan) -> dict[str, object]:
    read: dict[str, object] = json.loads(render_plan(plan))
    return read


def changed(plan: Plan, pointer: str, value: object) -> bytes:
    """The JSON of *plan* with another *value* at *pointer*; ``...`` takes the key away."""
    content = document(plan)
    *way, last = pointer.split("/")[1:]
    place: object = content
    for part in way:
        if isinstance(place, list):
            place = place[int(part)]
        elif isinstance(place, dict):
            place = place[part]
    assert isinstance(place, dict)
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return json.dumps(content).encode()


def test_schema_is_itself_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(load_schema())


def test_schema_describes_every_key() -> None:
    schema = load_schema()
    definitions = schema["$defs"]
    assert isinstance(definitions, dict)
    for kind, definition in definitions.items():
        for key, rule in definition.get("properties", {}).items():
            assert "description" in rule or "$ref" in rule, f"{kind}.{key}"


@pytest.mark.parametrize("word", PLANS)
def test_every_plan_is_valid_against_the_schema(word: str) -> None:
    jsonschema.Draft202012Validator(load_schema()).validate(document(PLANS[word]))


@pytest.mark.parametrize("word", PLANS)
def test_plan_reads_back_the_same(word: str) -> None:
    content = render_plan(PLANS[word])
    assert parse_plan(content, "plan.json") == PLANS[word]
    assert render_plan(parse_plan(content, "plan.json")) == content


def test_schema_knows_every_key_that_is_written() -> None:
    schema = load_schema()
    definitions = schema["$defs"]
    properties = schema["properties"]
    assert isinstance(definitions, dict)
    assert isinstance(properties, dict)
    content = json.loads(render_plan(PLANS["blocked"]))
    assert list(content) == list(properties)
    for kind, written in (
        ("target", content["target"]),
        ("input", content["inputs"][0]),
        ("options", content["options"]),
        ("package", content["packages"][0]),
        ("file", content["packages"][0]["file"]),
        ("finding", content["findings"][0]),
    ):
        assert list(written) == list(definitions[kind]["properties"]), kind


def test_bytes_are_the_same_every_time_and_end_in_a_newline() -> None:
    first = render_plan(samples.blocked_plan())
    assert first == render_plan(samples.blocked_plan())
    assert first.startswith(b'{\n  "schema": "wheelcheck.plan/1",\n  "status": "blocked"')
    assert first.endswith(b"}\n")


def test_order_of_pins_and_edges_does_not_change_the_bytes() -> None:
    outcome = samples.resolution(samples.audiocraft_pins(), samples.AUDIOCRAFT_EDGES)
    turned = Resolution(
        target=outcome.target,
        pins=dict(reversed(list(outcome.pins.items()))),
        edges=tuple(reversed(outcome.edges)),
    )
    one, other = (plan(answer, (), inputs=samples.INPUTS, options=samples.OPTIONS) for answer in (outcome, turned))
    assert render_plan(one) == render_plan(other)


def test_credentials_are_never_written() -> None:
    options = Options(
        sdist="pure",
        exclude_newer=None,
        indexes=("https://user:secret@index.example/simple/",),
        find_links=("https://user:secret@index.example/links/",),
    )
    made = plan(samples.resolution((), {}), (), inputs=(), options=options)
    assert b"secret" not in render_plan(made)


def test_unknown_keys_are_kept_by_readers() -> None:
    content = document(PLANS["blocked"])
    content["note"] = {"deep": [1, None]}
    content["repairs"] = [{"id": "R1", "risk": "low"}]
    for place in ("packages", "findings", "inputs"):
        elements = content[place]
        assert isinstance(elements, list)
        elements[-1]["a/b~c"] = place
    packages = content["packages"]
    assert isinstance(packages, list)
    packages[0]["file"]["provenance"] = "x"
    kept = json.loads(render_plan(parse_plan(json.dumps(content).encode(), "plan.json")))
    assert kept == content


def test_another_schema_version_is_refused_by_name() -> None:
    with pytest.raises(InputUnreadable, match=r"plan\.json: /schema is 'wheelcheck\.plan/2'") as caught:
        parse_plan(changed(PLANS["blocked"], "/schema", "wheelcheck.plan/2"), "plan.json")
    assert SCHEMA_NAME in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("pointer", "value", "complaint"),
    [
        ("/status", "fine", "/status is not a status: 'fine'"),
        ("/packages", ..., "/ lacks the key 'packages'"),
        ("/packages", {}, "/packages is not an array"),
        ("/packages/1/version", "one", "/packages/1/version is not a version: 'one'"),
        ("/packages/0/requested", 1, "/packages/0/requested is not true or false"),
        ("/packages/0/file/size", True, "/packages/0/file/size is not a whole number"),
        ("/packages/0/installability", "magic", "/packages/0/installability is not an installability"),
        ("/packages/0/file/url", 3, "/packages/0/file/url is not a string"),
        ("/findings/0/code", "WC999", "/findings/0/code is an unknown finding: 'WC999'"),
        ("/target/markers", [], "/target/markers is not an object"),
        ("/target/tags", ["cp311"], "/target/tags/0 is not a wheel tag: 'cp311'"),
    ],
)
def test_what_is_wrong_is_named_with_its_json_pointer(pointer: str, value: object, complaint: str) -> None:
    with pytest.raises(InputUnreadable) as caught:
        parse_plan(changed(PLANS["blocked"], pointer, value), "plan.json")
    assert str(caught.value).startswith(f"plan.json: {complaint}")


def test_unknown_phase_is_refused_because_a_builder_cannot_skip_it() -> None:
    with pytest.raises(InputUnreadable, match="/phases/0/kind is an unknown phase"):
        parse_plan(changed(PLANS["needs-build"], "/phases/0/kind", "sign"), "plan.json")


@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe", b"numpy==1.0\n", b"[" * 200_000, b"[]", b"{}", b'"text"'])
def test_file_that_is_no_plan_is_refused_with_its_name(content: bytes) -> None:
    with pytest.raises(InputUnreadable, match=r"plan\.json") as caught:
        parse_plan(content, "plan.json")
    assert caught.value.hint


def test_minimal_plan_of_the_documented_keys_is_read() -> None:
    minimal = {
        "schema": SCHEMA_NAME,
        "status": "installable",
        "target": {"platform": "win_amd64", "python": "3.11", "implementation": "cpython", "tags": [], "markers": {}},
        "inputs": [],
        "options": {"sdist": "pure", "exclude_newer": None, "indexes": []},
        "packages": [],
        "findings": [],
        "repairs": [],
        "applied": [],
        "phases": [],
    }
    jsonschema.Draft202012Validator(load_schema()).validate(minimal)
    assert parse_plan(json.dumps(minimal).encode(), "plan.json").packages == ()
