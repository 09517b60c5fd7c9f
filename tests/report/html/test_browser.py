"""Pages in a real browser without a window: clicks, keys, copying, no console message, accessibility, speed.

They need the extra ``browser`` and Chromium or Chrome; where either is missing they are skipped. The check of accessibility also
needs axe-core, which ``npm install --prefix .browser axe-core`` brings; ``.ci/run`` does both where it can.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.report.html import pages
from wheelcheck.model.finding import DOCUMENTATION

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

playwright = pytest.importorskip("playwright.sync_api", reason="the extra browser is not installed")

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_AXE = Path(os.environ.get("WHEELCHECK_BROWSER_TOOLS", ".browser")) / "node_modules/axe-core/axe.min.js"
_PROGRAM = next(filter(None, map(shutil.which, _BROWSERS)), None)
_WIDTHS = (1280, 390)
_LOADS = 3  # of which the fastest counts: other work on the machine is no fault of the page
EVERY = pages.every_page()
pytestmark = pytest.mark.skipif(_PROGRAM is None, reason="neither Chromium nor Chrome is on this machine")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with playwright.sync_playwright() as driver:
        # A container gives the browser no sandbox of its own.
        opened = driver.chromium.launch(executable_path=_PROGRAM, args=["--no-sandbox"])
        yield opened
        opened.close()


class Opened:
    """A page opened from a file, and every console message and failed or foreign request that it made."""

    def __init__(
        self,
        browser: Browser,
        folder: Path,
        text: str,
        *,
        width: int = 1280,
        scheme: Literal["light", "dark"] = "light",
    ) -> None:
        path = folder / "page.html"
        path.write_text(text, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            permissions=["clipboard-read", "clipboard-write"],
            accept_downloads=True,
        )
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "request", lambda request: self.complaints.append(request.url) if "file://" not in request.url else None
        )
        self.page.goto(path.as_uri())

    def shown(self, selector: str) -> list[str]:
        """The texts of the elements of *selector* that can be seen."""
        return [each.inner_text() for each in self.page.locator(selector).all() if each.is_visible()]

    def close(self) -> None:
        self.page.context.close()
        assert self.complaints == []


Opening = Callable[..., Opened]


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opening]:
    made: list[Opened] = []

    def open_text(text: str, **more: Any) -> Opened:  # noqa: ANN401 - width and scheme
        made.append(Opened(browser, tmp_path, text, **more))
        return made[-1]

    yield open_text
    for each in made:
        each.close()


@pytest.mark.parametrize("width", _WIDTHS)
@pytest.mark.parametrize("word", EVERY)
def test_no_page_complains_or_is_wider_than_the_window(opened: Opening, word: str, width: int) -> None:
    page = opened(EVERY[word], width=width).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("h1").inner_text()


def test_a_click_on_a_cell_shows_what_concerns_it_and_a_second_click_shows_all(opened: Opening) -> None:
    made = opened(EVERY["matrix"])
    assert made.shown(".subject h3") == ["torch 2.9.0", "av 11.0.0"]
    cell = made.page.get_by_role("button", name="win_amd64, Python 3.13t: blocked by av")
    cell.click()
    assert cell.get_attribute("aria-pressed") == "true"
    assert made.shown(".subject h3") == ["av 11.0.0"]
    assert made.shown(".card h3") == ["Override av: 11.0.0 → 12.0.0 (audiocraft 1.3.0 pins ==11.0.0)"]
    assert made.page.locator("#filtered").inner_text() == "Only what concerns win_amd64, Python 3.13t: blocked by av"
    cell.click()
    assert cell.get_attribute("aria-pressed") == "false"
    assert made.shown(".subject h3") == ["torch 2.9.0", "av 11.0.0"]
    assert made.shown("#filter") == []


def test_a_cell_that_installs_says_that_nothing_blocks_it_and_shows_its_own_sizes(opened: Opening) -> None:
    made = opened(EVERY["matrix"])
    made.page.get_by_role("button", name="manylinux_2_28_x86_64, Python 3.11").click()
    assert made.shown(".subject h3") == []
    assert made.shown("#nothing") == ["Nothing blocks this target."]
    [caption] = made.shown("figcaption")
    assert "manylinux_2_28_x86_64, Python 3.11" in caption


def test_the_keyboard_alone_walks_the_grid_chooses_with_enter_and_ends_with_escape(opened: Opening) -> None:
    made = opened(EVERY["matrix"])
    page = made.page
    for _ in range(4):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.cell')"):
            break
    assert page.evaluate("document.activeElement.dataset.cell") == "0"
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.dataset.cell") == "4"
    page.keyboard.press("Enter")
    assert made.shown(".subject h3") == ["av 11.0.0"]
    page.keyboard.press("Escape")
    assert made.shown(".subject h3") == ["torch 2.9.0", "av 11.0.0"]


def test_the_button_shows_all_again_and_gives_the_focus_back(opened: Opening) -> None:
    made = opened(EVERY["matrix"])
    made.page.locator("[data-cell='6']").click()
    assert made.shown(".subject h3") == ["torch 2.9.0"]
    made.page.get_by_role("button", name="Show all targets").click()
    assert len(made.shown(".subject h3")) == 2
    assert made.page.evaluate("document.activeElement.dataset.cell") == "6"


def test_a_command_is_copied(opened: Opening) -> None:
    page = opened(EVERY["plan"]).page
    card = page.locator(".card").first
    card.get_by_role("button", name="Copy").click()
    card.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == card.locator(".command code").inner_text()


def test_a_patch_is_downloaded_as_it_is(opened: Opening) -> None:
    page = opened(EVERY["plan"]).page
    with page.expect_download() as awaited:
        page.get_by_role("link", name="Download the patch").click()
    download = awaited.value
    assert download.suggested_filename == "wheelcheck-R1.patch"
    assert Path(download.path()).read_text(encoding="utf-8") == pages.PATCH


def test_packages_are_found_by_a_part_of_their_name(opened: Opening) -> None:
    page = opened(EVERY["matrix"]).page
    page.get_by_label("Find a package").fill("ODEC")
    rows = page.locator("#rows > tr")
    assert [row.locator("th").inner_text() for row in rows.all() if row.is_visible()] == ["encodec"]


def test_hostile_names_are_text_and_run_nothing(opened: Opening) -> None:
    made = opened(pages.hostile_page())
    assert made.page.locator("script").count() == 1
    assert made.page.locator(f"main a:not([download]):not([href^='{DOCUMENTATION}findings/'])").count() == 0
    assert "<script>alert(1)</script>" in made.page.locator("h3").first.inner_text()


def test_without_scripts_everything_is_there_and_no_button_that_does_nothing(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(EVERY["matrix"], encoding="utf-8")
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(path.as_uri())
    assert page.locator("#blockers + .list h3").all_inner_texts() == ["torch 2.9.0", "av 11.0.0"]
    assert not page.get_by_role("button", name="Copy").is_visible()
    page.context.close()


@pytest.mark.skipif(not _AXE.is_file(), reason=f"axe-core is not at {_AXE}")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("word", EVERY)
def test_axe_finds_nothing_serious(opened: Opening, word: str, scheme: str) -> None:
    page = opened(EVERY[word], scheme=scheme).page
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    page.evaluate(_AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then((result) => result.violations)")
    serious = [
        (each["id"], [node["target"] for node in each["nodes"]][:3], each["nodes"][0]["failureSummary"])
        for each in found
        if each["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_300_projects_on_56_cells_are_ready_and_filtered_within_a_second(opened: Opening) -> None:
    page = opened(pages.rendered("matrix", pages.large())).page
    ready = 1e9
    for _ in range(_LOADS):
        ready = min(ready, page.evaluate("performance.getEntriesByType('navigation')[0].domInteractive"))
        page.reload()
    took = page.evaluate(
        """() => { const start = performance.now(); document.querySelector("[data-cell='1']").click();
        document.body.offsetHeight; return performance.now() - start; }"""
    )
    assert page.locator(".subject:visible").count() == 1
    assert ready < 1000
    assert took < 1000
