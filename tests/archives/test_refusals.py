"""Hostile and broken source archives are refused in a sentence that names the member."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pytest

from tests.archives.readers import READER, limited
from tests.fakes.archives import SdistSuffix, make_sdist, make_tar, make_zip, tar_file, tar_link
from wheelcheck.archives.reader import ArchiveReader
from wheelcheck.errors import ArchiveRefused
from wheelcheck.model.distribution import Judgement, Purity

NAME = "demo-1.0.tar.gz"


def judged(content: bytes, reader: ArchiveReader = READER) -> Judgement:
    return reader.judge_sdist(io.BytesIO(content), NAME)


def refusal(content: bytes, reader: ArchiveReader = READER) -> str:
    with pytest.raises(ArchiveRefused) as refused:
        judged(content, reader)
    assert str(refused.value).startswith(NAME)
    assert refused.value.hint
    return refused.value.message


@pytest.mark.parametrize(
    "path", ["../evil.py", "demo-1.0/../../evil.py", "/etc/evil", "C:/evil", "demo-1.0\\..\\..\\evil"]
)
def test_a_path_that_leaves_the_archive_is_refused(path: str) -> None:
    for content in (make_tar([(tar_file(path, b"x"), b"x")]), make_zip({path: b"x"})):
        message = refusal(content)
        assert "evil" in message
        assert "path" in message


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside", "../..", "C:\\secret"])
def test_a_link_that_points_outside_is_refused(target: str) -> None:
    message = refusal(make_tar([(tar_link("demo-1.0/link", target), b"")]))
    assert "outside the archive" in message
    assert "demo-1.0/link" in message


def test_a_hard_link_that_points_outside_is_refused() -> None:
    assert "outside" in refusal(make_tar([(tar_link("demo-1.0/link", "../x", tarfile.LNKTYPE), b"")]))


def test_a_link_inside_a_zip_that_points_outside_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("demo-1.0/link")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    assert "outside the archive" in refusal(buffer.getvalue())


def test_a_name_in_a_zip_that_hides_its_end_behind_a_nul_is_refused() -> None:
    content = make_zip({"demo-1.0/setup.py?.txt": b""}).replace(b"setup.py?", b"setup.py\0")
    assert "a NUL in its name" in refusal(content)


def test_a_device_in_a_zip_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("demo-1.0/dev")
        entry.external_attr = 0o020666 << 16
        archive.writestr(entry, b"")
    assert refusal(buffer.getvalue()) == "member 'demo-1.0/dev': neither a file, a folder nor a link"


def test_an_encrypted_file_that_must_be_read_is_refused() -> None:
    content = bytearray(make_zip({"demo-1.0/setup.py": b"pass"}))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert refusal(bytes(content)) == "member 'demo-1.0/setup.py': encrypted"


def test_a_harmless_link_is_allowed_and_not_followed() -> None:
    setup = b"from setuptools import setup\nsetup(install_requires=['six'])\n"
    judgement = judged(
        make_tar(
            [
                (tar_file("demo-1.0/real.py", setup), setup),
                (tar_link("demo-1.0/setup.py", "real.py"), b""),
                (tar_file("demo-1.0/demo/__init__.py", b""), b""),
            ]
        )
    )
    assert judgement.metadata is None
    assert judgement.purity is Purity.UNKNOWN


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_and_pipes_are_refused(kind: bytes) -> None:
    assert "demo-1.0/dev" in refusal(make_tar([(tar_link("demo-1.0/dev", "", kind), b"")]))


def test_more_members_than_the_limit_are_refused() -> None:
    _, content = make_sdist("demo", "1.0", files={f"{number}.txt": "" for number in range(30)})
    assert "more than 20 members" in refusal(content, limited(members=20))


def test_a_file_larger_than_the_limit_is_refused() -> None:
    assert "bytes, more than the limit" in refusal(b"x" * 2_000, limited(compressed=1_000))


def test_a_large_file_that_must_be_read_is_refused_by_name() -> None:
    _, content = make_sdist("demo", "1.0", files={"pyproject.toml": "#" * 5_000})
    message = refusal(content, limited(member=1_000))
    assert "pyproject.toml" in message


def test_many_files_to_read_are_refused() -> None:
    _, content = make_sdist("demo", "1.0", files={f"{number}.egg-info/requires.txt": "#" * 900 for number in range(9)})
    assert "together" in refusal(content, limited(kept=3_000))


def test_much_python_code_is_no_reason_to_refuse() -> None:
    _, content = make_sdist("demo", "1.0", files={f"{number}.py": "#" * 900 for number in range(9)})
    assert judged(content, limited(scripts=3_000)).metadata is not None


@pytest.mark.parametrize("suffix", [".tar.gz", ".tar.bz2", ".tar.xz", ".zip"])
def test_a_bomb_is_refused(suffix: SdistSuffix) -> None:
    _, content = make_sdist("demo", "1.0", files={"zeros.bin": bytes(3_000_000)}, suffix=suffix)
    assert "expands to more than" in refusal(content, limited(expanded=1_000_000))
    assert "times its size" in refusal(content, limited(ratio=10, ratio_floor=100_000))


def test_an_endless_gzip_stream_stops_at_the_limit() -> None:
    endless_member = tarfile.TarInfo("demo-1.0/endless.bin")
    endless_member.size = 2**40
    block = gzip.compress(endless_member.tobuf(tarfile.GNU_FORMAT) + bytes(1024**2))

    class Endless(io.RawIOBase):
        """A gzip file whose members never end."""

        place = 0

        def readable(self) -> bool:
            return True

        def seekable(self) -> bool:
            return True

        def seek(self, offset: int, whence: int = 0, /) -> int:
            self.place = 1_000 if whence == io.SEEK_END else offset
            return self.place

        def tell(self) -> int:
            return self.place

        def read(self, size: int = -1, /) -> bytes:
            start = self.place % len(block)
            piece = block[start : start + size]
            self.place += len(piece)
            return piece

    with pytest.raises(ArchiveRefused, match="expands to more"):
        limited(expanded=20_000_000, ratio_floor=10**12).judge_sdist(Endless(), NAME)  # type: ignore[arg-type]


def test_an_archive_that_is_cut_short_is_refused() -> None:
    _, content = make_sdist("demo", "1.0", files={"a.bin": bytes(range(256)) * 500})
    assert refusal(content[: len(content) // 2]) == "the archive is cut short"


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_damaged_archives_are_refused(compress: object) -> None:
    assert callable(compress)
    _, plain = make_sdist("demo", "1.0", files={"a.bin": bytes(range(256)) * 500}, suffix=".tar")
    broken = bytearray(compress(plain))
    broken[len(broken) // 2] ^= 0xFF
    refusal(bytes(broken[:-20]))


def test_a_damaged_header_in_the_middle_is_no_end() -> None:
    first = make_tar([(tar_file("demo-1.0/a.py", b""), b"")])[:512]
    assert "not a readable archive" in refusal(first + b"\x01" * 512 + bytes(1024))


def test_a_huge_name_block_is_refused_before_it_is_read() -> None:
    entry = tarfile.TarInfo("demo-1.0/x")
    entry.type = tarfile.GNUTYPE_LONGNAME
    entry.size = 2**33
    assert "name block" in refusal(entry.tobuf(tarfile.GNU_FORMAT) + bytes(1024))


@pytest.mark.parametrize(
    "content", [b"", b"rubbish" * 200, b"PK\x03\x04 no", b"\x1f\x9d\x90 compress", b"\x1f\x8b\x08"]
)
def test_rubbish_is_refused(content: bytes) -> None:
    with pytest.raises(ArchiveRefused):
        judged(content)


@pytest.mark.parametrize("suffix", [".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar", ".zip"])
def test_every_kind_of_archive_is_read(suffix: SdistSuffix) -> None:
    filename, content = make_sdist("demo", "1.0", requires=["six"], suffix=suffix)
    judgement = READER.judge_sdist(io.BytesIO(content), filename)
    assert judgement.purity is Purity.PURE
    assert judgement.metadata is not None
    assert judgement.metadata.requires == ("six",)
