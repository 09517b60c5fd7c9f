"""The pages of a survey: what they tell, that hostile names are text, and that a browser sorts, searches and follows links."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from tests.fakes.checks import HOSTILE_TEXTS
from tests.survey.samples import Outcome, write_survey
from wheelcheck.cli.main import cli
from wheelcheck.errors import InputUnreadable, UsageProblem
from wheelcheck.model.finding import Code

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytest.importorskip("pyarrow", reason="the extra wheelcheck[survey] is not installed")
pytest.importorskip("distributed", reason="the extra wheelcheck[survey] is not installed")

from wheelcheck.survey.site import file_of, write_site

TARGETS = (("win_amd64", "3.9"), ("win_amd64", "3.14"), ("musllinux_1_2_x86_64", "3.14"))
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_PROGRAM = next(filter(None, map(shutil.which, _BROWSERS)), None)


class _Reader(HTMLParser):
    """What a browser would find: tags, links and the policy."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.policy = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        self.links += [each for name in ("href", "src") if (each := found.get(name)) and not each.startswith("#")]
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"] or ""
        assert not [name for name in found if name.startswith("on") or name == "style"]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    outcomes = {
        "shop": ("blocked", {"av": ("11", "error"), "six": ("1", "wheel")}),
        "desk": ("installs", {"six": ("1", "wheel")}),
        "many": ("blocked", {"av": ("11", "error"), "lxml": ("5", "error")}),
    }
    write_survey(tmp_path / "survey", outcomes, TARGETS)
    ended = CliRunner().invoke(cli, ["survey-site", str(tmp_path / "survey"), "-o", str(tmp_path / "site")])
    assert ended.exit_code == 0, ended.output
    return tmp_path / "site"


def test_site_has_a_page_for_the_whole_each_target_and_each_project(site: Path) -> None:
    assert sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html")) == [
        "index.html",
        "projects/av.html",
        "projects/lxml.html",
        "projects/six.html",
        "targets/musllinux_1_2_x86_64-3.14.html",
        "targets/win_amd64-3.14.html",
        "targets/win_amd64-3.9.html",
    ]
    text = (site / "projects/av.html").read_text(encoding="utf-8")
    assert "av blocks 2 inputs" in text
    assert "r.txt:1" in text


def test_every_link_leads_to_a_page_of_the_site_or_of_a_finding_and_scripts_are_ours_alone(site: Path) -> None:
    addresses = {code.address for code in Code}
    for path in site.rglob("*.html"):
        read = _Reader(path.read_text(encoding="utf-8"))
        assert read.policy.startswith("default-src 'none'; style-src 'sha256-")
        assert read.tags.count("script") == 1
        for link in read.links:
            assert link in addresses or (path.parent / link).is_file(), link
    assert Code.SOURCE_NATIVE.address in _Reader((site / "projects/av.html").read_text(encoding="utf-8")).links


@pytest.mark.parametrize("hostile", HOSTILE_TEXTS)
def test_hostile_names_are_text_and_their_files_stay_in_the_folder(tmp_path: Path, hostile: str) -> None:
    outcomes = {f"i {hostile}": ("blocked", {hostile: (hostile, "error")})}
    write_survey(tmp_path / "survey", outcomes, ((f"win {hostile}", "3.12"),), message=hostile)
    write_site(tmp_path / "survey", tmp_path / "deep" / "site")
    plain = write_survey(tmp_path / "plain", {"i": ("blocked", {"av": ("1", "error")})})
    write_site(plain, tmp_path / "usual")
    expected = sorted(_Reader((tmp_path / "usual" / "index.html").read_text(encoding="utf-8")).tags)
    assert sorted(_Reader((tmp_path / "deep/site/index.html").read_text(encoding="utf-8")).tags) == expected
    assert {path.parent.name for path in (tmp_path / "deep").rglob("*.html")} == {"site", "projects", "targets"}


@pytest.mark.parametrize("name", ["../../etc/passwd", "con", "a/b", "aux.2", "ä", "", "x" * 300, ".hidden"])
def test_name_that_is_no_plain_file_has_its_digest_instead(name: str) -> None:
    folder, _, file = file_of("projects", name).partition("/")
    assert (folder, file[:2], len(file)) == ("projects", "x.", 27)


def test_folder_with_other_files_is_not_replaced_and_a_site_is(site: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(UsageProblem, match="is no site of a survey"):
        write_site(tmp_path / "survey", tmp_path / "mine")
    assert (tmp_path / "mine" / "letter.txt").read_text(encoding="utf-8") == "keep"
    (site / "projects" / "old.html").write_text("", encoding="utf-8")
    write_site(tmp_path / "survey", site)
    assert not (site / "projects" / "old.html").exists()


def test_folder_without_a_survey_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputUnreadable, match="no table of a survey"):
        write_site(tmp_path, tmp_path / "site")


@pytest.fixture
def page(site: Path) -> Iterator[Page]:
    playwright = pytest.importorskip("playwright.sync_api", reason="the extra browser is not installed")
    if _PROGRAM is None:
        pytest.skip("neither Chromium nor Chrome is on this machine")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=_PROGRAM, args=["--no-sandbox"])
        page = browser.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto((site / "index.html").as_uri())
        yield page
        browser.close()
        assert complaints == []


def test_browser_sorts_searches_and_follows_links(page: Page) -> None:
    blockers = page.locator("[data-listing]").nth(1)

    def shown() -> list[str]:
        return [each.inner_text() for each in blockers.locator("tbody th").all() if each.is_visible()]

    assert shown() == ["av", "lxml"]
    blockers.get_by_role("button", name="project").click()
    blockers.get_by_role("button", name="project").click()
    assert shown() == ["lxml", "av"]
    blockers.get_by_role("button", name="inputs").click()
    assert shown() == ["av", "lxml"]
    blockers.get_by_label("Find").fill("LXM")
    assert shown() == ["lxml"]
    assert blockers.locator("[role=status]").inner_text() == "1 of 2"
    page.get_by_role("link", name="win_amd64, Python 3.9: 1 of 3 install").click()
    assert page.locator("h1").inner_text() == "1 of 3 install on win_amd64, Python 3.9"
    page.get_by_role("link", name="av", exact=True).first.click()
    assert page.locator("h1").inner_text() == "av blocks 2 inputs"
    page.get_by_role("link", name="The whole survey").click()
    assert page.locator("svg.bars g").count() == 3


@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_is_wider_than_the_window(page: Page, site: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for path in site.rglob("*.html"):
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name


def test_first_page_says_whose_wheels_would_free_most_with_repairs_too(tmp_path: Path) -> None:
    outcomes: dict[str, Outcome] = {
        "shop": ("blocked", {"av": ("11", "error")}),
        "desk": ("blocked", {"lxml": ("5", "error")}),
    }
    for repaired, count in ((("shop",), 1), ((), 0), (("shop", "desk"), 0)):
        write_site(
            write_survey(tmp_path / "-".join(("survey", *repaired)), outcomes, repaired=repaired), tmp_path / "site"
        )
        page = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
        assert page.count("Whose wheels would free most") == 1
        assert page.count("And where the repairs are applied") == count
