"""Exact counts: requests by kind, modules imported, bytes of a plan that stay the same."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from tests.cli.programs import Shell, valid_plan
from tests.fakes.archives import make_sdist, make_wheel
from tests.server import MIRROR, PLAIN_HTML, IndexServer, Mode
from tests.server.catalog import index_file, read_catalog

# A chain with a diamond, an extra, a pure source archive and versions that are not chosen.
CATALOG = {
    "a": [make_wheel("a", "1.0", requires=["b", "c[more]", "d; sys_platform == 'win32'"])],
    "b": [make_wheel("b", "1.0", requires=["d<2"]), make_wheel("b", "0.9", requires=["gone"])],
    "c": [make_wheel("c", "1.0", requires=["e; extra == 'more'"], extras=["more"])],
    "d": [make_wheel("d", version) for version in ("1.0", "1.5", "2.0")],
    "e": [make_sdist("e", "1.0", requires=["f"])],
    "f": [make_wheel("f", "1.0"), make_wheel("f", "1.0", tags="cp311-cp311-win_amd64")],
}
HEAVY = (
    "email.parser",
    "pyreqwest",
    "importlib.metadata",
    "msgspec",
    "networkx",
    "packaging.requirements",
    "packaging.tags",
    "pypi_simple",
    "resolvelib",
    "rich",
    "selectolax",
    "tomli_w",
    "tomllib",
    "urllib.request",
)
# The cache keeps its records packed with msgspec.
HEAVY_WHEN_WARM = (
    "asyncio",
    "base64",
    "configparser",
    "email.parser",
    "hmac",
    "netrc",
    "pyreqwest",
    "pypi_simple",
    "rich",
    "selectolax",
    "ssl",
    "tomli_w",
    "tomllib",
    "urllib.request",
    "zipfile",
)


def imported(shell: Shell, words: Iterable[str], opened: str = "") -> set[str]:
    """The modules that a run of *words* imports, or the files (folder and name) that it opens whose names end with *opened*."""
    told = "sorted(sys.modules)" if not opened else "files"
    code = (
        "import sys, json, os\nfiles = []\n"
        f"seen = lambda name: isinstance(name, str) and name.endswith({opened!r})\n"
        "short = lambda name: '/' + '/'.join(name.replace(os.sep, '/').split('/')[-2:])\n"
        "sys.addaudithook(lambda event, told: files.append(short(told[0])) if event == 'open' and seen(told[0]) else None)\n"
        "from wheelcheck.cli.main import run\n"
        f"status = run({list(words)!r})\n"
        f"os.write(2, json.dumps([status, {told}]).encode())\nos._exit(0)\n"
    )
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=shell.folder, env=shell.environ, capture_output=True, timeout=60, check=True
    )
    status, modules = json.loads(done.stderr)
    assert status == 0
    return set(modules)


@pytest.mark.parametrize("words", [("--help",), ("plan", "--help"), ("export", "--help"), ("cache", "--help")])
def test_help_imports_nothing_heavy(shell: Shell, words: tuple[str, ...]) -> None:
    modules = imported(shell, words)
    assert modules.isdisjoint(HEAVY), sorted(modules.intersection(HEAVY))
    rooms = {name.split(".")[1] for name in modules if name.startswith("wheelcheck.")}
    # The help of a command with --format and of export shows the table of formats; no format is loaded.
    tables = {("--help",): {"report"}, ("plan", "--help"): {"report"}, ("export", "--help"): {"export"}}
    assert rooms == {"cli", "errors", "option_rows", "options"} | tables.get(words, set())
    assert {name for name in modules if name.startswith("wheelcheck.export.")} <= {"wheelcheck.export.formats"}
    assert {name for name in modules if name.startswith("wheelcheck.report.")} <= {"wheelcheck.report.formats"}


def test_help_is_shown_without_a_garbage_collection(shell: Shell) -> None:
    code = (
        "import gc, os, sys\nfrom wheelcheck.__main__ import main\n"
        "collections, leave = [], os._exit\n"
        "gc.callbacks.append(lambda phase, info: collections.append(phase))\n"
        "os._exit = lambda status: leave(status or min(len(collections), 99))\n"
        "sys.argv[1:] = ['--help']\nmain()\n"
    )
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=shell.folder, env=shell.environ, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_run_loads_the_module_of_its_own_command_only(shell: Shell) -> None:
    commands = {"check", "describe", "environments", "matrix", "plan"}
    for words, own in ((("--version",), set[str]()), (("plan", "--help"), {"plan"}), (("--help",), commands)):
        modules = imported(shell, words)
        assert {name for name in commands if f"wheelcheck.cli.{name}" in modules} == own, words


def test_version_imports_no_other_room(shell: Shell) -> None:
    modules = imported(shell, ("--version",))
    assert {name.split(".")[1] for name in modules if name.startswith("wheelcheck.")} == {
        "cli",
        "errors",
        "option_rows",
        "options",
    }


@pytest.mark.parametrize("form", ["text", "json"])
def test_warm_plan_imports_no_client_and_no_terminal_library(shell: Shell, form: str) -> None:
    with IndexServer(CATALOG) as server:
        words = (*shell.plan_words("a", index=server.simple_url), "--format", form)
        assert shell.run(*words).status == 0
        modules = imported(shell, words)
    assert modules.isdisjoint(HEAVY_WHEN_WARM), sorted(modules.intersection(HEAVY_WHEN_WARM))


def test_warm_plan_of_requirements_loads_only_the_rooms_parts_that_it_uses(shell: Shell) -> None:
    shell.write("requirements.txt", "a\n")
    with IndexServer(CATALOG) as server:
        words = shell.plan_words("requirements.txt", index=server.simple_url)
        assert shell.run(*words).status == 0
        modules = {
            name.removeprefix("wheelcheck.") for name in imported(shell, words) if name.startswith("wheelcheck.")
        }
    assert {name for name in modules if name.startswith("model.")} == {
        f"model.{name}"
        for name in (
            "distribution", "document", "finding", "lock", "plan",
            "repair", "requirement", "resolution", "target", "urls",
        )
    }  # fmt: skip
    assert {name for name in modules if name.startswith(("archives.", "api.", "plans.", "locks."))} == {
        "archives.reader", "archives.source_tree",
        "api.answering", "api.edges", "api.plan", "api.preparing", "api.reading", "api.request",
        "plans.documents", "plans.making", "plans.reading", "plans.repair_documents",
    }  # fmt: skip
    assert modules.isdisjoint({"index.code_answers", "settings.allowances"})
    # None of the projects has advice, which is searched for as text.
    assert {name for name in modules if name.startswith("knowledge.")} == {"knowledge.loading"}


def test_lock_is_answered_without_the_resolver(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        shell.write("requirements.txt", "a\n")
        words = (
            "plan",
            "requirements.txt",
            "--platform",
            "win_amd64",
            "-p",
            "3.11",
            "-i",
            server.simple_url,
            "-o",
            "plan.json",
        )
        assert shell.run(*words).status == 0
        assert shell.run("export", "plan.json", "--to", "pylock", "-o", "pylock.toml").status == 0
        modules = imported(
            shell, ("pylock.toml", "--platform", "win_amd64", "--python", "3.11", "-i", server.simple_url)
        )
    assert "wheelcheck.resolver.locked" in modules
    assert modules.isdisjoint({"resolvelib", "wheelcheck.resolver.passes", "wheelcheck.knowledge.compatibility"})


@pytest.mark.parametrize("words", [("matrix",), ()])
def test_many_targets_on_which_all_installs_read_no_knowledge_of_repairs(shell: Shell, words: tuple[str, ...]) -> None:
    shell.write("requirements.txt", "a\n")
    with IndexServer(CATALOG) as server:
        where = ("--index-url", server.simple_url, "--cache-dir", str(shell.folder / "cache"))
        words = (*words, "requirements.txt", "--platform", "win_amd64,linux", "--python", "3.11", *where)
        opened = imported(shell, words, opened=".toml")
    assert "/knowledge/advisories.toml" in opened
    assert opened.isdisjoint(f"/knowledge/{name}.toml" for name in ("elsewhere", "import_names", "substitutes"))


@pytest.mark.parametrize("mode", [Mode(), PLAIN_HTML, MIRROR], ids=["json", "plain html", "mirror"])
def test_cold_plan_asks_each_page_once_and_a_warm_one_nothing(shell: Shell, mode: Mode) -> None:
    with IndexServer(CATALOG, mode=mode) as server:
        cold = shell.plan("a", index=server.simple_url)
        assert cold.versions == {"a": "1.0", "b": "1.0", "c": "1.0", "d": "1.5", "e": "1.0", "f": "1.0"}
        assert {name: server.count_pages(name) for name in CATALOG} == dict.fromkeys(CATALOG, 1)
        assert server.count_pages("gone") == 0
        server.forget_requests()
        warm = shell.plan("a", index=server.simple_url)
        assert server.requests == []
    assert warm.out == cold.out


def test_sidecars_are_read_once_and_files_only_of_sources(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        shell.plan("a", index=server.simple_url)
        # d is read ahead as 2.0 before b's bound is known, at most.
        assert 5 <= server.count_sidecars() <= 6
        assert server.count(suffix=".whl") == 0
        assert server.count(suffix=".tar.gz") == 1


def test_refresh_revalidates_each_page_and_downloads_no_file_again(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        cold = shell.plan("a", index=server.simple_url)
        server.forget_requests()
        again = shell.plan("a", "--refresh", index=server.simple_url)
        assert {name: server.count_pages(name) for name in CATALOG} == dict.fromkeys(CATALOG, 1)
        # The sidecar of d 2.0, which is read ahead at most, may be new: in the first run b's bound can have been known before.
        assert len(server.requests) == len(CATALOG) + server.count_sidecars()
        assert server.count_sidecars() == server.count(path="/d-2.0-") <= 1
    assert again.out == cold.out


def test_refresh_sees_what_is_new(shell: Shell) -> None:
    with IndexServer({"d": [make_wheel("d", "1.0")]}, mode=Mode(sidecars="absent")) as old:
        url = old.simple_url
        assert shell.plan("d", index=url).versions == {"d": "1.0"}
        new = make_wheel("d", "2.0")
        old.add_path(index_file(new).path, new[1])
        old.projects.update(read_catalog({"d": [new]}))
        assert shell.plan("d", index=url).versions == {"d": "1.0"}
        assert shell.plan("d", "--refresh", index=url).versions == {"d": "2.0"}


def test_without_cache_nothing_is_kept(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        for _ in range(2):
            server.forget_requests()
            assert shell.plan("a", "--no-cache", index=server.simple_url).status == 0
            assert server.count_pages() == len(CATALOG)
    assert not shell.cache.exists()
    assert list((shell.folder.parent / "home").rglob("*")) == []


def test_plan_has_the_same_bytes_whatever_the_hash_seed_and_the_cache(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        outcomes = [
            shell.program(*shell.plan_words("a", *cached, index=server.simple_url), environ={"PYTHONHASHSEED": seed})
            for seed, cached in (("0", ()), ("1", ()), ("2", ("--no-cache",)), ("3", ("--offline",)))
        ]
    valid_plan(outcomes[0].out)
    assert {(each.status, each.out) for each in outcomes} == {(0, outcomes[0].out)}


def test_two_runs_at_once_share_the_cache(shell: Shell) -> None:
    with IndexServer(CATALOG, mode=Mode(latency=0.02)) as server:
        running = [shell.start(*shell.plan_words("a", index=server.simple_url)) for _ in range(3)]
        ended = [process.communicate(timeout=60) for process in running]
        assert [process.returncode for process in running] == [0, 0, 0]
        assert len(set(ended)) == 1
        server.forget_requests()
        assert shell.plan("a", index=server.simple_url).out.encode() == ended[0][0]
        assert server.requests == []


def test_damaged_cache_is_dropped_silently(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        good = shell.plan("a", index=server.simple_url)
        for path in shell.cache.rglob("*"):
            if path.is_file():
                path.write_bytes(b"rubbish" * 1000)
        again = shell.plan("a", index=server.simple_url)
    assert (again.status, again.out, again.err) == (0, good.out, "")
