"""Every source of targets is read by one function, and told by its name where that is enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from wheelcheck.errors import InputUnreadable
from wheelcheck.knowledge.images import load_images
from wheelcheck.targets.reading import TargetAsk, TargetSource, load_targets, source_of

ASK = TargetAsk(known=load_images(), pythons=("3.11", "3.12"), build_args={"TAG": "3.12-bookworm"})

EXAMPLES = {
    TargetSource.DOCKERFILE: ("ARG TAG\nFROM python:$TAG\n", ["3.12 manylinux_2_36_x86_64"]),
    TargetSource.PYTHON_VERSION: ("3.12\n", ["3.12 None"]),
    TargetSource.REQUIRES_PYTHON: ("[project]\nrequires-python = '>=3.11'\n", ["3.11 None", "3.12 None"]),
    TargetSource.CIBUILDWHEEL: (
        "[tool.cibuildwheel]\nbuild = 'cp3*-win_amd64'\n",
        ["3.11 win_amd64", "3.12 win_amd64"],
    ),
    TargetSource.GITHUB_ACTIONS: (
        "jobs: {a: {runs-on: windows-latest, strategy: {matrix: {python: [3.12]}}}}\n",
        ["3.12 win_amd64"],
    ),
}


@pytest.mark.parametrize("source", TargetSource)
def test_every_source_is_loaded_from_its_file(source: TargetSource, tmp_path: Path) -> None:
    text, targets = EXAMPLES[source]
    file = tmp_path / "file"
    # Files from Windows editors have a byte order mark and other line ends.
    file.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    found = load_targets(file, source, ASK)
    assert [f"{target.python} {target.platform}" for target in found.targets] == targets
    assert all(target.origin.path == str(file) for target in found.targets)


@pytest.mark.parametrize("source", TargetSource)
def test_a_missing_or_binary_file_is_refused_by_name(source: TargetSource, tmp_path: Path) -> None:
    with pytest.raises(InputUnreadable, match="no such file"):
        load_targets(tmp_path / "gone", source, ASK)
    (tmp_path / "binary").write_bytes(b"\x7fELF\x00\xff")
    with pytest.raises(InputUnreadable, match="not text"):
        load_targets(tmp_path / "binary", source, ASK)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("Dockerfile", TargetSource.DOCKERFILE),
        ("deploy/Dockerfile.prod", TargetSource.DOCKERFILE),
        ("api.Dockerfile", TargetSource.DOCKERFILE),
        ("Containerfile", TargetSource.DOCKERFILE),
        (".python-version", TargetSource.PYTHON_VERSION),
        (".github/workflows/ci.yml", TargetSource.GITHUB_ACTIONS),
        ("ci.yml", None),
        ("pyproject.toml", None),
        ("requirements.txt", None),
    ],
)
def test_a_name_tells_the_source_where_only_one_has_it(path: str, source: TargetSource | None) -> None:
    assert source_of(Path(path)) == source
