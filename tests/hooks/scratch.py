"""A scratch git repository, and the index that its dependencies come from."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.archives import make_sdist, make_wheel
from tests.server import IndexServer

ROOT = Path(__file__).parents[2]
NATIVE = {
    "setup.py": "from setuptools import setup, Extension\n"
    "setup(name='native', version='2.0', ext_modules=[Extension('native', ['native.c'])])\n",
    "native.c": "int main(void) { return 0; }\n",
}
CATALOG = {
    "calm": [make_wheel("calm", "1.0", requires=["below"])],
    "below": [make_wheel("below", "1.0")],
    # The pin that fails, and the version that a repair would take.
    "native": [make_sdist("native", "2.0", files=NATIVE), make_wheel("native", "1.0", tags="cp311-cp311-win_amd64")],
}
TARGETS = 'platform = "win_amd64"\npython = "3.11"\n'
PINNED = "calm\n# the newest\nnative==2.0\n"
_KEPT = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What a program left: its exit status, and both streams in one."""

    status: int
    text: str

    @property
    def flat(self) -> str:
        """The text without its line breaks."""
        return " ".join(self.text.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Scratch:
    """A git repository in *folder*; programs run there with *environ* alone."""

    folder: Path
    environ: Mapping[str, str]

    def write(self, name: str, text: str) -> Path:
        """Write the file *name* in the repository."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        return path

    def run(self, *words: str, environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Ended:
        """Run a program to its end."""
        done = subprocess.run(
            words,
            cwd=folder or self.folder,
            env={**self.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=600,
            check=False,
        )
        return Ended(status=done.returncode, text=done.stdout.decode("utf-8", "replace"))

    def succeed(self, *words: str) -> str:
        """Run a program that must not fail; answers what it said."""
        ended = self.run(*words)
        assert ended.status == 0, (words, ended.text)
        return ended.text

    def commit(self, *files: str) -> Ended:
        """Add *files* and commit them, with the hooks that are installed."""
        self.succeed("git", "add", *files)
        return self.run("git", "commit", "-m", "a change")

    def commits(self) -> int:
        """How many commits there are."""
        ended = self.run("git", "rev-list", "--count", "HEAD")
        return int(ended.text) if ended.status == 0 else 0


def open_scratch(tmp_path: Path) -> Scratch:
    """A new repository below *tmp_path*, in an environment that says nothing of this machine's pip, git or home."""
    folder, home = tmp_path / "project", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    scratch = Scratch(folder=folder, environ=environment(home))
    scratch.succeed("git", "init", "--quiet", "--initial-branch=main")
    return scratch


def environment(home: Path) -> dict[str, str]:
    """A clean environment in which ``wheelcheck``, ``python`` and git work."""
    environ = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return environ | {
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), environ.get("PATH", ""))),
        "HOME": str(home),
        "USERPROFILE": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "PRE_COMMIT_HOME": str(home / "pre-commit"),
        "PREK_HOME": str(home / "prek"),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_RETRIES": "0",
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "80",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "someone",
        "GIT_AUTHOR_EMAIL": "someone@example.com",
        "GIT_COMMITTER_NAME": "someone",
        "GIT_COMMITTER_EMAIL": "someone@example.com",
    }


def program(name: str) -> str | None:
    """Where the program *name* lies, beside this Python or on the path; ``None`` where it is not installed."""
    return shutil.which(name, path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))


def settings(index: IndexServer, targets: str = TARGETS) -> str:
    """A wheelcheck.toml that names *targets* and asks *index*."""
    return f'{targets}index-url = "{index.simple_url}"\n'


def install(scratch: Scratch, runner: str, *args: str) -> None:
    """Have *runner* run the published hook at each commit, by the wheelcheck under test instead of one that it installs."""
    import yaml

    (published,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    command, *words = shlex.split(published["entry"])
    assert command == "wheelcheck"
    entry = shlex.join((sys.executable, "-m", "wheelcheck", *words))
    hook = {**published, "entry": entry, "language": "system", "args": list(args)}
    scratch.write(".pre-commit-config.yaml", yaml.safe_dump({"repos": [{"repo": "local", "hooks": [hook]}]}))
    scratch.succeed(runner, "install")
    scratch.succeed("git", "add", ".pre-commit-config.yaml")
    assert "no files to check" in scratch.run("git", "commit", "-m", "the hook").text
