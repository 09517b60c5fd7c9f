"""What docs/builders.md tells people who ship to Windows, typed as it stands, and run by a Windows Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.builders_lines import Workshop, iter_product, named_windows, open_workshop, verified
from tests.live.peers import ROOT
from tests.windows.conftest import VARIABLE

pytestmark = pytest.mark.live


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    windows = named_windows()
    if windows is None:
        pytest.skip(f"no Windows Python to run: {VARIABLE} is not set")
    return open_workshop(tmp_path / "shop", windows)


@pytest.mark.parametrize("product", ["samai", "vibebells"])
def test_commands_of_the_page_end_in_a_bundle_whose_every_module_imports(workshop: Workshop, product: str) -> None:
    page = (ROOT / "docs" / "builders.md").read_text(encoding="utf-8")
    for ran in iter_product(workshop, product):
        assert ran.status == 0, ran.text
        assert f"$ {ran.command}\n" in page
    assert f"✓ dist/{product}: no problems" in ran.text
    answer = verified(workshop, f"dist/{product}", "--runner", "wine", "--timeout", "300")
    assert answer["ok"]
    trials = [trial for each in answer["distributions"] for trial in each["imports"]]
    assert trials
    assert {trial["outcome"] for trial in trials} == {"imported"}


def test_numpy_alone_is_bundled_from_a_wheelhouse_that_was_there(workshop: Workshop) -> None:
    workshop.installable("numpy==1.26.4")
    assert workshop.run("fetch", "plan.json", "-d", "wheels").status == 0
    bundled = workshop.run("bundle", "plan.json", "--wheelhouse", "wheels", "--offline", "-o", "out")
    assert bundled.status == 0, bundled.text
    assert verified(workshop, "out", "--imports", "none")["ok"]
