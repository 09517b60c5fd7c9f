"""The difference in its three formats: what each must say, and what no text of a package may do to it."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.fakes import checks, samples
from wheelcheck.findings.verdicts import compare
from wheelcheck.model.check import CheckedTarget, Difference, Side, Verdict
from wheelcheck.model.distribution import Status
from wheelcheck.model.plan import Plan, PlannedFile, PlannedPackage
from wheelcheck.model.target import Target
from wheelcheck.report.check.text import LIMIT
from wheelcheck.report.difference import MARK, render_diff_markdown, render_diff_text
from wheelcheck.report.difference_document import DiffDocument, render_diff_json
from wheelcheck.report.documents import json_schema
from wheelcheck.report.page import size_text
from wheelcheck.targets.targets import parse_target

OLD = Side(name="requirements.txt at origin/main (1a2b3c4d5e)", kind="resolved", revision="1a2b3c4d5e")
NEW = Side(name="requirements.txt", kind="resolved", inputs=samples.INPUTS)
PLAN = samples.installable_plan()


def package(name: str, version: str, size: int | None = None, day: str | None = None) -> PlannedPackage:
    file = PlannedFile(
        filename=f"{name}-{version}-py3-none-any.whl",
        url=f"https://index.example/{name}.whl",
        sha256=None,
        size=size,
        upload_time=f"{day}T00:00:00Z" if day else None,
        tag=None,
    )
    return replace(
        PLAN.packages[0], name=canonicalize_name(name), version=Version(version), file=file, required_by=(), requires=()
    )


def plan(*packages: PlannedPackage) -> Plan:
    return replace(PLAN, packages=packages)


BEFORE = plan(package("a", "1.0", 1_000_000, "2025-01-02"), package("b", "1.0", 5000))
AFTER = plan(package("a", "2.0", 3_500_000, "2026-03-04"), package("c", "0.1"))


def difference(*targets: Target, text: str = "", before: Plan = BEFORE, after: Plan = AFTER) -> Difference:
    """A move, one in, one out and a new failing finding on each of *targets*; *text* wherever somebody else's text stands."""
    compared = []
    for target in targets or (checks.WINDOWS,):
        av = checks.av_on(target)
        if text:
            av = replace(av, message=text, evidence=(text,), paths=((text, text),))
        origin = replace(checks.AUDIOCRAFT_LINE, path=text or "requirements.txt")
        new = checks.judged(av, Verdict.FAILS, origin=origin)
        old = checks.judged(checks.ADVISORY, Verdict.WARNS)
        compared.append(compare(checks.checked(target, before, (old,)), checks.checked(target, after, (new,)), target))
    sides = (replace(OLD, name=text or OLD.name), replace(NEW, name=text or NEW.name))
    return Difference(old=sides[0], new=sides[1], targets=tuple(compared), notes=(text,) if text else ())


def unanswered() -> Difference:
    failed = CheckedTarget(target=checks.WINDOWS, plan=None, failure="https://index.example/simple/: answers 503")
    undecided = checks.checked(checks.LINUX, replace(PLAN, status=Status.UNDECIDED), ())
    pairs = ((failed, checks.WINDOWS), (undecided, checks.LINUX))
    fine = [compare(checks.checked(target, PLAN, ()), side, target) for side, target in pairs]
    return Difference(old=OLD, new=NEW, targets=tuple(fine))


EVERY = {
    "one": difference(),
    "two": difference(checks.WINDOWS, checks.LINUX),
    "absent": Difference(
        old=replace(OLD, kind="absent"),
        new=NEW,
        targets=(compare(None, checks.checked(checks.WINDOWS, AFTER, ()), checks.WINDOWS),),
    ),
    "unanswered": unanswered(),
    "resupplied": difference(
        before=plan(package("a", "1.0")),
        after=plan(replace(package("a", "1.0"), file=replace(BEFORE.packages[1].file, filename="x.whl"))),  # type: ignore[type-var]
    ),
}


