"""The table of exporters in docs/builders.md is that of the program."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

import wheelcheck
from wheelcheck.export.formats import EXPORTERS

_PAGE = Path(wheelcheck.__file__).parents[1] / "docs" / "builders.md"


def test_table_of_exporters_is_the_programs_own() -> None:
    section = _PAGE.read_text(encoding="utf-8").partition("\n## Exporting\n")[2]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if re.match(r"\| `[a-z]", line)
    ]
    told = {row[0].strip("`"): (row[1], frozenset(re.findall(r"`--([a-z-]+)`", row[2]))) for row in rows}
    assert told == {each.name: (each.sentence, each.uses) for each in EXPORTERS}
    assert [row[0].strip("`") for row in rows] == [each.name for each in EXPORTERS]
    assert all(row[3] for row in rows)


def _recipe(name: str) -> str:
    found = re.search(
        rf"<!-- {name} -->\n```xml\n(.*?)```\n<!-- /{name} -->", _PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    assert found is not None
    return found[1]


def test_package_for_the_store_names_a_program_of_the_bundle_and_its_script() -> None:
    package = ElementTree.fromstring(_recipe("msix"))  # noqa: S314 - our own page
    (application,) = (each for each in package.iter() if each.tag.endswith("}Application"))
    assert application.get("Executable") == "pythonw.exe"
    (words,) = (value for key, value in application.items() if key.endswith("}Parameters"))
    assert words == '-B "$(package.effectivePath)\\app.py"'


def test_installer_package_is_built_and_holds_every_file(tmp_path: Path) -> None:
    """By the page's own commands."""
    if not all(map(shutil.which, ("wixl", "wixl-heat", "msiextract"))):
        pytest.skip("msitools is not installed")
    files = {"pythonw.exe": b"MZ", "app.py": b"print()", "Lib/site-packages/a b/\u00e9.py": b"x = 1"}
    for name, content in files.items():
        place = tmp_path / "product" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    text = _recipe("wix").replace("A-GUID-OF-YOUR-OWN", "9f0c4c0e-5c1f-4b83-9a59-6f1f5d2a7c11")
    (tmp_path / "product.wxs").write_text(text, encoding="utf-8")
    commands = re.search(r"```sh\n(find product .*?)```", _PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert commands is not None
    subprocess.run(["sh", "-ec", commands[1]], cwd=tmp_path, check=True, timeout=60, capture_output=True)
    subprocess.run(
        ["msiextract", "-C", "out", "product.msi"], cwd=tmp_path, check=True, timeout=60, capture_output=True
    )
    laid = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    hashes = {hashlib.sha256(path.read_bytes()).hexdigest() for path in laid}
    assert hashes == {hashlib.sha256(content).hexdigest() for content in files.values()}
    assert {path.relative_to(tmp_path / "out").parts[:2] for path in laid} == {("Programs", "Product")}
