"""What an index would show of the project; `.ci/run` builds it, and asks twine, check-wheel-contents and pyroma."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import metadata

from tests.docs.readme import ROOT
from wheelcheck.model.finding import DOCUMENTATION, Code

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REPOSITORY = PROJECT["urls"]["Repository"]


def test_links_of_the_description_lead_somewhere_from_an_index() -> None:
    described = metadata("wheelcheck").json["description"]
    links = re.findall(r"(!?)\[[^\]]*\]\(([^)\s]+)\)", str(described))
    assert len(links) > 20
    for picture, link in links:
        assert link.startswith(f"{REPOSITORY}/{'raw' if picture else 'blob'}/main/")
        assert (ROOT / link.partition("/main/")[2].partition("#")[0]).exists()


def test_project_and_documentation_have_one_address_each() -> None:
    host, _, name = DOCUMENTATION.removeprefix("https://").rstrip("/").partition("/")
    owner, _, forge = host.partition(".")
    assert {each.removeprefix(f"https://{forge}/{owner}/{name}").partition("/")[0]
            for key, each in PROJECT["urls"].items() if key != "Documentation"} == {""}  # fmt: skip
    assert PROJECT["urls"]["Documentation"] == DOCUMENTATION
    assert f"\nrepo_url: {REPOSITORY}\n" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert f"\nsite_url: {DOCUMENTATION}\n" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert Code.SOURCE_NATIVE.address == f"{DOCUMENTATION}findings/WC102/"


def test_version_of_the_package_is_the_newest_in_the_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\S+)", changelog, re.MULTILINE)
    assert newest is not None
    assert newest[1].rstrip(",") == PROJECT["version"]