def shown(each: Difference) -> str:
    return str(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(render_diff_markdown(each)))


def objects(schema: object) -> list[dict[str, Any]]:
    found = []
    if isinstance(schema, dict):
        found = [schema] if "properties" in schema else []
        found += [each for value in schema.values() for each in objects(value)]
    elif isinstance(schema, list):
        found = [each for value in schema for each in objects(value)]
    return found


def test_schema_is_valid_and_describes_every_key() -> None:
    schema = json_schema(DiffDocument)
    jsonschema.Draft202012Validator.check_schema(schema)
    for rule in objects(schema):
        assert "description" in rule
        for key, value in rule["properties"].items():
            assert "description" in value or "$ref" in value, key


@pytest.mark.parametrize("word", EVERY)
def test_json_is_valid_and_has_no_key_that_the_schema_lacks(word: str) -> None:
    closed = json.loads(json.dumps(json_schema(DiffDocument)))
    for rule in objects(closed):
        rule["additionalProperties"] = False
    jsonschema.Draft202012Validator(closed).validate(json.loads(render_diff_json(EVERY[word])))


def test_change_on_two_targets_is_told_once_in_every_format() -> None:
    both = EVERY["two"]
    assert len(json.loads(render_diff_json(both))["packages"]) == 3
    assert render_diff_text(both).count("a 1.0 (2025-01-02, 1.0 MB) → 2.0 (2026-03-04, 3.5 MB)") == 1
    assert shown(both).count("<td>upgraded</td>") == 1


def test_files_of_other_sizes_are_told_for_each_target_and_many_without_a_size() -> None:
    def sized(*sizes: int) -> Difference:
        places = [parse_target("linux", f"3.{8 + number}") for number in range(len(sizes))]
        sides = [
            (
                checks.checked(place, plan(package("a", "1", size)), ()),
                checks.checked(place, plan(package("a", "2", 2 * size)), ()),
            )
            for place, size in zip(places, sizes, strict=True)
        ]
        compared = tuple(compare(*each, place) for each, place in zip(sides, places, strict=True))
        return replace(EVERY["two"], targets=compared)

    two = " ".join(render_diff_text(sized(1000, 3000), detail="full").split())
    assert "On manylinux_2_28_x86_64 (3.8) ↑ a 1 (1.0 kB) → 2 (2.0 kB)" in two
    assert "On manylinux_2_28_x86_64 (3.9) ↑ a 1 (3.0 kB) → 2 (6.0 kB)" in two
    assert two.endswith("1 moved")
    assert "On every target\n  ↑ a 1 → 2\n" in render_diff_text(sized(1000, 3000))
    many = render_diff_text(sized(1000, 2000, 3000, 4000))
    assert "a 1 → 2\n" in many
    assert shown(sized(1000, 3000)).count("<td>upgraded</td>") == 2


def test_change_on_some_targets_says_where() -> None:
    fine = checks.checked(checks.MUSL, AFTER, ())
    some = replace(EVERY["one"], targets=(*EVERY["one"].targets, compare(fine, fine, checks.MUSL)))
    assert "  On win_amd64\n  + c 0.1\n" in render_diff_text(some)


def test_what_targets_share_stands_once_and_long_lists_of_what_comes_or_goes_are_folded() -> None:
    names = [f"library-{number:02}" for number in range(12)]
    before = plan(package("a", "1.0"), *(package(name, "1.0") for name in names))
    here = checks.checked(checks.LINUX, plan(package("a", "2.0"), package("only-linux", "1.0")), ())
    pairs = [(checks.WINDOWS, checks.checked(checks.WINDOWS, plan(package("a", "2.0")), ())), (checks.LINUX, here)]
    targets = tuple(compare(checks.checked(place, before, ()), after, place) for place, after in pairs)
    each = replace(EVERY["two"], targets=targets)
    text = render_diff_text(each)
    assert (
        text.index("On every target") < text.index("↑ a 1.0 → 2.0") < text.index("On manylinux_2_28_x86_64\n  + only")
    )
    assert text.count("  - ") == 1
    assert "- library-00 1.0, library-01 1.0" in text
    assert render_diff_text(each, detail="full").count("  - library-") == 12


