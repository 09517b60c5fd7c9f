"""The command behind ``reports/judgement.md``, against a loopback index and against a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.judge_popular import LIST, main, parse_list
from fixtures.judgement_report import Published
from tests.fakes.archives import Content, make_sdist, make_wheel
from tests.server import PLAIN_HTML, IndexFile, IndexServer, Mode
from tests.server.catalog import Made

PURE: dict[str, Content] = {"setup.py": "from setuptools import setup\nsetup()\n"}
NATIVE: dict[str, Content] = {
    "setup.py": "from setuptools import setup, Extension\nsetup(ext_modules=[Extension('a', ['a.c'])])\n"
}
LINUX = "cp311-cp311-manylinux_2_28_x86_64"
CATALOG: dict[str, list[Made | IndexFile]] = {
    "plain": [
        make_sdist("plain", "2.0rc1", files=NATIVE),
        make_wheel("plain", "2.0rc1"),
        make_sdist("plain", "1.0", files=PURE),
        make_wheel("plain", "1.0"),
        make_wheel("plain", "1.1"),
    ],
    "fast": [make_sdist("fast", "1.0", files=NATIVE), make_wheel("fast", "1.0", tags=LINUX)],
    "mixed": [
        make_sdist("mixed", "1.0", files=NATIVE),
        make_wheel("mixed", "1.0", tags=LINUX),
        make_wheel("mixed", "1.0"),
    ],
    "bad": [make_sdist("bad", "1.0", files=PURE), make_wheel("bad", "1.0", tags=LINUX)],
    "wheels-only": [make_wheel("wheels-only", "1.0")],
    "fat": [
        make_sdist("fat", "1.0", files={**PURE, "data": bytes(range(256)) * 40_000}, suffix=".tar"),
        make_wheel("fat", "1.0"),
    ],
}


def listed(folder: Path, *names: str) -> Path:
    path = folder / "list.txt"
    path.write_text("".join(f"{name}\towner/{name}\t.\tmine\t-\tany\tv1\n" for name in names))
    return path


@pytest.mark.parametrize("mode", [Mode(), PLAIN_HTML])
def test_sdists_of_an_index_are_judged_and_compared_with_its_wheels(mode: Mode, tmp_path: Path) -> None:
    report = tmp_path / "report.md"
    names = listed(tmp_path, *CATALOG)
    with IndexServer(CATALOG, mode=mode) as server:
        arguments = ["--index-url", server.simple_url, "--list", str(names), "--largest", "0.5", "-o", str(report)]
        assert main(arguments) == 0
    text = report.read_text()
    assert "Judged: 4 projects (4 from the sdist of a release, 0 from a source tree), 2 of them native" in text
    assert "Native judged pure (the bad error): 1." in text
    assert "| plain | 1.0 | sdist | any | pure |" in text
    assert "| mixed | 1.0 | sdist | any+platform | native |" in text
    assert "- **bad** 1.0 (platform) judged pure" in text
    assert "- wheels-only: no final release has both" in text
    assert "- fat 1.0: " in text
    assert "127.0.0.1" not in text and "localhost" not in text


def test_sources_at_hand_are_judged_without_an_index(tmp_path: Path) -> None:
    (tmp_path / "sources" / "plain").mkdir(parents=True)
    (tmp_path / "sources" / "plain" / "setup.py").write_text(str(PURE["setup.py"]))
    filename, content = make_sdist("fast", "1.0", files=NATIVE)
    (tmp_path / "sources" / filename).write_bytes(content)
    report = tmp_path / "report.md"
    names = listed(tmp_path, "plain", "fast", "absent")
    assert main(["--sources", str(tmp_path / "sources"), "--list", str(names), "-o", str(report)]) == 0
    text = report.read_text()
    assert "| plain | - | tree v1 | any | pure |" in text
    assert "- **fast** - (any) judged native" in text
    assert "- absent: no sources at hand" in text


def test_the_list_is_in_order_and_each_project_is_once_in_it() -> None:
    projects = parse_list(LIST.read_text("utf-8"))
    names = [project.name for project in projects]
    assert names == sorted(set(names))
    assert sum(project.published is Published.PLATFORM for project in projects) >= 60
