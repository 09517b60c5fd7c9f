"""Filling brings what is lacking and nothing else, and refuses early what cannot end well."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from tests.environments.wheelhouse.plans import OTHER, WHEEL, FakeFiles, plan, planned_file
from tests.fakes.archives import make_wheel
from wheelcheck.environments.filling import FillResult, fill
from wheelcheck.environments.wheelhouse import load_wheelhouse, record_files, wanted_files
from wheelcheck.errors import DiskFailure, HashMismatch, IndexUnavailable, InputUnreadable
from wheelcheck.model.plan import Plan, PlannedFile
from wheelcheck.ports import Landing, SilentTransfers

CONTENTS = dict((WHEEL, OTHER))
PLAN = plan(planned_file(WHEEL), planned_file(OTHER))


def filled(folder: Path, of: Plan = PLAN, files: FakeFiles | None = None) -> FillResult:
    files = files or FakeFiles(CONTENTS)
    wanted = wanted_files(of)
    return fill(folder, wanted, files, files.sizes([each.file for each in wanted]), SilentTransfers())


def test_only_what_is_lacking_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / WHEEL[0]).write_bytes(WHEEL[1])
    files = FakeFiles(CONTENTS)
    arrivals = filled(tmp_path, files=files)
    assert files.asked == [OTHER[0]]
    assert (arrivals.present, arrivals.fetched) == ((WHEEL[0],), (OTHER[0],))


def test_largest_file_is_asked_for_first(tmp_path: Path) -> None:
    big = make_wheel("z", "1.0", files={"z/x": bytes(range(256)) * 40})
    files = FakeFiles({**CONTENTS, big[0]: big[1]})
    filled(tmp_path, plan(*map(planned_file, (WHEEL, OTHER, big))), files)
    assert files.asked[0] == big[0]


def test_file_of_which_no_hash_is_known_is_taken_again_only_if_the_record_knows_it(tmp_path: Path) -> None:
    unhashed = plan(planned_file(WHEEL, sha256=""))
    (tmp_path / WHEEL[0]).write_bytes(b"anything")
    first = filled(tmp_path, unhashed)
    assert first.replaced == (WHEEL[0],)
    record_files(tmp_path, "sha256:0", unhashed, first.entries)
    assert filled(tmp_path, unhashed).present == (WHEEL[0],)
    load_wheelhouse(tmp_path, unhashed)
    (tmp_path / WHEEL[0]).write_bytes(b"changed later")
    with pytest.raises(HashMismatch, match="was changed after it was downloaded"):
        load_wheelhouse(tmp_path, unhashed)


def test_house_that_was_just_filled_is_the_one_that_would_be_loaded(tmp_path: Path) -> None:
    arrivals = filled(tmp_path)
    assert load_wheelhouse(tmp_path, PLAN, entries=arrivals.entries) == load_wheelhouse(tmp_path, PLAN)


def test_no_room_is_said_before_anything_is_asked_for(tmp_path: Path) -> None:
    huge = structs.replace(planned_file(WHEEL), size=10**18)
    files = FakeFiles(CONTENTS)
    with pytest.raises(DiskFailure, match="1000000000000000000 bytes are still to come"):
        filled(tmp_path, plan(huge), files)
    assert files.asked == []


def test_failure_leaves_no_file_with_its_name(tmp_path: Path) -> None:
    def fail(file: PlannedFile, landing: Landing) -> None:
        landing.write(b"x" * 100_000)
        raise IndexUnavailable("the line is cut")

    with pytest.raises(IndexUnavailable):
        filled(tmp_path, files=FakeFiles(CONTENTS, before=fail))
    assert [path.suffix for path in tmp_path.iterdir()] == [".part"]


@pytest.mark.parametrize("name", ["../a-1.0-py3-none-any.whl", "a/b.whl", "C:\\x.whl", ".hidden.whl", "", "a\n.whl"])
def test_name_that_is_more_than_a_name_is_refused(name: str) -> None:
    package = structs.replace(PLAN.packages[0], file=structs.replace(planned_file(WHEEL), filename=name))
    with pytest.raises(InputUnreadable, match="no plain name"):
        wanted_files(structs.replace(PLAN, packages=(package,)))


def test_package_without_a_file_is_refused() -> None:
    package = structs.replace(PLAN.packages[0], file=None)
    with pytest.raises(InputUnreadable, match="no file for a"):
        wanted_files(structs.replace(PLAN, packages=(package,)))
