"""Which index: one that refuses to answer (401, 403) while the next one has the project is told, whatever the project's name."""

from __future__ import annotations

import pytest

from tests.cli.programs import Shell
from tests.fakes.archives import make_wheel
from tests.server import IndexServer, Mode
from wheelcheck.knowledge.loading import load_absent_statuses

CATALOG = {"internal-tool": [make_wheel("internal-tool", "1.0")], "a": [make_wheel("a", "1.0")]}


def test_index_that_answers_403_while_the_next_one_has_the_project_is_told_also_from_the_cache(shell: Shell) -> None:
    with IndexServer(mode=Mode(absent_status=403)) as refusing, IndexServer(CATALOG) as public:
        words = ("internal-tool", "--extra-index-url", refusing.simple_url)
        outcomes = [shell.plan(*words, index=public.simple_url) for _ in range(2)]
    for outcome in outcomes:
        assert outcome.status == 0
        (finding,) = (each for each in outcome.plan["findings"] if each["code"] == "WC308")
        assert "answered 403" in str(finding["evidence"])
        assert "internal-tool" in str(finding["evidence"])


@pytest.mark.parametrize(
    ("own", "name", "others", "is_private"),
    [
        ("own", "internal-tool", ("a",), True),  # the index tells what it does not have, a, from what it does not show
        ("own", "internal-tool", (), False),  # it may say 403 for whatever it does not have
        ("internal", "internal-tool", (), False),  # such a word stands in the address of many
        ("acme", "acme-tool", (), True),
        ("acme", "tool-acme", (), False),
    ],
)
@pytest.mark.parametrize("strategy", ["first-index", "unsafe-best-match"])
def test_private_project_is_not_taken_from_another_index_when_its_own_refuses(
    shell: Shell, own: str, name: str, others: tuple[str, ...], is_private: bool, strategy: str
) -> None:
    catalog = CATALOG | {name: [make_wheel(name, "1.0")]}
    with IndexServer() as private, IndexServer(catalog) as public:
        page = private.add_path(f"/{own}/simple/{name}/", b"", status=403)
        words = (name, *others, "--index-strategy", strategy, "--extra-index-url", page.removesuffix(f"{name}/"))
        found, settled = (
            shell.plan(*words, *more, index=public.simple_url)
            for more in ((), ("--source", f"{name}={public.simple_url}"))
        )
    assert found.status == int(is_private)
    assert found.plan["status"] == ("blocked" if is_private else "installable")
    assert found.codes == (["WC310", "WC308"] if is_private else ["WC308"])
    assert (settled.status, settled.codes) == (0, [])


@pytest.mark.parametrize("status", [404, 410])
def test_index_that_answers_that_there_is_none_is_not_told(shell: Shell, status: int) -> None:
    with IndexServer(mode=Mode(absent_status=status)) as other, IndexServer(CATALOG) as public:
        outcome = shell.plan("a", "--extra-index-url", other.simple_url, index=public.simple_url)
    assert "WC308" not in outcome.codes


def test_index_that_answers_401_ends_the_run_as_pip_does(shell: Shell) -> None:
    with IndexServer(CATALOG, mode=Mode(credentials=("u", "p"))) as closed, IndexServer(CATALOG) as public:
        outcome = shell.plan("internal-tool", "--extra-index-url", closed.simple_url, index=public.simple_url)
    assert "401" in outcome.refused(3)


def test_habit_of_a_vendor_is_data() -> None:
    assert load_absent_statuses("download.pytorch.org") == load_absent_statuses("pytorch.org") == {403}
    assert load_absent_statuses("notpytorch.org") == load_absent_statuses("index.example") == frozenset()
