"""Where projects come from, what is the limit of what, who signs in where, and which place is one of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from wheelcheck.index.config import USER_AGENT, Credentials, IndexConfig, local_path

MIB = 1024**2
A, B = canonicalize_name("a"), canonicalize_name("b")
# "u:p" and the like in base64
UP, VW, X_, _Y = "Basic dTpw", "Basic djp3", "Basic eDo=", "Basic Onk="


def test_limits_are_those_that_are_documented() -> None:
    config = IndexConfig()
    assert config.tiers_for(A) == ()
    assert (config.page_limit, config.uncompressed_limit) == (67_108_864, 33_554_432)
    assert (config.metadata_limit, config.file_limit) == (8_388_608, 209_715_200)
    assert (config.timeout, config.silence, config.longest_wait) == (30, 10, 120)
    assert (config.retries, config.backoff, config.requests_per_host) == (4, 0.25, 50)
    assert config.user_agent == USER_AGENT


def test_nothing_is_asked_or_trusted_or_left_out_without_being_named() -> None:
    config = IndexConfig()
    assert local_path("a") == Path("a")
    assert not (config.no_index or config.offline or config.refresh or config.apart or config.shared_store)
    assert (config.strategy, config.fault) == ("first-index", "ends")
    assert (config.index_urls, config.find_links, config.trusted_hosts, dict(config.project_indexes)) == (
        (),
        (),
        (),
        {},
    )


def test_each_index_is_a_tier_of_its_own_unless_tiers_are_named() -> None:
    assert IndexConfig(index_urls=("1", "2")).tiers_for(A) == (("1",), ("2",))
    tiers = (("1", "2"), ("3",))
    config = IndexConfig(index_urls=("1", "2", "3"), tiers=tiers, project_indexes={B: "4"})
    assert config.tiers_for(A) == tiers
    assert config.tiers_for(B) == (("4",),)
    assert IndexConfig(index_urls=("1",), no_index=True, project_indexes={B: "4"}).tiers_for(B) == ()


# Signing in


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "netrc"
    monkeypatch.setenv("NETRC", str(file))
    return file


def test_credentials_in_an_address_are_for_its_origin_and_no_other(netrc: Path) -> None:
    credentials = Credentials(["https://u:p@index.example/simple/"])
    for url in ("https://index.example/", "https://INDEX.example:443/files/a.whl", "https://index.example/simple/a/"):
        assert credentials.header_for(url) == UP
    for url in ("http://index.example/", "https://index.example:444/", "https://other.example/simple/"):
        assert credentials.header_for(url) is None


@pytest.mark.parametrize(
    ("origin", "same"),
    [("http://i.example:80/", "http://i.example/"), ("http://i.example:8080/", "http://i.example:8080/b")],
)
def test_port_that_the_scheme_has_anyhow_is_no_other_one(origin: str, same: str, netrc: Path) -> None:
    assert Credentials([origin.replace("//", "//u:p@")]).header_for(same) == UP


def test_longest_path_decides_and_else_the_first(netrc: Path) -> None:
    credentials = Credentials(["https://u:p@i.example/one/", "https://v:w@i.example/one/two/"])
    assert credentials.header_for("https://i.example/one/two/a") == VW
    assert credentials.header_for("https://i.example/one/a") == UP
    assert credentials.header_for("https://i.example/files/a") == UP


def test_address_is_given_back_without_credentials(netrc: Path) -> None:
    credentials = Credentials()
    assert credentials.learn("https://u:p@i.example/a") == "https://i.example/a"
    assert credentials.learn("https://i.example/a") == "https://i.example/a"
    assert credentials.learn("https://[::1/a") == "https://[::1/a"
    assert credentials.header_for("https://i.example/") == UP


def test_user_or_password_alone_are_credentials_and_escapes_are_read(netrc: Path) -> None:
    assert Credentials(["https://x@i.example/"]).header_for("https://i.example/") == X_
    assert Credentials(["https://:y@i.example/"]).header_for("https://i.example/") == _Y
    assert Credentials(["https://%75:%70@i.example/"]).header_for("https://i.example/") == UP


def test_netrc_is_read_for_hosts_of_which_no_address_tells(netrc: Path) -> None:
    netrc.write_text("machine i.example login v password w\n")
    credentials = Credentials(["https://u:p@other.example/"])
    assert credentials.header_for("https://i.example/a") == VW
    assert credentials.header_for("https://other.example/a") == UP
    assert credentials.header_for("https://third.example/a") is None
    netrc.unlink()
    assert credentials.header_for("https://i.example/a") == VW  # read once


@pytest.mark.parametrize("name", [".netrc", "_netrc"])
def test_netrc_lies_in_the_home_under_either_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Credentials().header_for("https://i.example/") is None
    (tmp_path / name).write_text("machine i.example login v password w\n")
    (tmp_path / name).chmod(0o600)
    assert Credentials().header_for("https://i.example/") == VW


def test_netrc_that_cannot_be_read_is_as_good_as_none(netrc: Path) -> None:
    for content in (b"machine", b"\xff\xfe\x00"):
        netrc.write_bytes(content)
        assert Credentials().header_for("https://i.example/") is None
    netrc.unlink()
    netrc.mkdir()
    assert Credentials().header_for("https://i.example/") is None


# Places of this machine


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("file:///a/b%20c", Path("/a/b c")),
        ("FILE:///a", Path("/a")),
        ("file:a/b", Path("a/b")),
        ("/a/b%20c", Path("/a/b%20c")),
        ("a", Path("a")),
        ("file", Path("file")),
        ("~/a", Path("~/a").expanduser()),
        ("https://i.example/a", None),
        ("s3://i.example/a", None),
    ],
)
def test_place_is_one_of_this_machine_or_none(location: str, path: Path | None) -> None:
    assert local_path(location) == path
