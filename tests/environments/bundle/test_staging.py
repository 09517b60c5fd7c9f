"""A folder that appears whole or not at all."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environments.bundle.laid import SITE, lay
from wheelcheck.environments.bundle.staging import refuse_existing, refuse_unreplaceable, staged
from wheelcheck.errors import DiskFailure, IndexUnavailable, UsageProblem, WheelcheckError
from wheelcheck.model.environment import EnvironmentFile, Manifest
from wheelcheck.model.target import TargetName
from wheelcheck.plans.manifests import render_manifest


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def _make(out: Path, content: str) -> None:
    with staged(out) as staging:
        made = staging.place("environment")
        made.mkdir()
        (made / "manifest.json").write_text(content)
        staging.finish(made)


def test_folder_appears_at_the_end_and_nothing_else_is_left(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    with staged(out) as staging:
        made = staging.place("environment")
        made.mkdir()
        staging.wheels.mkdir()
        (staging.wheels / "x.whl").write_bytes(b"")
        assert not out.exists()
        staging.finish(made)
        assert out.is_dir()
    assert _names(out.parent) == ["out"]


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (KeyboardInterrupt(), True),
        (IndexUnavailable("away"), True),
        (UsageProblem("no"), False),
        (OSError(28, "full"), False),
    ],
)
def test_failed_run_leaves_no_folder_and_wheels_only_where_they_help(
    tmp_path: Path, error: BaseException, kept: bool
) -> None:
    out = tmp_path / "out"
    with pytest.raises((KeyboardInterrupt, WheelcheckError)) as caught, staged(out) as staging:
        staging.place("environment").mkdir()
        staging.wheels.mkdir()
        (staging.wheels / "x.whl").write_bytes(b"")
        raise error
    assert not isinstance(caught.value, OSError)
    assert not out.exists()
    assert (tmp_path / ".out.partial" / "wheels" / "x.whl").exists() == kept
    assert (tmp_path / ".out.partial").exists() == kept
    _make(out, "next")
    assert _names(tmp_path) == ["out"]


def test_full_disk_is_told_as_a_failure_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(DiskFailure, match="No space left") as caught, staged(tmp_path / "out"):
        raise OSError(28, "No space left on device", "somewhere/large.bin")
    assert caught.value.exit_status == 3
    assert "large.bin" in str(caught.value)


def test_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskFailure), staged(tmp_path / "file" / "out"):
        pass


def test_second_run_on_one_folder_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with staged(out), pytest.raises(UsageProblem, match="another run is making this bundle"), staged(out):
        pass
    # In another process too.
    with staged(out):
        code = (
            "from pathlib import Path; from wheelcheck.environments.bundle.staging import staged\n"
            f"with staged(Path({str(out)!r})): pass"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, cwd=Path(__file__).parents[3], check=False
        )
        assert b"another run is making this bundle" in done.stderr
    assert _names(tmp_path) == []


def test_existing_folder_is_replaced_only_at_the_end(tmp_path: Path) -> None:
    out = tmp_path / "out"
    _make(out, "old")
    with pytest.raises(UsageProblem), staged(out):
        raise UsageProblem("no")
    assert (out / "manifest.json").read_text() == "old"
    _make(out, "new")
    assert (out / "manifest.json").read_text() == "new"
    assert _names(tmp_path) == ["out"]


def test_bundle_that_a_killed_run_had_moved_away_comes_back(tmp_path: Path) -> None:
    out = tmp_path / "out"
    _make(out, "old")
    (tmp_path / ".out.partial").mkdir()
    out.rename(tmp_path / ".out.partial" / "previous")
    with pytest.raises(UsageProblem), staged(out):
        raise UsageProblem("no")
    assert (out / "manifest.json").read_text() == "old"


def test_what_is_there_is_refused_and_what_is_no_bundle_never_replaced(tmp_path: Path) -> None:
    refuse_existing(tmp_path / "out")
    refuse_unreplaceable(tmp_path / "out")
    home = tmp_path / "home"
    home.mkdir()
    refuse_unreplaceable(home)  # an empty folder holds nothing to lose
    (home / "letter.txt").write_text("")
    file = tmp_path / "file"
    file.write_text("")
    link = tmp_path / "link"
    link.symlink_to("nowhere")
    for place in (home, file, link):
        with pytest.raises(UsageProblem, match="exists already"):
            refuse_existing(place)
        with pytest.raises(UsageProblem, match="is no bundle"):
            refuse_unreplaceable(place)


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b'{"manifest_version": 3, "name": "an extension of a browser", "version": "1.0"}',
        b'{"schema": "wheelcheck.bundle/9"}',
    ],
)
def test_folder_with_the_manifest_of_something_else_is_never_replaced(tmp_path: Path, manifest: bytes) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest.json").write_bytes(manifest)
    with pytest.raises(UsageProblem, match="is no bundle"):
        refuse_unreplaceable(tmp_path / "out")


def _bundle(out: Path) -> None:
    """A bundle at *out*: two modules and, where links can be made, one link."""
    environment = lay(out, {"app": {"app/__init__.py": "x = 1\n", "app/main.py": "y = 2\n"}})
    (out / "python3").symlink_to("python3.11")
    files = (*environment.files, EnvironmentFile(path="python3", size=0, sha256="", link="python3.11"))
    manifest = Manifest(
        name="app",
        version="1",
        plan_digest="sha256:" + "1" * 64,
        target=TargetName(platform="win_amd64", python="3.11"),
        runtime=environment.runtime,
        layout=environment.layout,
        packages=(),
        files=files,
    )
    (out / "manifest.json").write_bytes(render_manifest(manifest))


def test_bundle_that_ran_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    _bundle(out)
    refuse_unreplaceable(out)
    cache = out / SITE / "app" / "__pycache__"
    cache.mkdir()
    for name in ("main.cpython-311.pyc", "__init__.cpython-311.opt-1.pyc"):
        (cache / name).write_bytes(b"")
    (out / "empty").mkdir()
    refuse_unreplaceable(out)


@pytest.mark.parametrize(
    "path",
    [
        "letter.txt",
        f"{SITE}/app/settings.py",
        f"{SITE}/app/__pycache__/other.cpython-311.pyc",
        "SHA256SUMS",
        ".git/HEAD",
    ],
)
def test_bundle_with_a_file_that_it_did_not_write_is_never_replaced(tmp_path: Path, path: str) -> None:
    out = tmp_path / "out"
    _bundle(out)
    (out / path).parent.mkdir(parents=True, exist_ok=True)
    (out / path).write_text("dear")
    with pytest.raises(UsageProblem, match=r"has a file that the bundle did not write.*" + re.escape(path)):
        refuse_unreplaceable(out)


def test_bundle_with_changed_files_is_never_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    _bundle(out)
    (out / SITE / "app" / "main.py").write_text("y = 3\n")  # as long as before
    with pytest.raises(UsageProblem, match=r"has a file .*app/main\.py"):
        refuse_unreplaceable(out)
    (out / SITE / "app" / "__init__.py").write_text("longer than before\n")
    (out / "python3").unlink()
    (out / "python3").symlink_to("elsewhere")
    (out / "linked").symlink_to(tmp_path)
    (out / "a.txt").write_text("")
    with pytest.raises(UsageProblem, match=r"has 5 files .* and 2 more"):
        refuse_unreplaceable(out)


def test_place_below_a_file_is_refused_and_the_file_named(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{}")
    for refuse in (refuse_existing, refuse_unreplaceable):
        with pytest.raises(UsageProblem, match=r"plan\.json is a file"):
            refuse(tmp_path / "plan.json" / "deep" / "out")
