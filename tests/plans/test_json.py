"""A plan as JSON: bytes, schema, reading back, and what is said of files that are no plans."""

from __future__ import annotations

import json

import jsonschema
import pytest
from msgspec import structs

from tests.fakes import proposed, samples
from wheelcheck.errors import InputUnreadable
from wheelcheck.model.plan import InputRecord, Options, Plan
from wheelcheck.model.repair import Edit, EditKind, Proposals, Suggestion
from wheelcheck.model.resolution import Resolution
from wheelcheck.plans.documents import SCHEMA_NAME, PlanDocument, parse_plan, render_plan
from wheelcheck.plans.making import plan
from wheelcheck.report.documents import json_schema

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
    jsonschema.Draft202012Validator.check_schema(json_schema(PlanDocument))


@pytest.mark.parametrize("key", ["schema", "status", "target", "packages", "phases"])
def test_schema_refuses_a_plan_without_what_a_builder_needs(key: str) -> None:
    content = document(PLANS["installable"])
    del content[key]
    with pytest.raises(jsonschema.ValidationError, match=f"'{key}' is a required property"):
        jsonschema.Draft202012Validator(json_schema(PlanDocument)).validate(content)


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/schema", "wheelcheck.plan/2"),
        ("/digest", "md5:00"),
        ("/packages/0/name", "Not_Normal"),
        ("/packages/0/file/sha256", "00"),
        ("/packages/0/file/size", -1),
        ("/target/tags", ["cp311"]),
        ("/findings/0/code", "102"),
        ("/findings/0/severity", "fatal"),
        ("/phases", [{"kind": "sign", "packages": []}]),
    ],
)
def test_schema_refuses_values_that_no_plan_has(pointer: str, value: object) -> None:
    content = json.loads(changed(PLANS["blocked"], pointer, value))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json_schema(PlanDocument)).validate(content)


def test_what_fails_when_it_is_imported_is_written_and_read_back_and_is_no_key_where_there_is_none() -> None:
    plan_with = samples.blocked_plan(proposed.IN_VAIN)
    content = document(plan_with)
    search = content["repair_search"]
    assert isinstance(search, dict)
    assert [each["id"] for each in search["failing"]] == ["F1"]
    assert [each.get("fails") for each in search["failing"][0]["grounds"]] == [True, None, None, None]
    read = parse_plan(render_plan(plan_with), "plan.json").proposals
    assert read is not None
    assert read.failing == proposed.IN_VAIN.failing
    assert b'"failing"' not in render_plan(PLANS["three-ways"])
    assert b'"fails"' not in render_plan(PLANS["three-ways"])


def test_schema_describes_every_key() -> None:
    schema = json_schema(PlanDocument)
    definitions = schema["$defs"]
    assert isinstance(definitions, dict)
    for kind, definition in definitions.items():
        for key, rule in definition.get("properties", {}).items():
            assert "description" in rule or "$ref" in rule, f"{kind}.{key}"


@pytest.mark.parametrize("word", PLANS)
def test_every_plan_is_valid_against_the_schema(word: str) -> None:
    jsonschema.Draft202012Validator(json_schema(PlanDocument)).validate(document(PLANS[word]))


@pytest.mark.parametrize("word", PLANS)
def test_plan_reads_back_the_same(word: str) -> None:
    content = render_plan(PLANS[word])
    assert parse_plan(content, "plan.json") == PLANS[word]
    assert render_plan(parse_plan(content, "plan.json")) == content


# Keys that came later: without something to say they are left out, so that earlier plans keep their bytes.
LEFT_OUT_WHERE_EMPTY = {"elsewhere", "index_strategy", "accepted", "failing", "fails"}


def test_schema_knows_every_key_that_is_written() -> None:
    schema = json_schema(PlanDocument)
    definitions = schema["$defs"]
    properties = schema["properties"]
    assert isinstance(definitions, dict)
    assert isinstance(properties, dict)
    blocked = PLANS["blocked"]
    pooled = structs.replace(
        blocked,
        options=structs.replace(
            blocked.options, index_strategy="unsafe-best-match", only_binary=("a",), no_binary=("b",)
        ),
    )
    content = json.loads(render_plan(pooled))
    assert list(content) == list(properties)
    repairs = json.loads(render_plan(PLANS["three-ways"]))["repairs"]
    hopeless = json.loads(render_plan(PLANS["hopeless"]))["repair_search"]
    for kind, written in (
        ("TargetDocument", content["target"]),
        ("InputRecord", content["inputs"][0]),
        ("Options", content["options"]),
        ("PlannedPackage", content["packages"][0]),
        ("PlannedFile", content["packages"][0]["file"]),
        ("Finding", content["findings"][0]),
        ("RepairDocument", repairs[0]),
        ("EditDocument", repairs[0]["edits"][0]),
        ("VerificationDocument", repairs[0]["verified"]),
        ("VersionMove", repairs[0]["verified"]["moves"][0]),
        ("Release", repairs[1]["verified"]["added"][0]),
        ("Ground", repairs[0]["grounds"][0]),
        ("RepairSearch", hopeless),
        ("Unrepairable", hopeless["hopeless"][0]),
        ("SuggestionDocument", hopeless["suggestions"][0]),
        ("BuilderPhase", json.loads(render_plan(PLANS["fixed"]))["phases"][0]),
    ):
        known = definitions[kind]["properties"]
        assert list(written) == [key for key in known if key in written or key not in LEFT_OUT_WHERE_EMPTY], kind


