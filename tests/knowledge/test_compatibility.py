"""What is known beyond metadata: the shipped files are whole and backed, a user's folder is joined, a broken file is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelcheck.errors import SettingsInvalid
from wheelcheck.knowledge.compatibility import joined, parse_repair_knowledge
from wheelcheck.knowledge.loading import load_repair_knowledge
from wheelcheck.model.finding import Severity
from wheelcheck.model.knowledge import (
    AbiBreak,
    Advisory,
    BuildNeeds,
    Elsewhere,
    OwnPlatform,
    PythonLife,
    RepairKnowledge,
    Substitute,
    VendorIndex,
)

GOOD = """
[[advisory]]
id = "mine"
when = ["a<2", "b>=3"]
unless = ["c"]
platforms = ["win*"]
python = ">=3.12"
severity = "error"
message = "They fall out."
evidence = ["https://docs.example/a-and-b"]
remedies = [{ constrain = "b<3" }, { override = "a==2" }]

[[abi_break]]
project = "B"
release = "3.0"
date = 2024-06-16
message = "Everything moved."
evidence = ["https://docs.example/b"]

[[substitute]]
project = "a"
replacement = "a_binary"
differs = "Compiled ahead."
same_versions = false
evidence = ["https://docs.example/a"]

[[own_platform]]
projects = ["winrt-*"]
systems = ["win32"]
why = "Windows alone has it."
evidence = ["https://docs.example/winrt"]

[[index]]
name = "vendor"
url = "https://index.example/cpu"
projects = ["A", "b"]
message = "Smaller ones."
evidence = ["https://docs.example/index"]

