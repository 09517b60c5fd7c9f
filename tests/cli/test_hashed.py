"""Hashes of the requirements from the plan to the file that comes: what the index does not announce is checked all the same."""

from __future__ import annotations

import hashlib
import json

import pytest

from tests.cli.programs import Shell
from tests.fakes.archives import make_sdist, make_wheel, sha256_hex
from tests.server import IndexServer, Mode

WHEEL = make_wheel("a", "1.0")
SOURCE = make_sdist("a", "1.0")
GOOD, OTHER, WRONG = sha256_hex(WHEEL[1]), sha256_hex(SOURCE[1]), "0" * 64
SILENT = Mode(pages="html", hashes="hidden")


def planned(shell: Shell, server: IndexServer, *digests: str) -> dict[str, object]:
    """The planned file of ``a`` where the requirements name *digests*."""
    pins = "".join(f" --hash=sha256:{digest}" for digest in digests)
    outcome = shell.plan(shell.write("requirements.txt", f"a==1.0{pins}\n").name, index=server.simple_url)
    assert outcome.status == 0, outcome.err
    shell.write("plan.json", outcome.out)
    (package,) = json.loads(outcome.out)["packages"]
    file: dict[str, object] = package["file"]
    return file


def fetched(shell: Shell) -> int:
    return shell.run("fetch", "plan.json", "-d", "house", "--cache-dir", str(shell.cache)).status


@pytest.mark.parametrize(("digest", "status"), [(GOOD, 0), (WRONG, 3)])
def test_one_hash_is_that_of_the_file_where_the_index_announces_none(shell: Shell, digest: str, status: int) -> None:
    with IndexServer({"a": [WHEEL]}, mode=SILENT) as server:
        file = planned(shell, server, digest)
        assert (file["sha256"], "accepted" in file) == (digest, False)
        assert fetched(shell) == status


@pytest.mark.parametrize(("digests", "status"), [((GOOD, OTHER), 0), ((WRONG, OTHER), 3)])
def test_of_several_hashes_the_file_has_to_have_one(shell: Shell, digests: tuple[str, ...], status: int) -> None:
    with IndexServer({"a": [WHEEL]}, mode=SILENT) as server:
        file = planned(shell, server, *digests)
        assert (file["sha256"], file["accepted"]) == (None, {"sha256": sorted(digests)})
        exported = shell.run("export", "plan.json", "--to", "requirements")
        assert all(f"--hash=sha256:{digest}" in exported.out for digest in digests)
        assert shell.run("export", "plan.json", "--to", "pylock").status == 2
        assert fetched(shell) == status


def test_hashes_in_several_algorithms_may_be_of_several_files(shell: Shell) -> None:
    other = hashlib.sha512(SOURCE[1]).hexdigest()
    shell.write("requirements.txt", f"a==1.0 --hash=sha256:{GOOD} --hash=sha512:{other}\n")
    with IndexServer({"a": [WHEEL, SOURCE]}, mode=SILENT) as server:
        shell.write("plan.json", shell.plan("requirements.txt", index=server.simple_url).out)
        assert fetched(shell) == 0


def test_a_hash_that_the_index_announces_is_the_only_one_of_the_plan(shell: Shell) -> None:
    with IndexServer({"a": [WHEEL]}) as server:
        file = planned(shell, server, GOOD, OTHER)
    assert (file["hashes"], "accepted" in file) == ({"sha256": GOOD}, False)


def test_a_file_in_a_folder_is_hashed_when_it_is_planned(shell: Shell) -> None:
    (shell.folder / "wheels").mkdir()
    (shell.folder / "wheels" / WHEEL[0]).write_bytes(WHEEL[1])
    lines = "--no-index\n--find-links wheels\na==1.0 --hash=sha256:"
    good = shell.plan(shell.write("good.txt", f"{lines}{GOOD} --hash=sha256:{OTHER}\n").name)
    assert good.status == 0
    assert json.loads(good.out)["packages"][0]["file"]["hashes"] == {"sha256": GOOD}
    wrong = shell.plan(shell.write("wrong.txt", f"{lines}{WRONG}\n").name)
    assert wrong.status == 1
    assert [each["code"] for each in json.loads(wrong.out)["findings"] if each["severity"] == "error"] == ["WC404"]


def test_the_hash_in_a_url_of_pyproject_binds_its_file_alone(shell: Shell) -> None:
    with IndexServer({"a": [WHEEL], "b": [make_wheel("b", "1.0")]}) as server:
        reference = f"a @ {server.url_of(WHEEL[0])}#sha256={GOOD}"
        shell.write(
            "pyproject.toml", f'[project]\nname = "p"\nversion = "1"\ndependencies = ["{reference}", "b==1.0"]\n'
        )
        outcome = shell.plan("pyproject.toml", index=server.simple_url)
    assert outcome.versions == {"a": "1.0", "b": "1.0"}
    assert outcome.plan["packages"][0]["file"]["sha256"] == GOOD


@pytest.mark.parametrize(("word", "missing"), [("d==1.0", []), ("c==1.0", ["d"])])
def test_project_of_the_command_line_needs_no_hash_where_a_line_is_left_out_for_it(
    shell: Shell, word: str, missing: list[str]
) -> None:
    catalog = {"a": [WHEEL], "c": [make_wheel("c", "1.0", requires=["d"])], "d": [make_wheel("d", "1.0")]}
    shell.write("requirements.txt", f"a==1.0 --hash=sha256:{GOOD}\n")
    with IndexServer(catalog) as server:
        outcome = shell.plan("requirements.txt", word, "--exclude", "a", index=server.simple_url)
        assert "has no --hash" in shell.plan("requirements.txt", word, index=server.simple_url).refused(2)
    assert outcome.status == (1 if missing else 0)
    assert [each["package"] for each in outcome.plan["findings"] if each["code"] == "WC404"] == missing