def test_bytes_are_the_same_every_time_and_end_in_a_newline() -> None:
    first = render_plan(samples.blocked_plan())
    assert first == render_plan(samples.blocked_plan())
    assert first.startswith(b'{\n  "schema": "wheelcheck.plan/1",\n  "digest": "sha256:')
    assert first.endswith(b"}\n")


def test_name_of_a_file_that_is_no_utf8_is_written_as_its_escape_and_read_back() -> None:
    made = structs.replace(PLANS["blocked"], inputs=(InputRecord(path="caf\udce9.txt"),))
    content = render_plan(made)
    assert b'"path": "caf\\udce9.txt"' in content
    assert parse_plan(content, "plan.json") == made


def test_names_that_another_program_did_not_normalise_are_read_as_ours() -> None:
    content = document(PLANS["needs-build"])
    written = json.dumps(content)
    names = [package.name for package in PLANS["needs-build"].packages if "-" in package.name]
    assert names
    for name in names:
        written = written.replace(f'"{name}"', f'"{name.replace("-", "_").title()}"')
    read = parse_plan(written.encode(), "plan.json")
    assert read.packages == PLANS["needs-build"].packages
    assert read.phases == PLANS["needs-build"].phases


def test_lone_surrogate_where_a_word_stands_is_refused_with_its_place() -> None:
    with pytest.raises(InputUnreadable, match="/status is not a status"):
        parse_plan(changed(PLANS["blocked"], "/status", "\udc80"), "plan.json")


def test_file_with_its_hash_alone_is_read_with_that_among_its_hashes() -> None:
    content = json.loads(changed(PLANS["blocked"], "/packages/0/file/hashes", {"md5": "00"}))
    file = parse_plan(json.dumps(content).encode(), "plan.json").packages[0].file
    assert file is not None
    assert file.hashes == {"md5": "00", "sha256": file.sha256}


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


def undigested(content: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in content.items() if key != "digest"}


def rewritten(content: dict[str, object]) -> dict[str, object]:
    return undigested(json.loads(render_plan(parse_plan(json.dumps(content).encode(), "plan.json"))))


def test_unknown_keys_are_kept_by_readers() -> None:
    content = document(PLANS["blocked"])
    content["note"] = {"deep": [1, None]}
    for place in ("packages", "findings", "inputs"):
        elements = content[place]
        assert isinstance(elements, list)
        elements[-1]["a/b~c"] = place
    packages = content["packages"]
    assert isinstance(packages, list)
    packages[0]["file"]["provenance"] = "x"
    assert rewritten(content) == undigested(content)


def test_unknown_keys_of_repairs_are_kept_too() -> None:
    content = document(PLANS["three-ways"])
    repairs, search = content["repairs"], content["repair_search"]
    assert isinstance(repairs, list)
    assert isinstance(search, dict)
    search["note"] = 1
    for place in (repairs[0], repairs[0]["edits"][0], repairs[0]["verified"], repairs[0]["grounds"][1]):
        place["note"] = {"x": []}
    repairs[1]["verified"]["added"][0]["note"] = repairs[1]["verified"]["moves"][0]["note"] = "y"
    assert rewritten(content) == undigested(content)
    content = document(PLANS["hopeless"])
    search = content["repair_search"]
    assert isinstance(search, dict)
    search["hopeless"][0]["note"] = search["suggestions"][0]["note"] = search["suggestions"][0]["edit"]["note"] = None
    assert rewritten(content) == undigested(content)


def test_repairs_are_written_in_the_documented_keys() -> None:
    repair = json.loads(render_plan(PLANS["three-ways"]))["repairs"][0]
    assert list(repair) == ["id", "risk", "edits", "cost", "verified", "evidence", "grounds"]
    assert repair["edits"][0] == {
        "kind": "override",
        "package": "av",
        "from": "==11.0.0",
        "to": "==12.0.0",
        "because": "audiocraft 1.3.0",
        "options": ["--override", "av==12.0.0"],
    }
    assert repair["verified"]["changed"] == ["av 11.0.0 → 12.0.0"]
    assert repair["verified"]["installable"] is True
    assert repair["evidence"][0].endswith("(audiocraft/data/audio.py:18: import av)")


