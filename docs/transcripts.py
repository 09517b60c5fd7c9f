"""Runs what the pages of docs/ show between `<!-- transcript NAME -->` marks, and writes it there: `python -m docs.transcripts`.

The commands are real, the index is not: `CATALOG` has a few projects that were made up, so that anybody gets the same answer
without a network, and a test can (tests/docs/test_transcripts.py). Folder → index server → commands → text between the marks.
What real projects print is in reports/ and on the pages that say so.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from tests.fakes.archives import make_sdist, make_wheel
from tests.server.catalog import IndexFile, IndexProject, index_file, index_project
from tests.server.index_server import IndexServer

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")))
_MARKED = re.compile(r"(<!-- transcript (?P<name>\S+) -->\n).*?(<!-- /transcript -->)", re.DOTALL)
_SETUP = {
    "setup.py": "from setuptools import Extension, setup\nsetup(ext_modules=[Extension('_fast', ['fast.c'])])\n",
    "fast.c": "",
}

LINUX = "manylinux_2_17_x86_64 manylinux_2_17_aarch64"
MUSL = "musllinux_1_2_x86_64 musllinux_1_2_aarch64"
ALL = f"win_amd64 win_arm64 macosx_11_0_arm64 macosx_10_12_x86_64 {LINUX} {MUSL}"


def _native(
    name: str, version: str, day: str, platforms: str, *, sdist: bool = True, requires: tuple[str, ...] = ()
) -> list[IndexFile]:
    """The files of a project with compiled code: an abi3 wheel for each of *platforms*, and its source archive."""
    at = f"{day}T08:00:00.000000Z"
    module: dict[str, str | bytes] = {f"{name}/__init__.py": f"from {name} import _fast\n", f"{name}/_fast.pyd": b""}
    made = [
        make_wheel(name, version, tags=f"cp310-abi3-{tag}", files=module, requires=requires)
        for tag in platforms.split()
    ]
    if sdist:
        made.append(make_sdist(name, version, files=_SETUP, requires=requires))
    return [index_file(each, upload_time=at) for each in made]


def _pure(name: str, version: str, day: str, *requires: str, code: str = "") -> IndexFile:
    wheel = make_wheel(name, version, requires=requires, files={f"{name}/__init__.py": code})
    return index_file(wheel, upload_time=f"{day}T08:00:00.000000Z")


MACBRIDGE = (
    ("2.7.0", "2024-04-08"), ("2.8.0", "2024-09-30"), ("2.9.0", "2025-02-03"), ("3.0.0", "2025-07-21"), ("3.1.0", "2026-01-12"),
)  # fmt: skip
"""Releases and their days of a project that has wheels for macOS alone."""
CATALOG: tuple[IndexProject, ...] = (
    index_project("pixelbox", *_native("pixelbox", "4.2.0", "2026-05-04", ALL)),
    index_project("reportgen", _pure("reportgen", "2.0.1", "2026-02-10", "pixelbox>=4")),
    index_project(
        "soundwire", _pure("soundwire", "1.4.0", "2025-11-20", "wavecodec==0.9.*", code="def play():\n    import wavecodec\n")
    ),
    index_project(
        "wavecodec",
        *_native("wavecodec", "0.9.0", "2025-08-01", LINUX),
        *_native("wavecodec", "1.0.0", "2026-03-15", ALL),
    ),
    index_project(
        "macbridge",
        *(file for version, day in MACBRIDGE
          for file in _native("macbridge", version, day, "macosx_11_0_arm64", sdist=False)),
    ),
    index_project("framegrab", *_native("framegrab", "2.2.0", "2025-12-01", f"win_amd64 macosx_11_0_arm64 {LINUX}")),
)  # fmt: skip

FOLDERS: Mapping[str, Mapping[str, str]] = {
    "app": {"requirements.txt": "reportgen\nsoundwire==1.4.0\n"},
    "container": {
        "requirements.txt": "reportgen\nframegrab\n",
        "Dockerfile": "FROM python:3.12-alpine\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n",
    },
    "freeze": {"freeze.txt": "macbridge==3.1.0\npixelbox==4.2.0\nreportgen==2.0.1\n"},
    "library": {
        "pyproject.toml": '[project]\nname = "mylib"\nversion = "1.0"\nrequires-python = ">=3.12,<3.14"\n'
        'dependencies = ["pixelbox>=4"]\n\n[project.optional-dependencies]\nvideo = ["framegrab>=2"]\n'
    },
    "board": {"requirements.txt": "pixelbox\nframegrab\n"},
}
TRANSCRIPTS: Mapping[str, tuple[str, str]] = {
    "no-words": ("library", "wheelcheck"),
    "each-extra": ("library", "wheelcheck matrix . --each-extra --platform windows,linux,alpine"),
    "first-answer": ("app", "wheelcheck plan requirements.txt --platform windows --python 3.12"),
    "first-repair": ("app", "wheelcheck plan requirements.txt --platform windows --python 3.12 --fix -o plan.json"),
    "grid": ("app", "wheelcheck matrix requirements.txt --platform all --python 3.12,3.13"),
    "tree": ("app", "wheelcheck tree requirements.txt --platform windows --python 3.12"),
    "why": ("app", "wheelcheck why wavecodec requirements.txt --platform windows --python 3.12"),
    "container": ("container", "wheelcheck check requirements.txt --targets-from Dockerfile"),
    "freeze": ("freeze", "wheelcheck plan freeze.txt --platform windows --python 3.12"),
    "library": ("library", "wheelcheck matrix . --extra video --platform all"),
    "board": ("board", "wheelcheck plan requirements.txt --platform raspberry-pi --python 3.13"),
}
"""Of each transcript its folder and its command."""


PICTURES: Mapping[str, str] = {"matrix": "grid", "check": "container", "tree": "tree"}
"""Of each picture of a terminal, besides plan.svg, the transcript that it shows in colour."""
_COLOURS = {
    "31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "34": "#79c0ff", "36": "#56d4bb", "2": "#9aa5b1", "1": "#ffffff",
    "0": "#d7dde3",
}  # fmt: skip
"""What the codes of `Page.coloured` look like on a dark terminal."""
_CODE = re.compile(r"\x1b\[([\d;]*)m")
_OF_LINES = (
    ("$", "2"), ("Blocked", "1;31"), ("  ✗", "1;31"), ("  !", "33"), ("  R", "36"), ("      wheelcheck", "34"),
)  # fmt: skip


def main() -> None:
    """Run everything, write the pages, and draw the pictures."""
    printed = {name: run(*asked) for name, asked in TRANSCRIPTS.items()}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        if (new := filled(text, printed)) != text:
            page.write_text(new, encoding="utf-8", newline="\n")
    for name in ("plan", *PICTURES):
        (ROOT / "docs" / "images" / f"{name}.svg").write_text(picture(name), encoding="utf-8", newline="\n")


def picture(name: str) -> str:
    """The picture *name* of a terminal, as SVG: an answer from the made-up index, or for ``plan`` a real product's first repair."""
    if name in PICTURES:
        return _terminal(run(*TRANSCRIPTS[PICTURES[name]], colour=True).splitlines())
    report = (ROOT / "reports" / "repairs.md").read_text(encoding="utf-8")
    lines = report.partition("```console\n")[2].partition("\n  R2 ")[0].rstrip().splitlines()
    lines[:1] = lines[0].replace(" --platform", " \\\n    --platform", 1).splitlines()
    # The report is plain: a line has the colour that its beginning has on a terminal.
    codes = (next((code for start, code in _OF_LINES if line.startswith(start)), "0") for line in lines)
    return _terminal([f"\x1b[{code}m{line}\x1b[0m" for code, line in zip(codes, lines, strict=True)])


