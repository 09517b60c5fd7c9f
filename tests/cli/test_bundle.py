"""``wheelcheck bundle``: what it makes, what it says, and what it refuses."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
from msgspec import structs

from tests.cli.bundles import ARM64, bundle_words, catalog, left_beside, tree, write_plan, write_runtime
from tests.cli.programs import Outcome, Shell
from tests.fakes import runtimes
from tests.fakes.archives import make_wheel, metadata_text
from tests.fakes.libraries import make_pe
from tests.server import IndexServer, Mode
from wheelcheck.model.environment import Budget, Manifest
from wheelcheck.plans.manifests import parse_manifest
from wheelcheck.report.documents import json_schema

SITE = "Lib/site-packages"


@pytest.fixture
def ready(shell: Shell) -> Shell:
    """A folder with a plan, its wheels and a runtime."""
    write_plan(shell)
    write_runtime(shell)
    return shell


def made(shell: Shell, *words: str) -> Outcome:
    outcome = shell.run(*bundle_words(*words))
    assert outcome.status == 0, outcome.err
    return outcome


def manifest_in(folder: Path) -> Manifest:
    return parse_manifest((folder / "manifest.json").read_bytes(), "manifest.json")


@pytest.mark.parametrize("house", [("--wheelhouse", "house"), ()], ids=["with the wheels there", "fetched for it"])
def test_what_wheels_ask_for_beyond_the_plan_is_told(shell: Shell, house: tuple[str, ...]) -> None:
    write_runtime(shell)
    name, content = make_wheel("a", "1.0", requires=["b", "c"])
    with IndexServer({"a": [(name, content)], "b": [make_wheel("b", "1.0")]}, mode=Mode(sidecar_word="true")) as server:
        server.add_path(
            f"{urlsplit(server.url_of(name)).path}.metadata", metadata_text("a", "1.0", requires=["b"]).encode()
        )
        words = ("--platform", "win_amd64", "--python", "3.11", "-i", server.simple_url, "-o", "plan.json")
        assert shell.run("plan", "a", *words).status == 0
        if house:
            assert shell.run("fetch", "plan.json", "-d", "house").status == 0
        outcome = shell.run("bundle", "plan.json", "--runtime", "runtime.zip", *house, "-o", "out")
    assert outcome.status == 0, outcome.err
    assert (
        " ".join((outcome.out + outcome.err).split()).count("a-1.0-py3-none-any.whl asks for c, which the plan lacks")
        == 1
    )


def test_bundle_is_the_environment_with_a_manifest_of_every_file(ready: Shell) -> None:
    outcome = made(ready, "-o", "out")
    out = ready.folder / "out"
    assert outcome.out.startswith("Bundled app ")
    assert "wheelcheck verify out" in outcome.out
    manifest = manifest_in(out)
    assert tree(out).keys() - {"manifest.json"} == {file.path for file in manifest.files}
    assert {file.path: file.sha256 for file in manifest.files}.items() <= tree(out).items()
    assert (out / SITE / "app" / "main.py").is_file()
    plan = json.loads((ready.folder / "plan.json").read_text())
    assert manifest.plan_digest == plan["digest"]
    assert manifest.version == plan["digest"].removeprefix("sha256:")[:12]
    assert [(package.name, str(package.version)) for package in manifest.packages] == [("app", "1.0"), ("lib", "2.0")]
    assert (manifest.target.platform, manifest.target.python, manifest.archives) == ("win_amd64", "3.11", ())
    assert left_beside(ready) == {"out"}


def test_import_that_cannot_work_is_said_when_the_bundle_is_made(shell: Shell) -> None:
    write_plan(shell, files={"app": [make_wheel("app", "1.0", files={"app/__init__.py": "\nimport tkinter"})]})
    write_runtime(shell)
    assert "has no `tkinter`: app/__init__.py:2" in " ".join(made(shell, "-o", "out").out.split())


def test_packages_alone_are_bundled_without_a_runtime(ready: Shell) -> None:
    outcome = ready.run("bundle", "plan.json", "--wheelhouse", "house", "--offline", "-o", "out")
    assert outcome.status == 0, outcome.err
    assert "packages alone" in outcome.out
    assert manifest_in(ready.folder / "out").runtime.kind.value == "none"


def test_bundle_with_links_among_its_runtime_is_found_whole_by_verify(shell: Shell) -> None:
    write_plan(shell, "app", "--platform", "manylinux_2_28_x86_64", "--python", "3.12")
    runtime = runtimes.tarred(runtimes.unix_prefix(runtimes.elf()), {"bin/python3": "python3.12"})
    shell.write("runtime.tar.gz", gzip.compress(runtime))
    made(shell, "--runtime", "runtime.tar.gz", "-o", "out")
    assert [(file.path, file.sha256) for file in manifest_in(shell.folder / "out").files if file.link] == [
        ("bin/python3", "")
    ]
    jsonschema.validate(json.loads((shell.folder / "out" / "manifest.json").read_text()), json_schema(Manifest))
    shell.patch.delenv("PYTHONPATH", raising=False)  # or verify warns of it
    outcome = shell.run("verify", "out", "--plan", "plan.json", "--imports", "none", "--strict")
    assert outcome.status == 0, outcome.out + outcome.err


def test_wheels_are_fetched_where_there_are_none(shell: Shell) -> None:
    write_runtime(shell)
    with IndexServer(catalog()) as server:
        shell.write("plan.json", shell.plan("app", index=server.simple_url).out)
        outcome = shell.run(
            "bundle", "plan.json", "--runtime", "runtime.zip", "-o", "out", "--cache-dir", str(shell.cache)
        )
        assert outcome.status == 0, outcome.err
        assert left_beside(shell) == {"out"}, "the wheels went with the run"
        again = shell.run("bundle", "plan.json", "--runtime", "runtime.zip", "--wheelhouse", "house", "-o", "again")
        assert again.status == 0, again.err
    assert {path.suffix for path in (shell.folder / "house").iterdir()} >= {".whl"}, "and here they stay"
    assert tree(shell.folder / "again").keys() == tree(shell.folder / "out").keys()


def test_zip_of_a_bundle_holds_it_whole_with_its_manifest(ready: Shell) -> None:
    made(ready, "-o", "plain", "--name", "product", "--bundle-version", "1.2.0")
    outcome = made(ready, "-o", "out", "--archive", "zip", "--name", "product", "--bundle-version", "1.2.0")
    out = ready.folder / "out"
    archive = out / "product-1.2.0-win_amd64-cp311.zip"
    assert {path.name for path in out.iterdir()} == {archive.name, "manifest.json", "SHA256SUMS"}
    assert archive.name in outcome.out
    with zipfile.ZipFile(archive) as read:
        read.extractall(ready.folder / "unpacked")
    assert tree(ready.folder / "unpacked") == tree(ready.folder / "plain")
    manifest = manifest_in(out)
    described = manifest.archives[0]
    assert (described.filename, described.size) == (archive.name, archive.stat().st_size)
    assert tree(out)[archive.name] == described.sha256
    assert described.installed == sum(
        path.stat().st_size for path in (ready.folder / "unpacked").rglob("*") if path.is_file()
    )
    if program := shutil.which("sha256sum"):
        subprocess.run([program, "--strict", "-c", "SHA256SUMS"], cwd=out, check=True, capture_output=True)


def test_layers_unpacked_over_each_other_are_the_bundle(ready: Shell) -> None:
    made(ready, "-o", "plain")
    made(ready, "-o", "out", "--archive", "zip", "--layers")
    manifest = manifest_in(ready.folder / "out")
    assert [archive.layer for archive in manifest.archives] == ["runtime", "base", "app"]
    for archive in manifest.archives:
        assert archive.filename == f"app-win_amd64-cp311-{archive.layer}-{archive.sha256[:12]}.zip"
        with zipfile.ZipFile(ready.folder / "out" / archive.filename) as read:
            read.extractall(ready.folder / "unpacked")
    plain = tree(ready.folder / "plain")
    plain.pop("manifest.json")
    assert tree(ready.folder / "unpacked") == plain


def test_another_version_of_a_requested_package_changes_one_layer_alone(ready: Shell) -> None:
    made(ready, "-o", "one/out", "--archive", "zip", "--layers")
    write_plan(
        ready,
        files=catalog("1.1"),
    )
    made(ready, "-o", "two/out", "--archive", "zip", "--layers")
    before, after = (manifest_in(ready.folder / place / "out").archives for place in ("one", "two"))
    assert before[:2] == after[:2]
    assert before[2].sha256 != after[2].sha256
    assert before[2].filename != after[2].filename


def test_stripped_bundle_says_so_and_weighs_less(ready: Shell) -> None:
    plain = json.loads(made(ready, "-o", "plain", "--format", "json").out)
    outcome = made(ready, "-o", "out", "--strip", "tests,docs", "--strip", "pyi")
    assert "Stripped   docs, pyi, tests: " in outcome.out
    manifest = manifest_in(ready.folder / "out")
    assert manifest.stripped == ("docs", "pyi", "tests")
    assert not {"core.pyi", "test_core.py", "index.html"} & {Path(file.path).name for file in manifest.files}
    assert sum(file.size for file in manifest.files) < plain["installed"]
    everything = json.loads(made(ready, "-o", "all", "--strip", "all", "--format", "json").out)
    assert everything["stripped"] == ["dist-info-extras", "docs", "pyi", "tests"]


def test_bundle_over_its_budget_is_not_made_and_what_to_save_is_told(ready: Shell) -> None:
    outcome = ready.run(*bundle_words("-o", "out", "--size-budget", "10kB"))
    assert outcome.status == 1
    assert outcome.out.startswith("Over the size budget: what is installed of app ")
    for told in ("largest packages", "largest folders", "--strip tests", "--strip pyi", "Lib/site-packages/lib/tests"):
        assert told in outcome.out
    assert left_beside(ready) == set()
    archived = ready.run(*bundle_words("-o", "out", "--size-budget", "1kB", "--archive", "zip", "--format", "json"))
    assert archived.status == 1
    answer = json.loads(archived.out)
    assert answer["made"] is False
    assert answer["budget"]["of"] == "archives"
    assert answer["budget"]["measured"] == answer["download"] > 1000
    assert answer["strippable"]["tests"] > 0
    assert left_beside(ready) == set()
    assert "left of 1MB" in made(ready, "-o", "out", "--size-budget", "1MB").out


def test_name_is_that_of_the_project_that_the_plan_was_made_from(shell: Shell) -> None:
    shell.write("pyproject.toml", '[project]\nname = "Some.Product"\nversion = "1"\ndependencies = ["app"]\n')
    write_plan(shell, "pyproject.toml")
    write_runtime(shell)
    made(shell, "-o", "out")
    assert manifest_in(shell.folder / "out").name == "Some.Product"
    shell.write("pyproject.toml", '[project]\nname = "changed"\nversion = "1"\n')
    made(shell, "-o", "again")
    assert manifest_in(shell.folder / "again").name == "app", "the file is another by now"


def test_json_tells_the_weights(ready: Shell) -> None:
    answer: dict[str, Any] = json.loads(made(ready, "-o", "out", "--archive", "tar.zst", "--format", "json").out)
    assert answer["made"] is True
    assert answer["packages"].keys() == {"app", "lib", "(runtime)"}
    assert sum(answer["packages"].values()) == sum(answer["folders"].values()) == answer["installed"]
    assert answer["download"] == answer["archives"][0]["size"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--strip", "licences"), "tests, docs, pyi, dist-info-extras"),
        (("--size-budget", "huge"), "150MB"),
        (("--layers",), "--archive zip"),
        (("--name", "../escape"), "--name '../escape' cannot be part of a file name"),
        (("--bundle-version", "1/2"), "--bundle-version"),
        (("--runtime", "plan.json"), "plan.json"),
        (("--runtime", "nowhere"), "nowhere"),
    ],
)
def test_request_without_a_sense_is_refused_before_anything_is_done(
    ready: Shell, words: tuple[str, ...], told: str
) -> None:
    outcome = ready.run(*bundle_words("-o", "out", *words))
    assert told in outcome.refused(2)
    assert left_beside(ready) == set()


@pytest.mark.parametrize(
    ("machine", "minor", "facts"), [(ARM64, 11, ("arm64", "amd64")), (0x8664, 12, ("3.12", "3.11"))]
)
def test_runtime_for_another_target_is_refused_with_both_facts(
    ready: Shell, machine: int, minor: int, facts: tuple[str, str]
) -> None:
    write_runtime(ready, machine, minor)
    message = ready.run(*bundle_words("-o", "out")).refused(2)
    assert all(fact in message for fact in facts)
    assert left_beside(ready) == set()


def test_hostile_wheel_is_refused_naming_its_member(shell: Shell) -> None:
    write_plan(shell, files={"app": [make_wheel("app", "1.0", files={"../../evil.py": "x"})]})
    write_runtime(shell)
    outcome = shell.run(*bundle_words("-o", "out"))
    assert "evil.py" in outcome.refused(3)
    assert left_beside(shell) == set()


def test_edited_plan_is_refused(ready: Shell) -> None:
    text = (ready.folder / "plan.json").read_text()
    ready.write("plan.json", text.replace('"version": "2.0"', '"version": "2.1"'))
    assert "was changed after it was made" in ready.run(*bundle_words("-o", "out")).refused(2)


def test_what_is_there_is_never_overwritten_without_force(ready: Shell) -> None:
    made(ready, "-o", "out", "--bundle-version", "1")
    before = tree(ready.folder / "out")
    assert "--force" in ready.run(*bundle_words("-o", "out")).refused(2)
    failed = ready.run(*bundle_words("-o", "out", "--force", "--size-budget", "1kB"))
    assert failed.status == 1
    assert tree(ready.folder / "out") == before
    made(ready, "-o", "out", "--bundle-version", "2", "--force")
    assert manifest_in(ready.folder / "out").version == "2"
    assert left_beside(ready) == {"out"}


def test_force_replaces_bundles_alone(ready: Shell) -> None:
    ready.write("precious/letter.txt", "dear")
    for place in ("precious", "plan.json", "."):
        assert "is no bundle" in ready.run(*bundle_words("-o", place, "--force")).refused(2)
    assert (ready.folder / "precious" / "letter.txt").read_text() == "dear"


@pytest.mark.parametrize("form", [(), ("--archive", "zip")])
def test_force_replaces_only_what_the_bundle_wrote(ready: Shell, form: tuple[str, ...]) -> None:
    made(ready, "-o", "out", *form)
    before = tree(ready.folder / "out")
    ready.write("out/notes/letter.txt", "dear")
    message = ready.run(*bundle_words("-o", "out", *form, "--force")).refused(2)
    assert "has a file that the bundle did not write, so that it will not be replaced: notes/letter.txt" in message
    assert (ready.folder / "out" / "notes" / "letter.txt").read_text() == "dear"
    assert left_beside(ready) == {"out"}
    (ready.folder / "out" / "notes" / "letter.txt").unlink()
    made(ready, "-o", "out", *form, "--force")
    assert tree(ready.folder / "out") == before


def test_deep_paths_are_warned_of_for_windows(shell: Shell) -> None:
    deep = "app/" + "quite_a_long_folder_name/" * 8 + "module.py"
    write_plan(shell, files={"app": [make_wheel("app", "1.0", files={deep: ""})]})
    write_runtime(shell)
    outcome = made(shell, "-o", "out")
    assert "259 characters: 1 file" in outcome.out
    assert "module.py (app)" in outcome.out.replace("\n", " ").replace("    ", "")


def test_files_that_two_wheels_have_differently_are_told(shell: Shell) -> None:
    files = {name: [make_wheel(name, "1.0", files={"tests/__init__.py": f"x = {name!r}"})] for name in ("app", "lib")}
    write_plan(shell, "app", "lib", files=files)
    write_runtime(shell)
    outcome = made(shell, "-o", "out", "--format", "json")
    (warning,) = json.loads(outcome.out)["warnings"]
    assert "lib-1.0-py3-none-any.whl and app-1.0-py3-none-any.whl have 1 file in the same place" in warning
    problems = json.loads(shell.run("verify", "out", "--imports", "none", "--format", "json").out)["problems"]
    assert not [problem for problem in problems if problem["kind"] in ("missing", "changed", "foreign")], problems


@pytest.mark.skipif(sys.platform == "win32", reason="masks and time zones of POSIX")
@pytest.mark.parametrize("suffix", ["zip", "tar.zst"])
def test_archive_of_another_user_folder_and_time_zone_has_the_same_bytes(ready: Shell, suffix: str) -> None:
    bundles = []
    for number, (zone, mask) in enumerate((("UTC", 0o022), ("Pacific/Kiritimati", 0o077))):
        folder = ready.folder / f"user{number}" / ("deeper/" * number)
        shutil.copytree(ready.folder / "house", folder / "house")
        for name in ("plan.json", "runtime.zip"):
            shutil.copy(ready.folder / name, folder / name)
        done = subprocess.run(
            [sys.executable, "-m", "wheelcheck", *bundle_words("-o", "out", "--archive", suffix, "--strip", "tests")],
            cwd=folder,
            env={**ready.environ, "TZ": zone, "HOME": str(folder), "PYTHONHASHSEED": str(number), "LC_ALL": "C"},
            umask=mask,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        bundles.append(tree(folder / "out"))
    assert bundles[0] == bundles[1]
    assert len(bundles[0]) == 3


@pytest.mark.parametrize("width", [80, 120])
def test_summary_fits_the_terminal(ready: Shell, width: int) -> None:
    from wheelcheck.api.bundle import BundleRequest, bundle
    from wheelcheck.plans.documents import parse_executable
    from wheelcheck.report.bundle import render_bundling

    executable = parse_executable((ready.folder / "plan.json").read_bytes(), "plan.json")
    request = BundleRequest(
        out=Path("out"),
        wheelhouse=Path("house"),
        runtime=Path("runtime.zip"),
        archive="zip",
        layered=True,
        name="product",
    )
    bundling = bundle(executable, request)
    over = structs.replace(bundling, budget=Budget(limit=1, text="1B"))
    assert not over.is_within_budget
    for text in (render_bundling(bundling, width=width), render_bundling(over, width=width)):
        assert max(map(len, text.splitlines())) <= width
        assert text.endswith("\n")


def test_parts_of_windows_that_wheels_need_are_told_once_for_all_wheels(shell: Shell) -> None:
    """A clean Windows lacks the C++ runtime, which `verify` and the user would otherwise be the first to find."""
    module = make_pe(["MSVCP140.dll", "python311.dll", "KERNEL32.dll"])
    files = {
        name: [
            make_wheel(name, "1.0", tags="cp311-cp311-win_amd64", files={f"{name}/_c.pyd": module, f"{name}/a.py": ""})
        ]
        for name in ("one", "two")
    }
    write_plan(shell, "one", "two", files=files)
    write_runtime(shell)
    text = " ".join(made(shell, "-o", "out").out.split())
    assert "one, two need MSVCP140.dll of the Visual C++ 2015-2022 runtime, which a clean Windows does not have" in text
    assert text.count("MSVCP140.dll") == 1


def test_plan_for_two_machines_is_refused(shell: Shell) -> None:
    write_plan(shell, "app", "--platform", "macosx_11_0_universal2", "--python", "3.11")
    refused = shell.run("bundle", "plan.json", "--wheelhouse", "house", "-o", "out").refused(2)
    assert "bundle each" in refused


def test_path_that_is_too_long_asks_for_no_space(ready: Shell) -> None:
    message = ready.run(*bundle_words("-o", "n" * 250)).err
    assert "free some space" not in message
    assert "n" * 250 in message