def test_download_is_told_before_and_after_and_what_is_not_known() -> None:
    assert "download   1.0 MB → 3.5 MB and 1 file of unknown size" in render_diff_text(EVERY["one"])
    moved = difference(before=plan(package("a", "1", 2_000_000)), after=plan(package("a", "2", 1_500_000)))
    assert "download   2.0 MB → 1.5 MB (-500 kB)" in render_diff_text(moved)
    unknown = difference(before=plan(package("a", "1")), after=plan(package("a", "2")))
    assert "download" not in render_diff_text(unknown)


def test_sizes_are_in_decimal_units() -> None:
    assert [size_text(size) for size in (0, 999, 1000, 999_960, 2_500_000, -1500, 3_000_000_000)] == [
        *("0 B", "999 B", "1.0 kB", "1.0 MB", "2.5 MB", "-1.5 kB", "3.0 GB")
    ]


def test_text_ends_with_the_verdict_and_is_ascii_where_it_must_be() -> None:
    text = render_diff_text(EVERY["one"], encoding="ascii")
    assert text.isascii()
    assert text.endswith("1 new finding fails; 1 came in, 1 went out, 1 moved\n")
    assert "  ^ a 1.0" in text
    assert "Gone (1): torch 2.1.0 (WC501, warns)" in text
    assert max(map(len, render_diff_text(EVERY["two"]).splitlines())) <= 80


def test_full_text_shows_what_brief_text_folds() -> None:
    text = render_diff_text(EVERY["one"], detail="full", color=True)
    assert "was compiled for the NumPy 1 interface" in re.sub(r"\s+", " ", text)


def test_unanswered_targets_say_which_side_and_why() -> None:
    text = render_diff_text(EVERY["unanswered"])
    assert "after: https://index.example/simple/: answers 503" in text
    assert text.endswith("Undecided on 2 of 2 targets: the index failed\n")
    assert "❔ wheelcheck diff: Undecided" in render_diff_markdown(EVERY["unanswered"])


@pytest.mark.parametrize("word", EVERY)
def test_comment_begins_with_its_mark_and_is_well_formed(word: str) -> None:
    text = render_diff_markdown(EVERY[word])
    assert text.startswith(f"{MARK}\n\n### ")
    assert text.count("<details>") == text.count("</details>")
    assert shown(EVERY[word]).count("<table>") <= 1


def test_comment_stays_under_the_limit_of_a_forge() -> None:
    many = plan(*(package(f"compiled-project-{number}", "1.0") for number in range(3000)))
    text = render_diff_markdown(difference(after=many))
    assert len(text) < LIMIT
    assert re.search(r"\| and \d+ more \|", text)
    assert text.count("<details>") == text.count("</details>")


@pytest.mark.parametrize("text", checks.HOSTILE_TEXTS)
def test_hostile_text_is_only_text(text: str) -> None:
    hostile = difference(text=text)
    html = shown(hostile)
    assert not re.search(r"<(script|img|em|del)\b", html)
    assert html.count("<a ") == len(re.findall(checks.OUR_LINK, html))
    assert html.count("<h3>") == 1
    assert html.count("<tr>") == 4
    assert "@everyone" not in re.sub(r"<code.*?</code>", "", html, flags=re.DOTALL)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", render_diff_text(hostile))
    assert "secret" not in render_diff_text(hostile) + render_diff_markdown(hostile) + render_diff_json(hostile)
    jsonschema.Draft202012Validator(json_schema(DiffDocument)).validate(json.loads(render_diff_json(hostile)))
