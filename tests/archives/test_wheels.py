"""A wheel's METADATA is found with few reads, and what is no wheel is refused in a sentence."""

from __future__ import annotations

import io

import pytest

from tests.archives.readers import READER, limited
from tests.fakes.archives import make_wheel, make_zip
from wheelcheck.archives.source_tree import Limits
from wheelcheck.archives.wheels import plain_metadata, zipped_metadata
from wheelcheck.errors import ArchiveRefused, MetadataMalformed
from wheelcheck.model.distribution import MetadataSource


class CountingFile(io.BytesIO):
    """Counts what is read of it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        content = super().read(size)
        self.taken += len(content)
        return content


class MissingRange(Exception):
    """What a sparse file of the index room raises."""


class SparseFile(io.BytesIO):
    """Has its tail only."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() < 5_000:
            raise MissingRange
        return super().read(size)


def test_metadata_of_a_wheel_is_read() -> None:
    filename, content = make_wheel(
        "Demo.Pkg", "1.0", requires=["attrs>=1"], extras=["Fast_One"], requires_python=">=3.9"
    )
    metadata = READER.wheel_metadata(io.BytesIO(content), filename)
    assert (metadata.name, str(metadata.version)) == ("demo-pkg", "1.0")
    assert metadata.requires == ("attrs>=1",)
    assert metadata.provides_extra == {"fast-one"}
    assert metadata.requires_python == ">=3.9"
    assert metadata.source is MetadataSource.WHEEL_FILE


def test_only_the_directory_and_one_member_are_read() -> None:
    bulk = bytes(range(256)) * 4_000
    filename, content = make_wheel("demo", "1.0", files={"demo/data.bin": bulk, "demo/more.bin": bulk[::-1]})
    file = CountingFile(content)
    READER.wheel_metadata(file, filename)
    assert file.taken < 5_000


def test_an_exception_of_the_file_itself_passes_through() -> None:
    # METADATA lies before the tail that is at hand, as in a wheel whose dist-info is not last.
    filename, content = make_wheel("demo", "1.0")
    padded = make_zip({"demo-1.0.dist-info/METADATA": b"Name: demo\nVersion: 1.0\n", "big": bytes(range(256)) * 99})
    with pytest.raises(MissingRange):
        READER.wheel_metadata(SparseFile(padded + bytes(0)), filename)
    assert content


def test_its_own_metadata_is_chosen_among_several() -> None:
    content = make_zip(
        {
            "vendored-2.0.dist-info/METADATA": b"Name: vendored\nVersion: 2.0\n",
            "demo-1.0.dist-info/METADATA": b"Name: demo\nVersion: 1.0\nRequires-Dist: six\n",
        }
    )
    assert READER.wheel_metadata(io.BytesIO(content), "demo-1.0-py3-none-any.whl").requires == ("six",)


def test_a_wheel_without_metadata_is_malformed() -> None:
    with pytest.raises(MetadataMalformed, match=r"no \*\.dist-info"):
        READER.wheel_metadata(io.BytesIO(make_zip({"a.py": b""})), "demo-1.0-py3-none-any.whl")


def test_rubbish_is_no_wheel() -> None:
    with pytest.raises(ArchiveRefused, match=r"demo-1\.0-py3-none-any\.whl: not a readable wheel"):
        READER.wheel_metadata(io.BytesIO(b"rubbish" * 99), "demo-1.0-py3-none-any.whl")


def test_oversized_metadata_is_refused() -> None:
    filename, content = make_wheel("demo", "1.0", metadata="Name: demo\nVersion: 1.0\n\n" + "x" * 5_000)
    with pytest.raises(ArchiveRefused, match="more than the limit"):
        limited(member=1_000).wheel_metadata(io.BytesIO(content), filename)


def test_an_ordinary_wheel_is_read_without_zipfile_and_alike() -> None:
    filename, content = make_wheel("demo", "1.0", requires=["attrs"], files={f"demo/{n}.py": b"x" for n in range(50)})
    plain = plain_metadata(io.BytesIO(content), Limits().member)
    assert plain is not None
    assert plain == zipped_metadata(io.BytesIO(content), filename, Limits())


def test_a_damaged_wheel_says_nothing_that_zipfile_would_not_say() -> None:
    filename, content = make_wheel("demo", "1.0", requires=["attrs"], files={"demo/x.py": b"x" * 90})
    seen = 0
    for place in range(len(content)):
        for bit in (0, 5, 7):
            damaged = bytearray(content)
            damaged[place] ^= 1 << bit
            plain = plain_metadata(io.BytesIO(damaged), Limits().member)
            if plain is None:
                continue
            try:
                assert plain == zipped_metadata(io.BytesIO(damaged), filename, Limits())
                seen += 1
            except (ArchiveRefused, MetadataMalformed):
                # zipfile refuses a wheel for what is wrong with its other members.
                assert plain == plain_metadata(io.BytesIO(content), Limits().member)
    assert seen > 100


@pytest.mark.parametrize("size", [0, 10, 22, 40])
def test_what_is_too_short_for_a_zip_is_left_to_zipfile(size: int) -> None:
    assert plain_metadata(io.BytesIO(b"PK\5\6" + bytes(size)), Limits().member) is None