def _terminal(lines: Sequence[str]) -> str:
    height = 20 * len(lines) + 60
    drawn = "\n".join(_drawn(line, 60 + 20 * number) for number, line in enumerate(lines) if line)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 840 {height}" font-size="15" '
        f'font-family="ui-monospace, Consolas, Menlo, monospace">\n<title>What wheelcheck prints</title>\n'
        f'<rect width="840" height="{height}" rx="10" fill="#1e2227"/>\n'
        '<circle cx="24" cy="22" r="6" fill="#ff5f57"/><circle cx="44" cy="22" r="6" fill="#febc2e"/>'
        f'<circle cx="64" cy="22" r="6" fill="#28c840"/>\n{drawn}\n</svg>\n'
    )


def _drawn(line: str, y: int) -> str:
    """*line* with its codes of colour at the height *y*; each piece has its own place, since glyphs differ from font to font."""
    pieces = _CODE.split(line)
    spans, column, code = [], 0, "0"
    for number, piece in enumerate(pieces):
        if number % 2:
            code = piece or "0"
        elif piece:
            # Every glyph has the same width, whichever font the reader has.
            place = f'x="{24 + 9.6 * column:.1f}" textLength="{9.6 * len(piece):.1f}"'
            parts = code.split(";")
            bold = ' font-weight="bold"' if "1" in parts else ""
            spans.append(
                f'<tspan {place} fill="{_COLOURS.get(parts[-1], _COLOURS["0"])}"{bold}>{escape(piece)}</tspan>'
            )
            column += len(piece)
    return f'<text y="{y}" xml:space="preserve">{"".join(spans)}</text>'


def filled(text: str, printed: Mapping[str, str]) -> str:
    """*text* with what each named transcript *printed*, between its marks."""
    return _MARKED.sub(lambda found: f"{found[1]}```console\n{printed[found['name']]}\n```\n{found[3]}", text)


def run(folder: str, command: str, *, colour: bool = False) -> str:
    """The *command* with ``$`` before it and what it prints, 80 columns wide, in the *folder* of `FOLDERS`, on 2026-11-01.

    With *colour* it has the escape codes of a terminal.
    """
    program, *words = shlex.split(command)
    with IndexServer(CATALOG) as server, tempfile.TemporaryDirectory() as scratch:
        for name, text in FOLDERS[folder].items():
            Path(scratch, name).write_text(text, encoding="utf-8")
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "WHEELCHECK_"))
        }
        environ = kept | {
            "COLUMNS": "80", "HOME": scratch, "NO_COLOR": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": server.simple_url,
            "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        asked = [
            sys.executable,
            "-m",
            program,
            *words,
            "--exclude-newer",
            "2026-11-01",
            "--cache-dir",
            f"{scratch}/.cache",
            *(("--color", "always") if colour else ()),
        ]
        ended = subprocess.run(
            asked, cwd=scratch, env=environ, capture_output=True, text=True, encoding="utf-8", check=False
        )
        text = (ended.stdout + ended.stderr).replace(server.simple_url, "https://index.example/simple/")
    shown = re.sub(
        r" (?:\\\n +)?--exclude-newer 2026-11-01| (?:\\\n +)?--cache-dir [^\s\x1b]+| (?:\\\n +)?--color always",
        "",
        text,
    )
    return f"$ {command}\n{shown.rstrip()}"


if __name__ == "__main__":
    main()
