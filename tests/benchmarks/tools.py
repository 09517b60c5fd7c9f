"""How each tool is told to do a piece of work: its words, files and environment, or why it cannot; runs nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct, field
from msgspec.structs import replace

from tests.benchmarks.work import Work

_KEPT = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "TMPDIR")
_REPOSITORY = Path(__file__).parents[2]


class Errand(Struct, frozen=True, kw_only=True):
    """*work* against the index at *index_url*, with what is cached in *cache*; *folder* is the tool's own to write in.

    *certificates* is a bundle for a live index behind a private authority, or ``None``.
    """

    work: Work
    index_url: str
    cache: Path
    folder: Path
    certificates: str | None = None


class Command(Struct, frozen=True, kw_only=True):
    """What to run, in the errand's folder, and with which environment besides :func:`clean_environment`."""

    words: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)


class Unable(Struct, frozen=True):
    """The tool cannot do this work, and why, in a sentence."""

    why: str


class Tool(Struct, frozen=True, kw_only=True):
    """A tool, where it lies, and what it is told to do."""

    name: str
    program: tuple[str, ...]
    told: Callable[[Tool, Errand], Command | Unable]
    note: str = ""
    told_grid: Callable[[Tool, Errand, Sequence[Work]], Command] | None = None
    """The one command for many targets, where there is one."""

    def command(self, errand: Errand) -> Command | Unable:
        """Write the input files that the tool needs into the errand's folder, and give its command."""
        _write_requirements(errand)
        return self.told(self, errand)

    def commands(self, errand: Errand, cells: Sequence[Work]) -> Iterator[Command | Unable]:
        """One command for all *cells* if the tool has one, else one for each; written as :meth:`command` does."""
        if len(cells) > 1 and self.told_grid is not None:
            _write_requirements(errand)
            yield self.told_grid(self, errand, cells)
            return
        for work in cells:
            yield self.command(replace(errand, work=work))

    def version(self) -> str:
        """What ``--version`` says last, or the word after the name."""
        done = subprocess.run([*self.program, "--version"], capture_output=True, text=True, check=False)
        words = done.stdout.split() or ["?"]
        return next((word for word in words if word[:1].isdigit()), words[-1])


def _write_requirements(errand: Errand) -> None:
    errand.folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join((*errand.work.requirements, ""))
    (errand.folder / "requirements.txt").write_text(text, encoding="utf-8")


def clean_environment(home: Path) -> dict[str, str]:
    """An environment that says nothing of this machine's settings of pip or uv, with byte code written."""
    return {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        "HOME": str(home),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_CONFIG": "1",
        "PYTHONPATH": str(_REPOSITORY),
    }


def _wheelcheck(tool: Tool, errand: Errand) -> Command:
    work = errand.work
    return Command(
        words=(
            *tool.program, "plan", "requirements.txt", "--platform", work.platform, "--python", work.python,
            "--sdist", "deny", "--no-repair", "-q", "-o", "plan.json", "-i", errand.index_url,
            "--cache-dir", str(errand.cache),
        ),
        environ=_pip_certificates(errand),
    )  # fmt: skip


def _wheelcheck_matrix(tool: Tool, errand: Errand, cells: Sequence[Work]) -> Command:
    platforms = dict.fromkeys(cell.platform for cell in cells)
    pythons = dict.fromkeys(cell.python for cell in cells)
    targets = (*((("--platform", each)) for each in platforms), *((("--python", each)) for each in pythons))
    return Command(
        words=(
            *tool.program, "matrix", "requirements.txt", *(word for pair in targets for word in pair),
            "--sdist", "deny", "--no-repair", "-q", "--format", "json", "-i", errand.index_url,
            "--cache-dir", str(errand.cache),
        ),
        environ=_pip_certificates(errand),
    )  # fmt: skip


def has_matrix() -> bool:
    """Whether this wheelcheck has the command ``matrix``."""
    done = subprocess.run([sys.executable, "-m", "wheelcheck", "matrix", "--help"], capture_output=True, check=False)
    return done.returncode == 0


_UV_PLATFORMS: Mapping[str, str] = {
    "win_amd64": "x86_64-pc-windows-msvc",
    "win_arm64": "aarch64-pc-windows-msvc",
    "macosx_13_0_arm64": "aarch64-apple-darwin",
    "macosx_13_0_x86_64": "x86_64-apple-darwin",
    "manylinux_2_28_x86_64": "x86_64-manylinux_2_28",
    "manylinux_2_28_aarch64": "aarch64-manylinux_2_28",
    "musllinux_1_2_x86_64": "x86_64-unknown-linux-musl",
    "musllinux_1_2_aarch64": "aarch64-unknown-linux-musl",
}


def _uv(tool: Tool, errand: Errand) -> Command:
    work = errand.work
    trust = {} if errand.certificates is None else {"SSL_CERT_FILE": errand.certificates}
    return Command(
        words=(
            *tool.program, "pip", "compile", "requirements.txt", "--python-platform", _UV_PLATFORMS[work.platform],
            "--python-version", work.python, "--only-binary", ":all:", "--default-index", errand.index_url,
            "--cache-dir", str(errand.cache), "--no-header", "--no-annotate", "-q", "-o", "locked.txt", "--upgrade",
        ),
        environ={"MACOSX_DEPLOYMENT_TARGET": "13.0", **trust},
    )  # fmt: skip