[import_names]
Some_Project = ["some.thing"]
"""


def evidence(knowledge: RepairKnowledge) -> list[str]:
    entries: tuple[
        Advisory | AbiBreak | Substitute | VendorIndex | BuildNeeds | PythonLife | OwnPlatform | Elsewhere, ...
    ] = (
        *knowledge.elsewhere,
        *knowledge.own_platforms,
        *knowledge.advisories,
        *knowledge.abi_breaks,
        *knowledge.substitutes,
        *knowledge.indexes,
        *knowledge.builds,
        *knowledge.pythons,
    )
    return [link for entry in entries for link in entry.evidence]


def test_the_shipped_files_hold_something_of_every_kind() -> None:
    knowledge = load_repair_knowledge()
    assert len(knowledge.advisories) > 30
    assert knowledge.abi_breaks
    assert knowledge.substitutes
    assert knowledge.indexes
    assert knowledge.import_names[canonicalize_name("opencv-python")] == {"cv2"}


def test_projects_of_one_system_are_known_by_name_and_by_pattern_and_the_users_entry_counts() -> None:
    shipped = load_repair_knowledge()
    for name, systems in (("pywinpty", ("win32",)), ("pyobjc-framework-cocoa", ("darwin",)), ("numpy", None)):
        known = shipped.own_platform_of(canonicalize_name(name))
        assert (known.systems if known is not None else None) == systems
    own = parse_repair_knowledge(GOOD.replace("winrt-*", "pywinpty").replace('["win32"]', '["os2"]'), "mine.toml")
    known = joined((shipped, own)).own_platform_of(canonicalize_name("pywinpty"))
    assert known is not None
    assert known.systems == ("os2",)


def test_places_outside_of_indexes_are_told_for_the_platforms_that_they_serve() -> None:
    known = load_repair_knowledge()
    assert len({each.project for each in known.elsewhere}) >= 40
    assert len({(each.project, each.says) for each in known.elsewhere}) == len(known.elsewhere)
    graph_tool = canonicalize_name("graph-tool")
    (place,) = known.places_of(graph_tool, "manylinux_2_28_x86_64")
    assert place.endswith("(https://github.com/conda-forge/graph-tool-feedstock)")
    assert known.places_of(graph_tool, "win_amd64") == ()
    assert known.places_of(graph_tool, "musllinux_1_2_x86_64") == ()


def test_the_shipped_advisories_have_ids_of_their_own() -> None:
    ids = [advisory.id for advisory in load_repair_knowledge().advisories]
    assert len(ids) == len(set(ids))


def test_many_projects_have_a_substitute_and_no_pair_stands_twice() -> None:
    known = load_repair_knowledge().substitutes
    assert len({each.project for each in known if each.same_api}) >= 60
    assert len({(each.project, each.replacement) for each in known}) == len(known)
    # What does the same for other code needs no module: every import changes anyway.
    assert not [each.project for each in known if each.imported_as and not each.same_api]


def test_every_shipped_claim_is_backed_by_a_secure_address() -> None:
    assert all(link.startswith("https://") for link in evidence(load_repair_knowledge()))


def test_every_shipped_remedy_concerns_a_project_of_its_advisory_and_ends_it() -> None:
    for advisory in load_repair_knowledge().advisories:
        asked = {each.name: each for each in advisory.when}
        for remedy in advisory.remedies:
            combination = asked[remedy.requirement.name].specifier & remedy.requirement.specifier
            assert combination.is_unsatisfiable(), (advisory.id, str(combination))


def test_every_shipped_message_is_a_sentence() -> None:
    knowledge = load_repair_knowledge()
    entries: tuple[Advisory | AbiBreak | VendorIndex, ...] = (
        *knowledge.advisories,
        *knowledge.abi_breaks,
        *knowledge.indexes,
    )
    assert all(each.message.endswith(".") for each in entries)
    assert all(each.differs.endswith(".") for each in knowledge.substitutes)


def test_no_shipped_advisory_speaks_of_one_project_without_saying_where() -> None:
    for advisory in load_repair_knowledge().advisories:
        assert len(advisory.when) > 1 or advisory.platforms or str(advisory.python), advisory.id


def test_the_shipped_part_is_read_once() -> None:
    assert load_repair_knowledge() is load_repair_knowledge()


def test_a_whole_file_is_understood() -> None:
    knowledge = parse_repair_knowledge(GOOD, "mine.toml")
    advisory = knowledge.advisories[0]
    assert [str(each) for each in advisory.when] == ["a<2", "b>=3"]
    assert [str(each) for each in advisory.unless] == ["c"]
    assert advisory.severity is Severity.ERROR
    assert [(each.kind, str(each.requirement)) for each in advisory.remedies] == [
        ("constrain", "b<3"),
        ("override", "a==2"),
    ]
    assert (knowledge.abi_breaks[0].date, knowledge.abi_breaks[0].release) == ("2024-06-16", Version("3"))
    assert knowledge.substitutes[0].replacement == "a-binary"
    assert not knowledge.substitutes[0].same_versions
    assert knowledge.indexes[0].projects == {"a", "b"}
    assert knowledge.import_names == {"some-project": frozenset({"some.thing"})}


def test_a_folder_of_the_user_is_joined_in_the_order_of_its_file_names(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text(GOOD.replace("They fall out.", "They fell out."), "utf-8")
    (tmp_path / "a.toml").write_text(GOOD, "utf-8")
    (tmp_path / "notes.txt").write_text("not read", "utf-8")
    knowledge = load_repair_knowledge([tmp_path])
    shipped = load_repair_knowledge()
    assert knowledge.advisories[:-1] == shipped.advisories
    assert knowledge.advisories[-1].message == "They fell out."
    assert len(knowledge.abi_breaks) == len(shipped.abi_breaks) + 1


def test_an_entry_of_the_user_replaces_the_shipped_one(tmp_path: Path) -> None:
    shipped = load_repair_knowledge()
    first = shipped.advisories[0]
    text = GOOD.replace('id = "mine"', f'id = "{first.id}"')
    text = text.replace('project = "a"\n', f'project = "{shipped.substitutes[0].project}"\n')
    text = text.replace('name = "vendor"', f'name = "{shipped.indexes[0].name}"')
    (tmp_path / "mine.toml").write_text(text, "utf-8")
    knowledge = load_repair_knowledge([tmp_path])
    assert [each.id for each in knowledge.advisories] == [each.id for each in shipped.advisories]
    assert knowledge.advisories[0].message == "They fall out."
    assert [e.replacement for e in knowledge.substitutes if e.project == shipped.substitutes[0].project] == ["a-binary"]
    assert [e.url for e in knowledge.indexes if e.name == shipped.indexes[0].name] == ["https://index.example/cpu"]
    assert load_repair_knowledge() is shipped


BROKEN = [
    ("[[advisory]]", "[[advisories]]", "unknown key advisories"),
    ("[[advisory]]", "[advisory]", "advisory is not a list of tables"),
    ('id = "mine"', 'id = "Mine!"', "advisory[0].id is 'Mine!'"),
    ('id = "mine"', "", "advisory[0].id is missing"),
    ('"a<2"', '"a<<2"', "advisory[0].when[0] is 'a<<2': not a requirement"),
    ('"b>=3"]\nun', "3]\nun", "advisory[0].when[1] is not a string"),
    ('"b>=3"]\nun', '"a>=3"]\nun', "advisory[0].when names a project twice"),
    ('["a<2", "b>=3"]', '"a<2"', "advisory[0].when is not a list of strings"),
    ('["a<2", "b>=3"]', "[]", "advisory[0].when is an empty list"),
    ('["c"]', '["c[extra]"]', "advisory[0].unless[0] is 'c[extra]': only a name and version bounds"),
    ('["win*"]', '["Windows 11"]', "advisory[0].platforms[0]"),
    ('">=3.12"', '"3.12"', "advisory[0].python is '3.12'"),
    ('"error"', '"fatal"', "advisory[0].severity is 'fatal'"),
    ('"They fall out."', '""', "advisory[0].message"),
    ("message =", "mesage =", "unknown key advisory[0].mesage"),
    ('["https://docs.example/a-and-b"]', "[]", "advisory[0].evidence is an empty list"),
    ('["https://docs.example/a-and-b"]', '["a friend said so"]', "advisory[0].evidence[0]"),
    ('["https://docs.example/a-and-b"]', '["ftp://docs.example/a"]', "advisory[0].evidence[0]"),
    ("{ constrain =", "{ constrains =", "unknown key advisory[0].remedies[0].constrains"),
    (
        '{ constrain = "b<3" }',
        '{ constrain = "b<3", override = "b<3" }',
        "advisory[0].remedies[0] has not exactly one key",
    ),
    ('{ constrain = "b<3" }', '{ constrain = "b" }', "advisory[0].remedies[0].constrain is 'b': it bounds no versions"),
    ('release = "3.0"', 'release = "three"', "abi_break[0].release is 'three'"),
    ("date = 2024-06-16", 'date = "16 June 2024"', "abi_break[0].date is '16 June 2024'"),
    (
        'replacement = "a_binary"',
        'replacement = "a binary"',
        "substitute[0].replacement is 'a binary': not a valid project",
    ),
    ('replacement = "a_binary"', 'replacement = "A"', "substitute[0].replacement is the project itself"),
    ("same_versions = false", 'same_versions = "no"', "substitute[0].same_versions is 'no'"),
    ('url = "https://', 'url = "https://me:secret@', "index[0].url"),
    ('projects = ["A", "b"]', 'projects = ["A", "b b"]', "index[0].projects[1]"),
    ("Some_Project =", '"Some Project" =', "import_names.Some Project is not a valid project name"),
    ('"some.thing"', '"some-thing"', "import_names.Some_Project[0] is 'some-thing'"),
]


@pytest.mark.parametrize(("good", "bad", "says"), BROKEN)
def test_a_broken_file_is_refused_with_file_and_key(good: str, bad: str, says: str) -> None:
    assert good in GOOD
    with pytest.raises(SettingsInvalid) as refused:
        parse_repair_knowledge(GOOD.replace(good, bad, 1), "mine.toml")
    assert str(refused.value).startswith("mine.toml: ")
    assert says in str(refused.value)


def test_a_file_that_is_no_toml_is_refused_with_its_line() -> None:
    line = GOOD[: GOOD.index("[[advisory")].count("\n") + 1
    with pytest.raises(SettingsInvalid) as refused:
        parse_repair_knowledge(GOOD.replace("[[advisory", "", 1), "mine.toml")
    assert str(refused.value).startswith(f"mine.toml:{line}: not valid TOML: ")


def test_a_misspelt_key_gets_the_nearest_good_one_as_a_hint() -> None:
    with pytest.raises(SettingsInvalid) as refused:
        parse_repair_knowledge(GOOD.replace("message =", "mesage =", 1), "mine.toml")
    assert refused.value.hint == "did you mean message?"


def test_one_file_says_a_thing_once() -> None:
    with pytest.raises(SettingsInvalid, match=r"advisory\[1\] says mine a second time"):
        parse_repair_knowledge(GOOD + GOOD.split("[[abi_break]]")[0].replace("[import", "#"), "mine.toml")


def test_credentials_are_not_repeated_by_the_message() -> None:
    with pytest.raises(SettingsInvalid) as refused:
        parse_repair_knowledge(GOOD.replace('url = "https://', 'url = "https://me:secret@', 1), "mine.toml")
    assert "secret" not in str(refused.value)


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        load_repair_knowledge([tmp_path / "nowhere"])
    assert "nowhere" in refused.value.address
    assert refused.value.exit_status == 2


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_bytes(b"# \xff\n")
    with pytest.raises(SettingsInvalid, match="is not UTF-8"):
        load_repair_knowledge([tmp_path])


def test_an_error_in_a_folder_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_text("[[index]]\nname = 3\n", "utf-8")
    with pytest.raises(SettingsInvalid) as refused:
        load_repair_knowledge([tmp_path])
    assert str(refused.value) == f"{tmp_path / 'odd.toml'}: index[0].name is not a string"


def test_python_minor_is_one() -> None:
    with pytest.raises(SettingsInvalid, match=r"python\[0\]\.minor"):
        parse_repair_knowledge(
            '[[python]]\nminor = "3"\nsecure_until = "2027-10-31"\nevidence = ["https://x.example/"]', "a"
        )


def test_users_lifetime_of_a_python_replaces_the_shipped_one(tmp_path: Path) -> None:
    entry = '[[python]]\nminor = "3.11"\nsecure_until = "2031-01-31"\nevidence = ["https://vendor.example/lts"]\n'
    (tmp_path / "pythons.toml").write_text(entry, "utf-8")
    known = {life.minor: life.secure_until for life in load_repair_knowledge([tmp_path]).pythons}
    assert known["3.11"] == "2031-01-31"
    assert known["3.12"] == "2028-10-31"
