"""Pages: what they show, that they ask no network and run nothing but their own script, and where boxes are drawn."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.fakes import checks, matrices, proposed, samples
from tests.report.html import pages
from wheelcheck.model.finding import DOCUMENTATION, Code
from wheelcheck.report.html.drawing import draw_ways, squarified
from wheelcheck.report.html.making import page_of_check, page_of_matrix, page_of_plan
from wheelcheck.report.html.parts import Telling

TELLING = Telling(today="2026-11-28")
EVERY = pages.every_page()


class _Parsed(HTMLParser):
    """The elements of a document with their attributes, and the text outside of style and script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.own: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            del self._open[len(self._open) - 1 - self._open[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("style", "script"):
            self.own[self._open[-1]] = data
        else:
            self.texts.append(data)


@pytest.mark.parametrize("word", EVERY)
def test_a_page_asks_no_network_and_allows_its_own_script_alone(word: str) -> None:
    page = _Parsed(EVERY[word])
    [policy] = [values["content"] for tag, values in page.elements if values.get("http-equiv")]
    assert policy is not None
    for kind, directive in (("style", "style-src"), ("script", "script-src")):
        digest = base64.b64encode(hashlib.sha256(page.own[kind].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert not {"base", "embed", "iframe", "img", "link", "object"} & {tag for tag, _ in page.elements}
    for tag, values in page.elements:
        # Whatever a browser would load by itself is forbidden; a link is asked for when somebody follows it.
        assert not {"src", "srcset", "style", "xlink:href"} & set(values)
        assert not [name for name in values if name.startswith("on")]
        assert (values.get("href") or "#").startswith(("#", "data:text/x-patch;", f"{DOCUMENTATION}findings/WC"))
        assert tag == "a" or "href" not in values


@pytest.mark.parametrize("word", ["plan", "check", "matrix", "diff"])
def test_every_code_of_a_finding_links_to_its_page_of_the_documentation(word: str) -> None:
    page = EVERY[word]
    named = re.findall(r'<a class="code" href="([^"]+)" title="[^"]+">(WC\d{3})</a>', page)
    assert 0 < len(named) == page.count('class="code"')
    assert set(named) <= {(code.address, code.number) for code in Code}


@pytest.mark.parametrize("word", EVERY)
def test_every_id_is_given_once_and_every_reference_is_there(word: str) -> None:
    elements = _Parsed(EVERY[word]).elements
    ids = [values["id"] for _, values in elements if "id" in values]
    assert len(ids) == len(set(ids))
    named = {values[name] for _, values in elements for name in ("aria-labelledby", "for") if name in values}
    assert named <= set(ids)


@pytest.mark.parametrize("text", checks.HOSTILE_TEXTS)
def test_hostile_names_are_text(text: str) -> None:
    hostile, plain = (
        _Parsed(pages.rendered("check", checks.hostile(each, project="av"))) for each in (text, "harmless")
    )
    assert [tag for tag, _ in hostile.elements] == [tag for tag, _ in plain.elements]


def test_the_first_line_counts_the_targets_and_the_rest_follows() -> None:
    page = page_of_matrix(matrices.mixed(), TELLING)
    assert page.verdict == "Installs on 3 of 9 targets, 1 after pure builds"
    assert page.rest == "4 blocked; 1 undecided in time; 1 no answer"
    assert page.grid is not None
    assert [[cell.tone if cell else "" for cell in cells] for _, cells in page.grid.rows] == [
        ["good", "good", "bad"],
        ["build", "bad", "unsure"],
        ["bad", "bad", "unsure"],
    ]


def test_facts_name_the_input_with_its_hash_the_day_and_the_index() -> None:
    facts = {fact.label: (fact.text, fact.more) for fact in page_of_matrix(matrices.mixed(), TELLING).facts}
    assert facts["input"] == ("requirements.txt", f"sha256 {'ab' * 32}")
    assert facts["made on"] == ("2026-11-28", "")
    assert facts["index"] == (samples.INDEX, "")


def test_what_blocks_most_targets_comes_first_with_its_cells() -> None:
    wide = matrices.compared(
        *(matrices.cell("win_amd64", python, samples.blocked_plan()) for python in ("3.11", "3.12", "3.13")),
        matrices.cell("musllinux_1_2_aarch64", "3.11", matrices.blocked_by_torch()),
    )
    subjects = page_of_matrix(wide, TELLING).subjects
    assert [(each.name, each.cells, each.reach, each.of) for each in subjects] == [
        ("av 11.0.0", (0, 1, 2), 3, 4),
        ("torch 2.9.0", (3,), 1, 4),
    ]


def test_a_repair_opens_the_cells_that_it_was_found_for() -> None:
    [card] = page_of_matrix(matrices.mixed(), TELLING).cards
    assert card.cells == (2, 4)
    assert card.proof == "Proved on each by resolving again"
    assert card.command.endswith("--override av==12.0.0")


def test_the_command_of_a_repair_is_the_command_that_was_asked_with_its_options() -> None:
    asked = Telling(today="2026-11-28", asked=("wheelcheck", "plan", "my file.txt", "--python", "3.11"))
    cards = page_of_plan(samples.blocked_plan(proposed.THREE_WAYS), asked).cards
    assert [card.id for card in cards] == ["R1", "R2", "R3"]
    assert cards[0].command == "wheelcheck plan 'my file.txt' --python 3.11 --override av==12.0.0"
    assert cards[1].command == "wheelcheck plan 'my file.txt' --python 3.10 --override av==12.0.0"


@pytest.mark.parametrize(
    ("today", "left", "tone"),
    [
        ("2026-12-16", "15 days left, until 2026-12-31", "good"),
        ("2026-12-17", "14 days left, until 2026-12-31", "unsure"),
        ("2026-12-30", "1 day left, until 2026-12-31", "unsure"),
        ("2026-12-31", "last day", "unsure"),
        ("2027-01-01", "ended 2026-12-31", "bad"),
    ],
)
def test_an_allowance_says_how_long_it_has_yet(today: str, left: str, tone: str) -> None:
    check = replace(checks.allowed(), unused=())
    [row] = page_of_check(check, Telling(today=today)).allowances
    assert (row.left, row.tone) == (left, tone)


def test_an_allowance_that_covers_nothing_says_so() -> None:
    rows = page_of_check(checks.allowed(), TELLING).allowances
    assert [row.left for row in rows] == ["33 days left, until 2026-12-31", "covers nothing and can go"]


def test_a_patch_can_be_downloaded_and_a_refusal_is_told() -> None:
    from urllib.parse import unquote

    page = _Parsed(EVERY["plan"])
    [link] = [values["href"] for tag, values in page.elements if tag == "a" and "download" in values]
    assert link is not None
    assert unquote(link.partition(",")[2]) == pages.PATCH
    assert any("No patch: nothing says it." in text for text in page.texts)


def test_a_page_of_300_projects_on_56_cells_stays_under_two_megabytes() -> None:
    assert len(pages.rendered("matrix", pages.large()).encode()) < 2_000_000


@given(st.dictionaries(st.text(max_size=5), st.integers(1, 10**10), min_size=1, max_size=40))
def test_a_treemap_fills_its_room_by_size_and_nothing_overlaps(sizes: dict[str, int]) -> None:
    ordered = dict(sorted(sizes.items(), key=lambda item: -item[1]))
    placed = squarified(ordered, 960, 300)
    assert list(placed) == list(ordered)
    total = sum(ordered.values())
    for name, (x, y, width, height) in placed.items():
        assert width * height == pytest.approx(960 * 300 * ordered[name] / total, rel=1e-6)
        assert x >= 0
        assert y >= 0
        assert x + width <= 960 * (1 + 1e-6)
        assert y + height <= 300 * (1 + 1e-6)
    for one, other in combinations(placed.values(), 2):
        across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
        down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
        assert min(across, down) < 1e-3


_STEPS = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=5, unique=True).map(tuple)


@given(st.lists(st.tuples(_STEPS, st.just((0,))), min_size=1, max_size=12))
def test_ways_are_drawn_from_left_to_right_without_two_boxes_at_one_place(
    ways: list[tuple[tuple[str, ...], tuple[int, ...]]],
) -> None:
    graph = draw_ways(ways)
    assert graph is not None
    for line in graph.lines:
        start, end = re.fullmatch(r"M(\S+) \S+C.* (\S+) \S+", line.path).groups()  # type: ignore[union-attr]
        assert float(start) < float(end)
    assert len({(node.x, node.y) for node in graph.nodes}) == len(graph.nodes)
    for node in graph.nodes:
        assert node.y - 14 > 0
        assert node.y + 14 < graph.height
        assert node.x + node.width < graph.width


def test_of_many_ways_the_shortest_to_each_blocker_is_drawn_and_the_others_are_counted() -> None:
    ways = [
        ((f"asked-{number}", *(f"between-{number}-{step}" for step in range(3)), "av==1"), (0,)) for number in range(40)
    ]
    graph = draw_ways([*ways, (("other", "xformers==1"), (1,))])
    assert graph is not None
    assert len(graph.nodes) <= 40
    assert {node.label for node in graph.nodes if node.kind == "blocker"} == {"av==1", "xformers==1"}
    drawn = sum(node.label.startswith("asked") for node in graph.nodes)
    assert graph.left_out == f"{40 - drawn} further ways not drawn"