_NAB_PLATFORMS: Mapping[str, str] = {
    "win_amd64": "windows_amd64",
    "win_arm64": "windows_arm64",
    "macosx_13_0_arm64": "macos_arm64",
    "macosx_13_0_x86_64": "macos_x86_64",
    "manylinux_2_28_x86_64": "linux_x86_64",
    "manylinux_2_28_aarch64": "linux_aarch64",
}


def _nab(tool: Tool, errand: Errand) -> Command | Unable:
    platform = _NAB_PLATFORMS.get(errand.work.platform)
    if platform is None:
        return Unable("its list of platforms has no musl")
    project = f"""\
[project]
name = "asked"
version = "0"
requires-python = ">={errand.work.python}"
dependencies = {json.dumps(errand.work.requirements)}

[tool.nab]
dist-policy = "wheel-only"

[[tool.nab.indexes]]
name = "asked"
url = "{errand.index_url}"

[tool.nab.environment]
python = "{errand.work.python}"
platform = "{platform}"
"""
    (errand.folder / "pyproject.toml").write_text(project, encoding="utf-8")
    trust = {} if errand.certificates is None else {"SSL_CERT_FILE": errand.certificates}
    words = (
        "-q",
        "--no-progress",
        "lock",
        "pyproject.toml",
        "--output",
        "pylock.toml",
        "--cache-dir",
        str(errand.cache),
    )
    return Command(words=(*tool.program, *words), environ={**trust, "REQUESTS_CA_BUNDLE": errand.certificates or ""})


def _pip(tool: Tool, errand: Errand) -> Command:
    work = errand.work
    return Command(
        words=(
            *tool.program, "install", "--dry-run", "--ignore-installed", "--only-binary", ":all:",
            *_pip_platforms(work.platform), "--python-version", work.python, "--target", "nowhere",
            "--report", "report.json", "-q", "--index-url", errand.index_url, "--trusted-host", _host(errand),
            "--cache-dir", str(errand.cache), "-r", "requirements.txt",
        ),
        environ=_pip_certificates(errand),
    )  # fmt: skip


def _pip_platforms(platform: str) -> tuple[str, ...]:
    # pip takes --platform as the one tag it is, so older floors of manylinux must be named too.
    if not platform.startswith("manylinux_2_28_"):
        return ("--platform", platform)
    machine = platform.removeprefix("manylinux_2_28_")
    floors = ("manylinux_2_28", "manylinux_2_17", "manylinux2014", "manylinux_2_12", "manylinux2010", "manylinux_2_5")
    return tuple(word for floor in floors for word in ("--platform", f"{floor}_{machine}"))


def _pex(tool: Tool, errand: Errand) -> Command:
    from wheelcheck.targets.targets import parse_target

    target = parse_target(errand.work.platform, errand.work.python)
    complete = {
        "path": None,
        "compatible_tags": ["-".join(tag) for tag in target.tags],
        "marker_environment": dict(target.markers),
    }
    (errand.folder / "platform.json").write_text(json.dumps(complete), encoding="utf-8")
    return Command(
        words=(
            *tool.program, "lock", "create", "--style", "strict", "--avoid-downloads", "--complete-platform",
            "platform.json", "--no-build", "--pip-version", "vendored", "--no-pypi", "-i", errand.index_url,
            "--pex-root", str(errand.cache), "-o", "locked.json", "-r", "requirements.txt",
            *(() if errand.certificates is None else ("--cert", errand.certificates)),
        ),
        environ={"PEX_ROOT": str(errand.cache)},
    )  # fmt: skip


def _host(errand: Errand) -> str:
    return urlsplit(errand.index_url).hostname or ""


def _pip_certificates(errand: Errand) -> dict[str, str]:
    return {} if errand.certificates is None else {"PIP_CERT": errand.certificates}


def _found(word: str, folder: Path | None) -> tuple[str, ...] | None:
    for place in (folder, Path(sys.executable).parent):
        if place is not None and (place / word).is_file():
            return (str(place / word),)
    found = shutil.which(word)
    return None if found is None else (found,)


def installed_tools(folder: Path | None = None) -> tuple[tuple[Tool, ...], tuple[str, ...]]:
    """The tools that are there, wheelcheck first, and the names of those that are not.

    *folder* is looked into before this interpreter's own and the search path.
    """
    ours = Tool(
        name="wheelcheck", program=(sys.executable, "-m", "wheelcheck"), told=_wheelcheck, told_grid=_wheelcheck_matrix
    )
    tools, missing = [ours], []
    for name, word, told, note in _PEERS:
        program = _found(word, folder)
        if program is None:
            missing.append(name)
        else:
            tools.append(Tool(name=name, program=program, told=told, note=note))
    return tuple(tools), tuple(missing)


_PEERS: tuple[tuple[str, str, Callable[[Tool, Errand], Command | Unable], str], ...] = (
    ("uv", "uv", _uv, "`uv pip compile --only-binary :all:`"),
    ("nab", "nab", _nab, '`nab lock` with `dist-policy = "wheel-only"`'),
    ("pip", "pip", _pip, "`pip install --dry-run --only-binary :all:`: judges markers by the running interpreter"),
    ("pex", "pex3", _pex, "`pex3 lock create --style strict --avoid-downloads --complete-platform`"),
)
