"""Every command that README.md and docs/ name is run, page by page and in their order, on the made-up index of docs/transcripts.py.

An answer may be a blocked plan or a failing gate (1); a command that is misspelt, or whose file nothing on the page has made, ends
otherwise. `_FILES` stands in for what a reader has, and for the products of fixtures/.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.transcripts import CATALOG, FOLDERS, PAGES, ROOT
from tests.fakes.archives import make_wheel, make_zip
from tests.fakes.runtimes import embeddable
from tests.server.catalog import index_project
from tests.server.index_server import IndexServer

_BLOCK = re.compile(r"^```(?:sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LOCK = 'version = 1\nrequires-python = ">=3.12"\n\n[[package]]\nname = "app"\nversion = "1.0"\nsource = { virtual = "." }\n'
_FILES = {
    **FOLDERS["app"],
    **FOLDERS["freeze"],
    "old/requirements.txt": "reportgen\n",
    "app.py": "import reportgen\n",
    "build.log": "ERROR: No matching distribution found for wavecodec==0.9.0\n",
    "Dockerfile": FOLDERS["container"]["Dockerfile"],
    "locks/uv.lock": _LOCK,
}
_RUNTIME = make_zip(embeddable(python="311"))
_OF_PAGES = {
    "survey.md": {"names.txt": "pixelbox\n", "inputs.jsonl": '{"id": "a", "requirement": "reportgen"}\n'},
    "builders.md": {
        "requirements.txt": "reportgen\n",
        "wheelcheck.toml": 'runtime-mirror = "mirror"\nknowledge = ["mirror"]\n',
        "mirror/runtimes.txt": f"{hashlib.sha256(_RUNTIME).hexdigest()}  python-3.11.9-embed-amd64.zip\n",
    },
    "formats.md": {"requirements.txt": "reportgen\n"},
    "README.md": FOLDERS["library"],
    "library-extras.md": FOLDERS["library"],
    "ci.md": {"uv.lock": _LOCK},
}
_KNOWN = tuple(index_project(name, make_wheel(name, "2.5.1")) for name in ("av", "numpy", "torch"))


def commands(page: Path) -> Iterator[str]:
    """Each call of wheelcheck in a shell block of *page*, without what was printed and without comments."""
    for block in _BLOCK.findall(page.read_text(encoding="utf-8")):
        is_console = re.search(r"^\$ ", block, re.MULTILINE) is not None
        for line in re.sub(r"\\\n\s*", "", block).splitlines():
            words = line.removeprefix("$ ").rpartition(" | ")[2].rpartition("&& ")[2].strip()
            if (line.startswith("$ ") or not is_console) and re.match(r"wheelcheck\b", words):
                yield re.sub(r"fixtures/scenarios/\S+/", "", words)


def _lay_down(folder: Path, page: Path) -> None:
    for name, text in (_FILES | dict(_OF_PAGES.get(page.name, {}))).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for minor in ("311", "312"):
        runtime = make_zip(embeddable(python=minor))
        numbers = [
            each
            for other in PAGES
            for each in re.findall(rf"python-3\.{minor[1:]}[.\d]*-embed-amd64\.zip", other.read_text(encoding="utf-8"))
        ]
        for name in numbers:
            (folder / name).write_bytes(runtime)
    (folder / "RUNTIME").write_bytes(make_zip(embeddable(python=f"{sys.version_info.major}{sys.version_info.minor}")))
    published = folder / "mirror" / "3.11.9" / "python-3.11.9-embed-amd64.zip"
    published.parent.mkdir(parents=True)
    published.write_bytes(_RUNTIME)
    for words in (
        "git init -q -b main", "git add -A", "git -c user.name=a -c user.email=a@a.example commit -qm first",
        "git update-ref refs/remotes/origin/main HEAD",
    ):  # fmt: skip
        subprocess.run(words.split(), cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize("page", [page for page in PAGES if any(commands(page))], ids=lambda page: page.stem)
def test_commands_of_the_page_run(page: Path, tmp_path: Path) -> None:
    if page.name == "survey.md":
        pytest.importorskip("distributed", reason="the extra wheelcheck[survey] is not installed")
    folder = tmp_path / "shop"
    folder.mkdir()
    _lay_down(folder, page)
    with IndexServer((*CATALOG, *_KNOWN)) as server:
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "WHEELCHECK_"))} | {
            "HOME": str(tmp_path), "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": server.simple_url, "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        for command in commands(page):
            typed = re.sub(r"https://index\.example/\w+/|\bADDRESS\b", server.simple_url, command).replace(
                " --runner wine", ""
            )
            words = shlex.split(typed, comments=True)[1:]
            ended = subprocess.run(
                [sys.executable, "-m", "wheelcheck", *words],
                cwd=folder, env=environ, input=_FILES["build.log"], capture_output=True, text=True, encoding="utf-8", check=False,
            )  # fmt: skip
            assert ended.returncode in (0, 1), f"{command}\n{ended.stdout}{ended.stderr}"
