"""An index, file host, hash or disk that fails: exit status 3, the URL named without its secrets, nothing half-written."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.programs import TARGET, Outcome, Shell
from tests.fakes.archives import make_sdist, make_wheel
from tests.server import Flaky, IndexServer, Lie, Mode

CATALOG = {"a": [make_wheel("a", "1.0", requires=["b"])], "b": [make_wheel("b", "1.0")], "s": [make_sdist("s", "1.0")]}
ALWAYS = 1_000
_HELD: list[socket.socket] = []


def with_secret(url: str) -> str:
    return url.replace("//", "//user:hunter2@")


def closed_port() -> int:
    """A port that nobody listens on, and that no server of the tests can be given meanwhile."""
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    _HELD.append(holder)
    port: int = holder.getsockname()[1]
    return port


@pytest.fixture(autouse=True, scope="module")
def released() -> Iterator[None]:
    yield
    while _HELD:
        _HELD.pop().close()


def failed(shell: Shell, mode: Mode, *words: str) -> str:
    """Plan against a server in *mode*; the message of the failed run, after which nothing was written or replaced."""
    shell.write("old.json", "old")
    with IndexServer(CATALOG, mode=mode) as server:
        for output in ("new.json", "old.json"):
            outcome = shell.plan(*(words or ("a",)), "-o", output, index=with_secret(server.simple_url))
            message = outcome.refused(3)
            assert server.base_url in message
    assert_untouched(shell, outcome)
    return message


def assert_untouched(shell: Shell, outcome: Outcome) -> None:
    assert sorted(path.name for path in shell.folder.iterdir()) == ["old.json"]
    assert (shell.folder / "old.json").read_text() == "old"
    assert "hunter2" not in outcome.out + outcome.err


def test_unreachable_index_is_named_without_credentials(shell: Shell) -> None:
    shell.write("old.json", "old")
    url = f"http://user:hunter2@127.0.0.1:{closed_port()}/simple/"
    for output in ("new.json", "old.json"):
        outcome = shell.plan("a", "-o", output, index=url)
        assert f"{url.replace('user:hunter2@', '')}a/" in outcome.refused(3).replace("***@", "").replace(
            "user:****@", ""
        )
    assert_untouched(shell, outcome)


@pytest.mark.parametrize("how", ["500", "429", "reset", "hang-up", "truncate"])
def test_index_that_fails_on_every_try_is_named(shell: Shell, how: str) -> None:
    failed(shell, Mode(flaky=Flaky(first=ALWAYS, how=how)))  # type: ignore[arg-type]


def test_file_host_that_fails_is_named(shell: Shell) -> None:
    assert "/files/" in failed(shell, Mode(flaky=Flaky(first=ALWAYS, how="500", on="/files/")))


@pytest.mark.parametrize("command", [("plan",), ("check",), ("why", "b")])
def test_wheel_on_a_host_that_does_not_answer_is_not_verified_and_the_rest_is_judged(
    shell: Shell, command: tuple[str, ...]
) -> None:
    url = f"http://user:hunter2@127.0.0.1:{closed_port()}/tool-1.0-py3-none-any.whl"
    shell.write("requirements.txt", f"a\nb\ntool @ {url}\n")
    with IndexServer(CATALOG) as server:
        words = ("requirements.txt", *TARGET, "--index-url", server.simple_url, "--no-cache")
        outcome = shell.run(*command, *words)
    assert outcome.status == 3
    assert "tool-1.0-py3-none-any.whl" in outcome.out + outcome.err
    assert "hunter2" not in outcome.out + outcome.err
    if command == ("plan",):
        assert "Undecided" in outcome.out
        assert "WC309" in outcome.out
    if command == ("why", "b"):
        assert "b 1.0" in outcome.out


def test_what_else_blocks_is_told_beside_a_wheel_that_is_not_verified(shell: Shell) -> None:
    shell.write("requirements.txt", f"s\nhttp://127.0.0.1:{closed_port()}/tool-1.0-cp39-cp39-win_amd64.whl\nnowhere\n")
    with IndexServer(CATALOG) as server:
        outcome = shell.plan("requirements.txt", index=server.simple_url)
    assert {"WC301", "WC105"} <= set(outcome.codes)
    assert outcome.status == 1


@pytest.mark.parametrize("command", [("plan",), ("check",), ("matrix",)])
@pytest.mark.parametrize(
    "text",
    [
        """--extra-index-url http://127.0.0.1:{port}/simple/\na\ntool==1.0\n""",
        """--find-links http://127.0.0.1:{port}/links.html\na\ntool==1.0\n""",
    ],
    ids=["extra index", "page of links"],
)
def test_project_that_only_a_failing_index_may_have_is_not_verified_and_the_rest_is_judged(
    shell: Shell, text: str, command: tuple[str, ...]
) -> None:
    shell.write("requirements.txt", text.format(port=closed_port()))
    with IndexServer(CATALOG) as server:
        words = (*command, "requirements.txt", *TARGET, "--index-url", server.simple_url, "--no-cache")
        outcome = shell.run(*words)
    assert outcome.status == 3
    assert "tool was not verified" in " ".join(outcome.out.split())


