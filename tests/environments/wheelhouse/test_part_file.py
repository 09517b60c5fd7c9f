"""A file that is coming is a part; it gets its name once it is whole and has every hash that is known."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from tests.environments.wheelhouse.plans import WHEEL, planned_file
from tests.fakes.archives import make_wheel, sha256_hex
from wheelcheck.environments.filling import PartFile
from wheelcheck.errors import DiskFailure, HashMismatch
from wheelcheck.ports import SilentTransfers

NAME, CONTENT = WHEEL


class Counting(SilentTransfers):
    """Counts bytes as a progress bar does."""

    def __init__(self) -> None:
        self.came = 0

    def arrived(self, count: int) -> None:
        self.came += count


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_file_gets_its_name_when_it_is_whole(tmp_path: Path) -> None:
    told = Counting()
    landing = PartFile(planned_file(WHEEL), tmp_path / NAME, told)
    landing.write(CONTENT[:10])
    assert names(tmp_path) == [f"{NAME}.part"]
    landing.write(CONTENT[10:])
    landing.keep()
    landing.finish()
    assert names(tmp_path) == [NAME]
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert (landing.sha256, landing.size, told.came) == (sha256_hex(CONTENT), len(CONTENT), len(CONTENT))


def test_restart_goes_back_to_what_was_kept(tmp_path: Path) -> None:
    told = Counting()
    landing = PartFile(planned_file(WHEEL), tmp_path / NAME, told)
    landing.write(CONTENT[:100])
    landing.keep()
    landing.write(b"an error page")
    landing.restart()
    assert landing.received == told.came == 100
    landing.write(CONTENT[100:])
    landing.finish()
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_part_of_an_earlier_run_counts_and_is_hashed_anew(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(CONTENT[:100])
    landing = PartFile(planned_file(WHEEL), tmp_path / NAME, SilentTransfers())
    assert landing.received == 100
    landing.write(CONTENT[100:])
    landing.finish()
    assert names(tmp_path) == [NAME]


def test_part_of_a_file_without_a_known_hash_begins_anew(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(b"of another file")
    landing = PartFile(planned_file(WHEEL, sha256=""), tmp_path / NAME, SilentTransfers())
    assert landing.received == 0
    landing.write(CONTENT)
    landing.finish()
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_wrong_bytes_leave_nothing(tmp_path: Path) -> None:
    landing = PartFile(planned_file(WHEEL), tmp_path / NAME, SilentTransfers())
    landing.write(b"wrong")
    with pytest.raises(HashMismatch, match=sha256_hex(b"wrong")) as caught:
        landing.finish()
    assert sha256_hex(CONTENT) in str(caught.value)
    assert NAME in str(caught.value)
    landing.close()
    assert names(tmp_path) == []


@pytest.mark.parametrize("algorithm", ["sha512", "blake2b", "md5"])
def test_every_known_hash_is_checked_beside_the_first(tmp_path: Path, algorithm: str) -> None:
    right = hashlib.new(algorithm, CONTENT, usedforsecurity=False).hexdigest()
    good = PartFile(planned_file(WHEEL, hashes=((algorithm, right),)), tmp_path / NAME, SilentTransfers())
    good.write(CONTENT)
    good.finish()
    wrong = planned_file(WHEEL, hashes=((algorithm, "0" * len(right)),))
    bad = PartFile(wrong, tmp_path / "other.whl", SilentTransfers())
    bad.write(CONTENT)
    with pytest.raises(HashMismatch, match=f"its {algorithm} is"):
        bad.finish()


def test_size_tells_where_no_hash_is_known(tmp_path: Path) -> None:
    landing = PartFile(planned_file(WHEEL, sha256=""), tmp_path / NAME, SilentTransfers())
    landing.write(CONTENT[:-1])
    with pytest.raises(HashMismatch, match="no hash to check it by"):
        landing.finish()
    assert names(tmp_path) == []


def test_few_bytes_at_a_failure_are_not_gone_on_with(tmp_path: Path) -> None:
    landing = PartFile(planned_file(WHEEL), tmp_path / NAME, SilentTransfers())
    landing.write(CONTENT[:100])
    landing.keep()
    landing.write(b"<html>503</html>")
    landing.close()
    assert (tmp_path / f"{NAME}.part").read_bytes() == CONTENT[:100]


def test_many_bytes_at_a_failure_are_gone_on_with(tmp_path: Path) -> None:
    made = make_wheel("big", "1.0", files={"big/x": bytes(range(256)) * 10})
    landing = PartFile(planned_file(made), tmp_path / made[0], SilentTransfers())
    landing.write(b"x" * 100_000)
    landing.close()
    assert (tmp_path / f"{made[0]}.part").stat().st_size == 100_000


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is of Linux")
def test_full_disk_is_a_failure_that_names_the_part(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").symlink_to("/dev/full")
    landing = PartFile(planned_file(WHEEL, sha256=""), tmp_path / NAME, SilentTransfers())
    with pytest.raises(DiskFailure, match="No space left") as caught:
        landing.write(b"x" * 1_000_000)
    assert caught.value.exit_status == 3
    assert "free some space" in caught.value.hint
    landing.close()
    assert not (tmp_path / NAME).exists()
