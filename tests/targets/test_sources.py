"""Every source of targets is read by one function, and told by its name and what it contains."""

from __future__ import annotations

import pytest

from wheelcheck.knowledge.systems import load_images
from wheelcheck.targets.sources import TARGET_SOURCES, TargetQuery, parse_targets, source_of

QUERY = TargetQuery(known=load_images(), pythons=("3.11", "3.12"), build_args={"TAG": "3.12-bookworm"})

EXAMPLES = {
    "Dockerfile": ("ARG TAG\nFROM python:$TAG\n", ["3.12 manylinux_2_36_x86_64"]),
    ".python-version": ("3.12\n", ["3.12 None"]),
    "requires-python": ("[project]\nrequires-python = '>=3.11'\n", ["3.11 None", "3.12 None"]),
    "tool.cibuildwheel": ("[tool.cibuildwheel]\nbuild = 'cp3*-win_amd64'\n", ["3.11 win_amd64", "3.12 win_amd64"]),
    "GitHub Actions workflow": (
        "jobs: {a: {runs-on: windows-latest, strategy: {matrix: {python: [3.12]}}}}\n",
        ["3.12 win_amd64"],
    ),
}
FILES = {
    "requires-python": "pyproject.toml",
    "tool.cibuildwheel": "pyproject.toml",
    "GitHub Actions workflow": "ci.yml",
}


@pytest.mark.parametrize("source", [each.name for each in TARGET_SOURCES])
def test_every_source_is_read_from_its_file(source: str) -> None:
    text, targets = EXAMPLES[source]
    path = f"folder/{FILES.get(source, source)}"
    # Windows editors leave other line ends.
    found = parse_targets(text.replace("\n", "\r\n"), path, QUERY)
    assert [f"{target.python} {target.platform}" for target in found.targets] == targets
    assert all(target.origin.path == path for target in found.targets)


@pytest.mark.parametrize(
    ("path", "text", "source"),
    [
        ("Dockerfile", "", "Dockerfile"),
        ("deploy/Dockerfile.prod", "", "Dockerfile"),
        ("api.Dockerfile", "", "Dockerfile"),
        ("Containerfile", "", "Dockerfile"),
        (".python-version", "", ".python-version"),
        (".github/workflows/ci.yml", "", "GitHub Actions workflow"),
        ("ci.yaml", "", "GitHub Actions workflow"),
        ("pyproject.toml", "[project]", "requires-python"),
        ("pyproject.toml", "[tool.cibuildwheel.linux]", "tool.cibuildwheel"),
        ("image", "", "Dockerfile"),
    ],
)
def test_name_and_content_tell_the_source(path: str, text: str, source: str) -> None:
    assert source_of(path, text).name == source