def test_project_whose_own_index_fails_is_not_verified_and_the_rest_is_judged(shell: Shell) -> None:
    shell.write(
        "pyproject.toml",
        f"""
        [project]
        name = "x"
        version = "1"
        dependencies = ["a", "s", "tool"]
        [tool.uv.sources]
        tool = {{ index = "own" }}
        [[tool.uv.index]]
        name = "own"
        url = "http://127.0.0.1:{closed_port()}/simple/"
        explicit = true
        """,
    )
    with IndexServer(CATALOG) as server:
        outcome = shell.plan("pyproject.toml", "--sdist", "deny", index=server.simple_url)
    assert {"WC101", "WC309"} <= set(outcome.codes)
    assert outcome.status == 3


def test_page_of_links_that_fails_is_told_and_the_index_answers(shell: Shell) -> None:
    shell.write("requirements.txt", f"--find-links http://127.0.0.1:{closed_port()}/links.html\na\n")
    with IndexServer(CATALOG) as server:
        outcome = shell.plan("requirements.txt", index=server.simple_url)
    assert outcome.versions == {"a": "1.0", "b": "1.0"}
    assert outcome.codes == ["WC308"]
    assert outcome.status == 0


def test_index_that_fails_once_is_asked_again(shell: Shell) -> None:
    shell.patch.setenv("PIP_RETRIES", "2")
    with IndexServer(CATALOG, mode=Mode(flaky=Flaky(first=1, how="503", retry_after="0"))) as server:
        assert shell.plan("a", index=server.simple_url).versions == {"a": "1.0", "b": "1.0"}


def test_wrong_hash_of_a_file_is_named(shell: Shell) -> None:
    message = failed(shell, Mode(lies=frozenset({Lie.PAGE_HASH})), "s")
    assert "s-1.0.tar.gz" in message


def test_missing_credentials_are_asked_for(shell: Shell) -> None:
    message = failed(shell, Mode(credentials=("someone", "else")))
    assert "401" in message or "credentials" in message


def test_credentials_that_fit_are_never_printed(shell: Shell) -> None:
    with IndexServer(CATALOG, mode=Mode(credentials=("user", "hunter2"))) as server:
        url = with_secret(server.simple_url)
        for words in ((), ("-v",), ("-o", "plan.json")):
            outcome = shell.run(
                "plan", "a", "-i", url, "--cache-dir", str(shell.cache), "--platform", "windows", *words
            )
            assert outcome.status == 0, outcome.err
            assert "hunter2" not in outcome.out + outcome.err
        assert "hunter2" not in shell.plan("a", index=url).out
        assert "hunter2" not in (shell.folder / "plan.json").read_text()
        for form in ("requirements", "pylock"):
            exported = shell.run("export", "plan.json", "--to", form)
            assert exported.status == 0
            assert "hunter2" not in exported.out


def test_netrc_is_read_and_never_printed(shell: Shell) -> None:
    netrc = Path(shell.environ["HOME"]) / ".netrc"
    netrc.write_text("machine 127.0.0.1 login user password hunter2\n")
    netrc.chmod(0o600)
    with IndexServer(CATALOG, mode=Mode(credentials=("user", "hunter2"))) as server:
        outcome = shell.plan("a", index=server.simple_url)
        assert outcome.versions == {"a": "1.0", "b": "1.0"}
        assert "hunter2" not in outcome.out + outcome.err


def test_output_into_a_missing_folder_is_a_disk_failure(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        message = shell.plan("a", "-o", "gone/plan.json", index=server.simple_url).refused(3)
        # Said before the work, not after it.
        assert server.requests == []
    assert "gone/plan.json: " in message
    assert "hint: " in message


def test_output_onto_a_folder_is_a_disk_failure(shell: Shell) -> None:
    (shell.folder / "there").mkdir()
    with IndexServer(CATALOG) as server:
        assert "there: " in shell.plan("a", "-o", "there", index=server.simple_url).refused(3)


def test_output_that_cannot_be_written_leaves_nothing_beside_it(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        shell.plan("a", "-o", f"{'long' * 100}.json", index=server.simple_url).refused(3)
    assert list(shell.folder.iterdir()) == []


def test_cache_folder_that_cannot_be_made_is_a_disk_failure_or_no_matter(shell: Shell) -> None:
    shell.cache.write_text("a file")
    with IndexServer(CATALOG) as server:
        outcome = shell.plan("a", index=server.simple_url)
    assert "Traceback" not in outcome.err
    if outcome.status == 3:
        assert str(shell.cache) in outcome.refused(3)
    else:
        assert outcome.versions == {"a": "1.0", "b": "1.0"}


def test_offline_with_a_cold_cache_says_what_is_missing(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        message = shell.plan("a", "--offline", index=server.simple_url).refused(3)
        assert f"{server.simple_url}a/" in message
        assert "--offline" in message
        assert server.requests == []


def test_offline_with_a_warm_cache_gives_the_same_plan(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        warm = shell.plan("a", "s", index=server.simple_url)
        server.forget_requests()
        offline = shell.plan("a", "s", "--offline", index=server.simple_url)
        assert server.requests == []
    assert offline.out == warm.out
    assert offline.status == warm.status == 0


def test_offline_and_no_cache_have_nothing_to_answer_from(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        shell.plan("a", "--offline", "--no-cache", index=server.simple_url).refused(3)
