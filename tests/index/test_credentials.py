"""Who we say we are, to whom, and that nobody else reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.archives import make_sdist, make_wheel
from tests.index.stores import files, first_sdist, first_wheel, name, store
from tests.server import IndexServer, Mode
from wheelcheck.errors import IndexUnavailable, WheelcheckError
from wheelcheck.index.config import Credentials
from wheelcheck.index.store import IndexStore

CATALOG = {"a": [make_wheel("a", "1.0", requires=["b"]), make_sdist("a", "1.0")]}
GUARDED = Mode(credentials=("me", "s3cr/t"))
SECRET = "me:s3cr%2Ft"
HEADER = "Basic bWU6czNjci90"


def with_secret(url: str, secret: str = SECRET) -> str:
    return url.replace("://", f"://{secret}@")


def test_credentials_in_the_url_open_pages_sidecars_and_files() -> None:
    with IndexServer(CATALOG, mode=GUARDED) as server, store(with_secret(server.simple_url)) as projects:
        page = projects.page(name("a"))
        assert projects.metadata(first_wheel(page)).requires == ("b",)
        projects.source(first_sdist(page))
        assert set(server.authorizations) == {HEADER}
        # What may be shown or stored is without them.
        assert "s3cr" not in repr([files(page), page])


def test_credentials_in_netrc_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "mine"
    netrc.write_text("machine 127.0.0.1 login me password s3cr/t\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with IndexServer(CATALOG, mode=GUARDED) as server, store(server.simple_url) as projects:
        assert projects.page(name("a")).state == "active"


def test_an_unreadable_netrc_is_as_good_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").write_text("machine machine machine\npassword")
    monkeypatch.setenv("NETRC", str(tmp_path / "mine"))
    with IndexServer(CATALOG) as server, store(server.simple_url) as projects:
        assert projects.page(name("a")).state == "active"


def test_without_credentials_the_error_says_where_to_give_them() -> None:
    with (
        IndexServer(CATALOG, mode=GUARDED) as server,
        store(server.simple_url) as projects,
        pytest.raises(IndexUnavailable, match="answered 401") as caught,
    ):
        projects.page(name("a"))
    assert "netrc" in caught.value.hint
    assert server.count() == 1


def test_authorization_is_not_carried_to_another_host() -> None:
    with IndexServer(CATALOG, host="localhost") as other:
        mode = Mode(credentials=("me", "s3cr/t"), redirect_pages_to=other.base_url, files_at=other.base_url)
        with IndexServer(CATALOG, mode=mode) as server, store(with_secret(server.simple_url)) as projects:
            page = projects.page(name("a"))
            projects.metadata(first_wheel(page))
            assert server.authorizations == [HEADER]
        assert other.count() == 2
        assert other.authorizations == []


def _page(projects: IndexStore, url: str) -> object:
    return projects.page(name("a"))


def _direct(projects: IndexStore, url: str) -> object:
    return projects.direct(f"{url}a-1.0.zip")


def _text(projects: IndexStore, url: str) -> object:
    return projects.fetch_text(f"{url}r.txt")


@pytest.mark.parametrize("call", [_page, _direct, _text])
@pytest.mark.parametrize("offline", [True, False])
def test_credentials_are_never_in_errors(call: Callable[[IndexStore, str], object], offline: bool) -> None:
    with IndexServer(CATALOG, mode=GUARDED) as server:
        url = with_secret(server.simple_url, "someone:hunter2")
        with store(url, offline=offline) as projects, pytest.raises(WheelcheckError) as caught:
            call(projects, url)
        error: BaseException | None = caught.value
        while error is not None:
            assert "hunter2" not in f"{error} {error!r} {vars(error)}"
            error = error.__cause__ or error.__context__
    with store(url, retries=0, offline=offline) as projects, pytest.raises(WheelcheckError) as caught:
        call(projects, url)
    assert "hunter2" not in f"{caught.value} {vars(caught.value)}"


def test_a_proxy_password_is_never_in_errors() -> None:
    with IndexServer() as server:
        port = server.base_url.rpartition(":")[2]
    proxy = f"http://me:hunter2@127.0.0.1:{port}"
    with (
        store("http://index.example/simple", proxy=proxy, retries=0) as projects,
        pytest.raises(IndexUnavailable) as caught,
    ):
        projects.page(name("a"))
    assert "hunter2" not in f"{caught.value} {vars(caught.value)}"


def test_the_longest_path_that_fits_decides_between_two_on_one_host() -> None:
    known = Credentials(["https://a:1@index.example/one/simple/", "https://b:2@index.example/two/simple/"])
    one, two = (
        known.header_for("https://index.example/one/simple/x/"),
        known.header_for("https://index.example/two/simple/x/"),
    )
    assert one != two
    assert known.header_for("https://index.example/files/x.whl") == one
    assert known.header_for("https://index.example:444/one/simple/x/") is None
    assert known.header_for("https://index.example:443/one/simple/x/") == one


def test_the_cache_holds_no_credentials(tmp_path: Path) -> None:
    with (
        IndexServer(CATALOG, mode=GUARDED) as server,
        store(with_secret(server.simple_url), cache_dir=tmp_path) as projects,
    ):
        page = projects.page(name("a"))
        projects.metadata(first_wheel(page))
        projects.source(first_sdist(page))
    assert all(b"s3cr" not in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