def test_plan_for_which_no_repairs_were_looked_for_says_null() -> None:
    written = document(PLANS["blocked"])
    assert written["repairs"] == []
    assert written["repair_search"] is None
    searched = plan(samples.blocked_outcome(), (), inputs=(), options=samples.OPTIONS, proposals=Proposals())
    assert document(searched)["repair_search"] == {
        "complete": True,
        "unreached": None,
        "interrupted": None,
        "hopeless": [],
        "suggestions": [],
    }
    assert parse_plan(render_plan(searched), "plan.json").proposals == Proposals()


def test_how_much_a_search_tried_is_not_written_for_it_depends_on_the_machine() -> None:
    slow, fast = (
        structs.replace(PLANS["three-ways"], proposals=structs.replace(proposed.THREE_WAYS, tried=tried))
        for tried in (3, 300)
    )
    assert render_plan(slow) == render_plan(fast)


def test_evidence_alone_is_read_as_the_grounds() -> None:
    content = document(PLANS["three-ways"])
    repairs = content["repairs"]
    assert isinstance(repairs, list)
    del repairs[0]["grounds"], content["repair_search"]
    read = parse_plan(json.dumps(content).encode(), "plan.json").proposals
    assert read is not None
    assert [ground.text for ground in read.repairs[0].grounds] == repairs[0]["evidence"]


def test_credentials_in_an_index_of_a_project_are_never_written() -> None:
    url = "https://user:secret@index.example/simple/"
    edit = Edit(kind=EditKind.INDEX, after=url, options=("--source", f"torch={url}"))
    made = structs.replace(
        PLANS["blocked"],
        options=structs.replace(samples.OPTIONS, sources=(f"torch={url}",)),
        proposals=Proposals(suggestions=(Suggestion(edit=edit, message="Not tried."),)),
    )
    assert b"secret" not in render_plan(made)


def test_reason_of_a_phase_is_written_and_read() -> None:
    reasons = [phase["reason"] for phase in json.loads(render_plan(PLANS["fixed"]))["phases"]]
    assert reasons[:2] == [None, None]
    assert reasons[2] == PLANS["fixed"].phases[2].reason != ""


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
        ("/target/markers/os_name", 3, "/target/markers/os_name is not a string"),
        ("/packages/0/file/size", -1, "/packages/0/file/size is less than nothing"),
        ("/packages/0/version", 2, "/packages/0/version is not a string"),
        ("/target/tags", ["cp311"], "/target/tags/0 is not a wheel tag: 'cp311'"),
    ],
)
def test_what_is_wrong_is_named_with_its_json_pointer(pointer: str, value: object, complaint: str) -> None:
    with pytest.raises(InputUnreadable) as caught:
        parse_plan(changed(PLANS["blocked"], pointer, value), "plan.json")
    assert str(caught.value).startswith(f"plan.json: {complaint}")


@pytest.mark.parametrize(
    ("pointer", "value", "complaint"),
    [
        ("/repairs/0/risk", "none", "/repairs/0/risk is not a risk: 'none'"),
        ("/repairs/0/edits/0/kind", "magic", "/repairs/0/edits/0/kind is not a kind of edit: 'magic'"),
        ("/repairs/0/edits", ..., "/repairs/0 lacks the key 'edits'"),
        ("/repairs/0/verified/moves/0/after", "?", "/repairs/0/verified/moves/0/after is not a version"),
        ("/repairs/0/grounds/0/line", 0, "/repairs/0/grounds/0/line is less than 1"),
        ("/repairs/0/grounds/0/line", "x", "/repairs/0/grounds/0/line is not a whole number"),
        ("/repair_search/complete", "yes", "/repair_search/complete is not true or false"),
    ],
)
def test_what_is_wrong_in_a_repair_is_named_with_its_json_pointer(pointer: str, value: object, complaint: str) -> None:
    with pytest.raises(InputUnreadable) as caught:
        parse_plan(changed(PLANS["three-ways"], pointer, value), "plan.json")
    assert str(caught.value).startswith(f"plan.json: {complaint}")


def test_unknown_phase_is_refused_because_a_builder_cannot_skip_it() -> None:
    with pytest.raises(InputUnreadable, match="/phases/0/kind is an unknown phase"):
        parse_plan(changed(PLANS["needs-build"], "/phases/0/kind", "sign"), "plan.json")


@pytest.mark.parametrize(
    "content", [b'{"x": NaN}', b"", b"\x00\xff\xfe", b"numpy==1.0\n", b"[" * 200_000, b"[]", b"{}", b'"text"']
)
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
    jsonschema.Draft202012Validator(json_schema(PlanDocument)).validate(minimal)
    assert parse_plan(json.dumps(minimal).encode(), "plan.json").packages == ()
