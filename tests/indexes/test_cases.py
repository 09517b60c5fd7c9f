"""Requirements that name a further index, as users write them, planned whole: the file chosen, and what is said of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

import wheelcheck
from tests.fakes.archives import make_sdist, make_wheel
from tests.indexes.tools import UV, environment
from tests.server import IndexServer, Mode
from tests.server.answers import Answer
from wheelcheck.api.plan import why
from wheelcheck.api.request import Request
from wheelcheck.errors import IndexUnavailable
from wheelcheck.export.listing import render_requirements
from wheelcheck.export.shipment import Shipment
from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.model.plan import Plan
from wheelcheck.report.summary import render_summary
from wheelcheck.report.tree import render_whys

ENVIRON = {"PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0"}
NATIVE = {
    "setup.py": "from setuptools import Extension, setup\nsetup(ext_modules=[Extension('n', ['n.c'])])\n",
    "n.c": "",
}
MAIN = {
    "tensorlib": [make_wheel("tensorlib", "2.0.1"), make_wheel("tensorlib", "2.1.0")],
    "webrtcvad": [make_sdist("webrtcvad", "2.0.10", files=NATIVE)],
    "plain": [make_wheel("plain", "1.0")],
}
CUDA = {
    "tensorlib": [make_wheel("tensorlib", "2.0.1+cu118")],
    "webrtcvad": [make_wheel("webrtcvad", "2.0.10", tags="cp311-cp311-win_amd64")],
}


@contextmanager
def two_indexes() -> Iterator[Mapping[str, str]]:
    with ExitStack() as stack:
        servers = {"main": IndexServer(MAIN), "cuda": IndexServer(CUDA)}
        yield {name: stack.enter_context(server).simple_url for name, server in servers.items()}


def planned(folder: Path, urls: Mapping[str, str], *lines: str, environ: Mapping[str, str] = ENVIRON) -> Plan:
    text = f"--index-url {urls['main']}\n--extra-index-url {urls['cuda']}\n" + "".join(f"{line}\n" for line in lines)
    (folder / "requirements.txt").write_text(text)
    return wheelcheck.plan(
        str(folder / "requirements.txt"), platform="win_amd64", python="3.11", no_cache=True, repairs=0, environ=environ
    )


def found(plan: Plan, code: Code) -> list[Finding]:
    return [finding for finding in plan.findings if finding.code is code]


@pytest.mark.parametrize(
    ("line", "version", "severity"),
    [
        ("tensorlib==2.0.1+cu118", "2.0.1+cu118", Severity.INFO),
        ("tensorlib==2.0.1", "2.0.1+cu118", Severity.WARNING),
        ("tensorlib", "2.1.0", Severity.WARNING),
    ],
)
def test_a_project_on_both_indexes_is_taken_as_pip_takes_it_and_both_are_named(
    tmp_path: Path, line: str, version: str, severity: Severity
) -> None:
    with two_indexes() as urls:
        plan = planned(tmp_path, urls, line)
    taken = urls["cuda"] if "+" in version else urls["main"]
    (package,) = plan.packages
    assert (str(package.version), package.file and package.file.index) == (version, taken)
    (finding,) = found(plan, Code.SEVERAL_INDEXES)
    assert finding.severity is severity
    assert all(url in finding.message for url in urls.values())
    assert f"--source tensorlib={taken} takes it from that index alone" in finding.evidence


def test_a_source_settles_it_and_the_index_of_each_package_is_shown(tmp_path: Path) -> None:
    with two_indexes() as urls:
        (tmp_path / "requirements.txt").write_text(f"--extra-index-url {urls['cuda']}\ntensorlib\nplain\n")
        plan = wheelcheck.plan(
            str(tmp_path / "requirements.txt"),
            index_url=urls["main"],
            sources=(f"tensorlib={urls['cuda']}",),
            no_cache=True,
            environ=ENVIRON,
        )
    assert not found(plan, Code.SEVERAL_INDEXES)
    words = " ".join(render_summary(plan).split())
    assert f"tensorlib from {urls['cuda']}" in words
    assert f"plain from {urls['main']}" in words


def test_a_hash_settles_which_file_it_is(tmp_path: Path) -> None:
    with two_indexes() as urls:
        digest = wheelcheck.plan("tensorlib==2.1.0", index_url=urls["main"], no_cache=True, environ=ENVIRON).packages[0]
        assert digest.file is not None
        plan = planned(tmp_path, urls, f"tensorlib==2.1.0 --hash=sha256:{digest.file.sha256}")
    assert not found(plan, Code.SEVERAL_INDEXES)


def test_a_wheel_that_only_the_further_index_has_makes_a_source_archive_needless(tmp_path: Path) -> None:
    with two_indexes() as urls:
        plan = planned(tmp_path, urls, "webrtcvad")
    (package,) = plan.packages
    assert plan.status.value == "installable"
    assert package.file is not None
    assert package.file.filename == "webrtcvad-2.0.10-cp311-cp311-win_amd64.whl"


def test_an_index_that_is_down_is_told_and_the_other_answers(tmp_path: Path) -> None:
    with two_indexes() as urls:
        plan = planned(tmp_path, {**urls, "cuda": "http://127.0.0.1:9/simple/"}, "tensorlib==2.0.1")
    assert [str(package.version) for package in plan.packages] == ["2.0.1"]
    (finding,) = found(plan, Code.INDEX_FAILED)
    assert finding.severity is Severity.WARNING
    assert "http://127.0.0.1:9/simple/" in finding.message
    assert "not seen there: tensorlib" in finding.evidence


def test_requirements_that_name_their_index_take_the_place_of_pips_own_further_indexes(tmp_path: Path) -> None:
    with two_indexes() as urls:
        configured = {**ENVIRON, "PIP_EXTRA_INDEX_URL": urls["cuda"]}
        (tmp_path / "named.txt").write_text(f"--index-url {urls['main']}\ntensorlib==2.0.1\n")
        (tmp_path / "plain.txt").write_text("tensorlib==2.0.1\n")
        named = wheelcheck.plan(str(tmp_path / "named.txt"), no_cache=True, environ=configured)
        plain = wheelcheck.plan(str(tmp_path / "plain.txt"), index_url=urls["main"], no_cache=True, environ=configured)
    assert [str(plan.packages[0].version) for plan in (named, plain)] == ["2.0.1", "2.0.1+cu118"]


class Meeting(IndexServer):
    """An index that answers for a project only once each of two indexes is asked for it."""

    barrier = threading.Barrier(2)

    def answer(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        if path.endswith("/tensorlib/"):
            self.barrier.wait(30)
        return super().answer(method, path, headers)


def test_pages_of_several_indexes_are_asked_for_at_once() -> None:
    with Meeting(MAIN) as main, Meeting(CUDA) as cuda:
        plan = wheelcheck.plan(
            "tensorlib", index_url=main.simple_url, extra_index_urls=(cuda.simple_url,), no_cache=True, environ=ENVIRON
        )
        assert main.count_pages("tensorlib") == cuda.count_pages("tensorlib") == 1
    assert [str(package.version) for package in plan.packages] == ["2.1.0"]


def test_an_index_that_takes_requests_and_never_answers_is_given_up(tmp_path: Path) -> None:
    environ = {**ENVIRON, "PIP_TIMEOUT": "0.5", "PIP_RETRIES": "5"}
    with IndexServer(MAIN) as main, IndexServer(CUDA, mode=Mode(latency=60)) as silent:
        urls = {"main": main.simple_url, "cuda": silent.simple_url}
        plan = planned(tmp_path, urls, "tensorlib==2.0.1", "plain", environ=environ)
    assert {str(package.version) for package in plan.packages} == {"2.0.1", "1.0"}
    (finding,) = found(plan, Code.INDEX_FAILED)
    assert finding.evidence[1] == "not seen there: plain, tensorlib"


def uv_project(folder: Path, urls: Mapping[str, str], *dependencies: str, sources: str = "") -> Path:
    """A project whose settings of uv name the index cuda besides the default one."""
    listed = ", ".join(f'"{each}"' for each in dependencies)
    path = folder / "pyproject.toml"
    path.write_text(
        f'[project]\nname = "asking"\nversion = "0"\nrequires-python = ">=3.9"\ndependencies = [{listed}]\n'
        f'[[tool.uv.index]]\nname = "cuda"\nurl = "{urls["cuda"]}"\n'
        f'[[tool.uv.index]]\nname = "main"\nurl = "{urls["main"]}"\ndefault = true\n[tool.uv.sources]\n{sources}\n'
    )
    return path


@pytest.mark.parametrize(
    ("dependency", "sources", "version"),
    [
        ("tensorlib", "", "2.0.1+cu118"),
        ("tensorlib==2.0.1", "", "2.0.1+cu118"),
        ("tensorlib", 'tensorlib = { index = "main" }', "2.1.0"),
        ("plain", "", "1.0"),
    ],
)
def test_a_project_with_settings_of_uv_takes_the_first_index_that_knows_a_project(
    tmp_path: Path, dependency: str, sources: str, version: str
) -> None:
    with two_indexes() as urls:
        plan = wheelcheck.plan(
            str(uv_project(tmp_path, urls, dependency, sources=sources)), no_cache=True, environ=ENVIRON
        )
    assert [str(package.version) for package in plan.packages] == [version]
    assert not found(plan, Code.SEVERAL_INDEXES)


def test_a_version_that_the_first_index_lacks_is_proposed_from_the_next(tmp_path: Path) -> None:
    with two_indexes() as urls:
        project = str(uv_project(tmp_path, urls, "tensorlib==2.1.0"))
        plan = wheelcheck.plan(project, no_cache=True, environ=ENVIRON)
        assert plan.proposals is not None
        repair = plan.proposals.repairs[0]
        assert repair.options == ("--source", f"tensorlib={urls['main']}")
        again = wheelcheck.plan(project, sources=(repair.options[1],), no_cache=True, environ=ENVIRON)
    assert [str(package.version) for package in again.packages] == ["2.1.0"]


def test_an_index_that_refuses_ends_the_search_as_uv_has_it_and_says_what_passes_it_over(tmp_path: Path) -> None:
    with IndexServer(MAIN) as main, IndexServer(mode=Mode(absent_status=403)) as cuda:
        urls = {"main": main.simple_url, "cuda": cuda.simple_url}
        project = str(uv_project(tmp_path, urls, "plain"))
        with pytest.raises(IndexUnavailable, match="answered 403") as caught:
            wheelcheck.plan(project, no_cache=True, environ=ENVIRON)
        assert "ignore-error-codes = [403]" in caught.value.hint
        passing = wheelcheck.plan(project, index_strategy="unsafe-best-match", no_cache=True, environ=ENVIRON)
    assert [package.name for package in passing.packages] == ["plain"]
    assert passing.options.index_strategy == "unsafe-best-match"


def test_a_folder_of_this_machines_pip_adds_what_is_missing_and_no_plan_depends_on_it_without_need(
    tmp_path: Path,
) -> None:
    for name, made in (("plain", MAIN["plain"][0]), ("webrtcvad", CUDA["webrtcvad"][0])):
        (tmp_path / "mirror" / name).mkdir(parents=True)
        (tmp_path / "mirror" / name / made[0]).write_bytes(made[1])
    folder = (tmp_path / "mirror").as_uri()
    with IndexServer(MAIN) as main:
        plan = wheelcheck.plan(
            "plain",
            "webrtcvad",
            index_url=main.simple_url,
            platform="win_amd64",
            python="3.11",
            no_cache=True,
            environ={**ENVIRON, "PIP_EXTRA_INDEX_URL": folder},
        )
        assert {package.name: package.file and package.file.index for package in plan.packages} == {
            "plain": main.simple_url,
            "webrtcvad": folder,
        }
    assert [finding.package for finding in found(plan, Code.SEVERAL_INDEXES)] == ["webrtcvad"]


@pytest.mark.skipif(UV is None, reason="uv is not here (extra: peers)")
def test_exported_requirements_say_with_which_strategy_uv_finds_files_of_several_indexes(tmp_path: Path) -> None:
    both = {**CUDA, "extra": [make_wheel("extra", "1.0")]}
    with IndexServer(MAIN) as main, IndexServer(both) as cuda:
        plan = wheelcheck.plan(
            "tensorlib",
            "extra",
            index_url=main.simple_url,
            extra_index_urls=(cuda.simple_url,),
            no_cache=True,
            environ=ENVIRON,
        )
        text = render_requirements(Shipment(plan=plan))
        (tmp_path / "exported.txt").write_text(text)
        words = [UV or "uv", "pip", "install", "--dry-run", "--no-deps", "--require-hashes", "--no-cache"]
        words += ["--python", sys.executable, "-r", str(tmp_path / "exported.txt")]
        strategy = re.findall(r"uv finds them with (--index-strategy) ([\w-]+)", text)[0]
        statuses = [
            subprocess.run([*words, *more], env=environment(), capture_output=True, timeout=60, check=False).returncode
            for more in ((), strategy)
        ]
    assert statuses == [1, 0]


def test_a_mirror_that_lists_the_very_file_is_only_noted(tmp_path: Path) -> None:
    with IndexServer(MAIN) as main, IndexServer(MAIN) as mirror:
        plan = planned(tmp_path, {"main": main.simple_url, "cuda": mirror.simple_url}, "plain")
    (finding,) = found(plan, Code.SEVERAL_INDEXES)
    assert finding.severity is Severity.INFO


def test_why_names_the_indexes_and_the_one_that_has_the_file() -> None:
    with two_indexes() as urls:
        request = Request(
            inputs=("tensorlib==2.0.1",),
            index_url=urls["main"],
            extra_index_urls=(urls["cuda"],),
            no_cache=True,
            environ=ENVIRON,
        )
        answer = why(request, "tensorlib")
    words = " ".join(render_whys((answer,)).split())
    assert "On 2 indexes: 3 versions" in words
    assert f"{urls['cuda']}, which has the file that was chosen" in words
    assert f"{urls['main']}, which" not in words
