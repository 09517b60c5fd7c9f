"""A wheelhouse is opened whole or not at all: every byte is hashed, what is missing is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.environments.wheelhouse.plans import OTHER, WHEEL, plan, planned_file
from tests.fakes.archives import make_sdist, sha256_hex
from wheelcheck.environments.wheelhouse import BuildSource, Entry, load_record, load_wheelhouse, record_files
from wheelcheck.errors import HashMismatch, UsageProblem

SOURCE = make_sdist("a", "1.0")
PLAN = plan(planned_file(WHEEL), planned_file(OTHER))


def written(folder: Path, *made: tuple[str, bytes]) -> Path:
    for name, content in made:
        (folder / name).write_bytes(content)
    return folder


def built(*, source_sha256: str, filename: str = WHEEL[0], sha256: str = "") -> Entry:
    return Entry(
        filename=filename,
        name="a",
        version="1.0",
        sha256=sha256 or sha256_hex(WHEEL[1]),
        size=len(WHEEL[1]),
        built_from=BuildSource(filename=SOURCE[0], sha256=source_sha256),
    )


def test_wheels_come_in_the_order_of_the_plan(tmp_path: Path) -> None:
    house = load_wheelhouse(written(tmp_path, OTHER, WHEEL), PLAN)
    assert [wheel.path.name for wheel in house.wheels] == [WHEEL[0], OTHER[0]]
    assert house.wheels[0].sha256 == sha256_hex(WHEEL[1])
    assert house.wheels[0].size == len(WHEEL[1])
    assert house.wheels[0].built_from == ""


def test_missing_files_are_named_with_the_command_that_brings_them(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match=r"1 of 2 files of the plan are not there: b-2\.0") as caught:
        load_wheelhouse(written(tmp_path, WHEEL), PLAN, plan_path="plan.json")
    assert caught.value.hint == f"wheelcheck fetch plan.json -d {tmp_path}"


def test_folder_that_is_not_there_lacks_everything(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="2 of 2 files"):
        load_wheelhouse(tmp_path / "nowhere", PLAN)


def test_part_is_no_file(tmp_path: Path) -> None:
    (tmp_path / f"{WHEEL[0]}.part").write_bytes(WHEEL[1])
    with pytest.raises(UsageProblem, match="1 of 1 files"):
        load_wheelhouse(tmp_path, plan(planned_file(WHEEL)))


def test_changed_wheel_is_refused_with_both_hashes(tmp_path: Path) -> None:
    with pytest.raises(HashMismatch, match=sha256_hex(b"changed")) as caught:
        load_wheelhouse(written(tmp_path, (WHEEL[0], b"changed"), OTHER), PLAN)
    assert sha256_hex(WHEEL[1]) in str(caught.value)


def test_wheel_that_was_built_from_the_very_source_is_found(tmp_path: Path) -> None:
    of = plan(planned_file(SOURCE))
    record_files(written(tmp_path, WHEEL), "sha256:0", of, [built(source_sha256=sha256_hex(SOURCE[1]))])
    (wheel,) = load_wheelhouse(tmp_path, of).wheels
    assert (wheel.path.name, wheel.built_from) == (WHEEL[0], SOURCE[0])


@pytest.mark.parametrize(
    "entry",
    [
        built(source_sha256="0" * 64),
        built(source_sha256=sha256_hex(SOURCE[1]), filename=OTHER[0]),
        built(source_sha256=sha256_hex(SOURCE[1]), filename="../a-1.0-py3-none-any.whl"),
        built(source_sha256=sha256_hex(SOURCE[1]), filename="nonsense"),
    ],
    ids=["another source", "another wheel", "another folder", "no wheel"],
)
def test_wheel_of_another_source_is_not_taken(tmp_path: Path, entry: Entry) -> None:
    of = plan(planned_file(SOURCE))
    (tmp_path / "nonsense").touch()
    record_files(written(tmp_path, WHEEL, OTHER), "sha256:0", of, [entry])
    with pytest.raises(UsageProblem, match=r"the wheel built from a-1\.0\.tar\.gz"):
        load_wheelhouse(tmp_path, of)


def test_built_wheel_that_was_changed_is_refused(tmp_path: Path) -> None:
    of = plan(planned_file(SOURCE))
    record_files(
        written(tmp_path, WHEEL), "sha256:0", of, [built(source_sha256=sha256_hex(SOURCE[1]), sha256="0" * 64)]
    )
    with pytest.raises(HashMismatch, match="was changed after it was downloaded"):
        load_wheelhouse(tmp_path, of)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "another/1"}', '{"schema": "wheelcheck.wheelhouse/1"}'])
def test_record_that_cannot_be_understood_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "wheelhouse.json").write_text(text)
    assert load_record(tmp_path).files == ()


def test_record_of_another_plan_keeps_what_was_built_while_it_is_there(tmp_path: Path) -> None:
    entry = built(source_sha256=sha256_hex(SOURCE[1]))
    record_files(written(tmp_path, WHEEL), "sha256:0", PLAN, [entry])
    record_files(tmp_path, "sha256:1", PLAN, [])
    assert load_record(tmp_path).files == (entry,)
    (tmp_path / WHEEL[0]).unlink()
    record_files(tmp_path, "sha256:2", PLAN, [])
    assert load_record(tmp_path).files == ()
    assert load_record(tmp_path).plan == "sha256:2"
