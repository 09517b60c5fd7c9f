"""A folder that appears whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from wheelcheck.environments.bundle.staging import refuse_existing, refuse_stranger, staged
from wheelcheck.errors import DiskFailure, IndexUnavailable, UsageProblem, WheelcheckError


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
    refuse_stranger(tmp_path / "out", "manifest.json")
    home = tmp_path / "home"
    home.mkdir()
    refuse_stranger(home, "manifest.json")  # an empty folder holds nothing to lose
    (home / "letter.txt").write_text("")
    file = tmp_path / "file"
    file.write_text("")
    link = tmp_path / "link"
    link.symlink_to("nowhere")
    for place in (home, file, link):
        with pytest.raises(UsageProblem, match="exists already"):
            refuse_existing(place)
        with pytest.raises(UsageProblem, match="is no bundle"):
            refuse_stranger(place, "manifest.json")
    (home / "manifest.json").write_text("")
    refuse_stranger(home, "manifest.json")


def test_place_below_a_file_is_refused_and_the_file_named(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{}")
    for refuse in (refuse_existing, lambda out: refuse_stranger(out, "manifest.json")):
        with pytest.raises(UsageProblem, match=r"plan\.json is a file"):
            refuse(tmp_path / "plan.json" / "deep" / "out")
