"""Files against RECORD and manifest, packages against the plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.environments.verify.looking import look, messages, of_kind
from tests.fakes.environments import EMBEDDABLE, FakeEnvironment, embeddable, site_packages
from tests.fakes.libraries import make_pe
from tests.fakes.samples import INPUTS, OPTIONS, resolution, wheel_pin
from wheelcheck.environments.verify.inspecting import floor_of
from wheelcheck.environments.verify.locating import system_of
from wheelcheck.errors import InputUnreadable
from wheelcheck.model.environment import Layout, Runtime, RuntimeKind
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import ProblemKind
from wheelcheck.model.resolution import Pin
from wheelcheck.plans.documents import ExecutablePlan, parse_executable, render_plan
from wheelcheck.plans.making import plan
from wheelcheck.plans.manifests import render_manifest


@pytest.fixture
def env(tmp_path: Path) -> FakeEnvironment:
    made = embeddable(tmp_path / "env")
    made.install("a", {"a/__init__.py": "x = 1\n", "a/data.txt": "data"})
    return made


def test_untouched_environment_has_no_problems(env: FakeEnvironment) -> None:
    inspection = look(env.root)
    assert inspection.problems == ()
    assert [(each.name, each.version, each.files) for each in inspection.distributions] == [("a", "1.0", 5)]
    assert inspection.compared == ("RECORD",)


def test_missing_file_is_named(env: FakeEnvironment) -> None:
    (env.root / env.site / "a/data.txt").unlink()
    assert messages(look(env.root)) == ["Lib/site-packages/a/data.txt is missing"]


def test_changed_file_is_told_by_size_or_by_content(env: FakeEnvironment) -> None:
    env.write(f"{env.site}/a/__init__.py", "x = 2\n")
    env.write(f"{env.site}/a/data.txt", "more data")
    content, size = messages(look(env.root))
    assert content == "Lib/site-packages/a/__init__.py has another content than RECORD says (sha256)"
    assert size == "Lib/site-packages/a/data.txt has 9 bytes, RECORD says 4"


def test_foreign_files_are_warned_of_and_bytecode_is_a_note(env: FakeEnvironment) -> None:
    env.write(f"{env.site}/stray.py")
    env.write(f"{env.site}/left/one.py")
    env.write(f"{env.site}/left/two.py")
    env.write(f"{env.site}/a/__pycache__/__init__.cpython-311.pyc")
    inspection = look(env.root)
    assert inspection.errors == ()
    assert messages(inspection, Severity.WARNING) == [
        "2 files in Lib/site-packages/left/ belong to no distribution",
        "Lib/site-packages/stray.py belongs to no distribution",
    ]
    assert "1 compiled file" in messages(inspection, Severity.INFO)[0]


def test_distribution_without_record_is_a_warning_and_its_files_are_not_foreign(env: FakeEnvironment) -> None:
    (env.root / env.site / "a-1.0.dist-info/RECORD").unlink()
    (problem,) = look(env.root).problems
    assert (problem.kind, problem.severity) == (ProblemKind.RECORD_MISSING, Severity.WARNING)


def test_missing_launcher_is_a_warning(tmp_path: Path) -> None:
    made = embeddable(tmp_path / "env")
    made.install("a", {"a/__init__.py": "", "../../Scripts/a.exe": "MZ"})
    assert look(made.root).problems == ()
    (made.root / "Scripts/a.exe").unlink()
    (problem,) = look(made.root).problems
    assert (problem.kind, problem.severity) == (ProblemKind.FILE_MISSING, Severity.WARNING)


def test_script_that_pip_moved_into_the_target_folder_is_found(tmp_path: Path) -> None:
    made = embeddable(tmp_path / "env")
    made.install("a", {"a/__init__.py": "", "../../bin/tool": "x"})
    (made.root / made.site / "bin").mkdir()
    (made.root / "bin/tool").rename(made.root / made.site / "bin/tool")
    assert look(made.root).problems == ()


def test_data_that_pip_moved_into_the_target_folder_is_found(tmp_path: Path) -> None:
    made = site_packages(tmp_path / "site")
    made.install("a", {"a/__init__.py": "", "share/man/a.1": "x"})
    record = made.root / "a-1.0.dist-info/RECORD"
    record.write_text(record.read_text().replace("share/man/a.1", "../../share/man/a.1"))
    assert look(made.root).problems == ()


def test_record_that_climbs_out_reads_nothing_outside(tmp_path: Path) -> None:
    made = site_packages(tmp_path / "site")
    made.install("a", {"a/__init__.py": ""})
    record = made.root / "a-1.0.dist-info/RECORD"
    record.write_text(record.read_text() + "../../secret,sha256=AAAA,3\n/etc/hostname,sha256=AAAA,1\n\0bad,,\n")
    assert look(made.root).errors == ()


@pytest.mark.parametrize(
    "record", [b"\xff\xfe\x00", b'"unclosed', b"a,b,c,d,e\n", b",,\n", b"x,sha256=!!!,-1\n", b"\r\n"]
)
def test_broken_record_is_no_traceback(tmp_path: Path, record: bytes) -> None:
    made = site_packages(tmp_path / "site")
    made.install("a")
    made.write("a-1.0.dist-info/RECORD", record)
    look(made.root)


def test_wheel_for_another_python_or_machine_is_an_error(env: FakeEnvironment) -> None:
    env.install("b", tag="cp312-cp312-win_amd64")
    env.install("c", tag="cp311-cp311-win_arm64")
    env.install("d", tag="cp38-abi3-win_amd64")
    inspection = look(env.root)
    assert [problem.distribution for problem in of_kind(inspection, ProblemKind.TAG_UNFIT)] == ["b", "c"]
    assert "is for cp312-cp312-win_amd64; the environment is windows amd64, Python 3.11" in messages(inspection)[0]


def test_distribution_that_is_there_twice_is_an_error(env: FakeEnvironment) -> None:
    env.install("a", {"a/other.py": ""}, version="2.0")
    assert messages(look(env.root)) == [
        "a is installed twice: Lib/site-packages/a-1.0.dist-info and Lib/site-packages/a-2.0.dist-info"
    ]


def bundled(env: FakeEnvironment, plan: str = "") -> None:
    (env.root / "manifest.json").unlink(missing_ok=True)
    (env.root / "manifest.json").write_bytes(render_manifest(env.manifest("a", plan=plan)))


def test_bundle_is_held_against_its_manifest(env: FakeEnvironment) -> None:
    bundled(env)
    inspection = look(env.root)
    assert inspection.problems == ()
    assert inspection.compared == ("RECORD", "manifest")
    assert inspection.target == "win_amd64"
    env.write("python3.dll", "other")
    (env.root / "python311.zip").unlink()
    env.write("app/extra.txt")
    assert messages(look(env.root)) == [
        "python311.zip is missing",
        "python3.dll has 5 bytes, the manifest says 1024",
        "app/extra.txt belongs to no distribution and not to the bundle",
    ]


def test_bundle_without_a_python_is_judged_by_its_target(tmp_path: Path) -> None:
    made = site_packages(tmp_path / "site")
    made.install("a", {"a/_c.pyd": make_pe(["python312.dll"]), "a/_d.pyd": make_pe(machine="arm64")})
    runtime = Runtime(kind=RuntimeKind.NONE, python=None, system="windows", machine=None)
    layout = Layout(executable="", site_packages=".", scripts="bin", headers="include", data=".")
    made.write("manifest.json", render_manifest(replace(made.manifest("a", layout=layout), runtime=runtime)))
    assert [problem.kind for problem in look(made.root).errors] == [ProblemKind.MACHINE, ProblemKind.PYTHON_LIBRARY]


def test_what_was_stripped_is_a_note(env: FakeEnvironment) -> None:
    (env.root / env.site / "a/data.txt").unlink()
    bundled(env)
    inspection = look(env.root)
    assert inspection.errors == ()
    assert of_kind(inspection, ProblemKind.FILE_STRIPPED)


def test_package_of_the_manifest_that_is_gone_is_said(env: FakeEnvironment) -> None:
    (env.root / "manifest.json").write_bytes(render_manifest(env.manifest("a", "gone")))
    assert messages(look(env.root)) == ["gone 1.0 is in the manifest and not installed"]


def test_manifest_of_another_schema_is_refused(env: FakeEnvironment) -> None:
    env.write("manifest.json", json.dumps({"schema": "wheelcheck.bundle/9"}).replace(" ", ""))
    with pytest.raises(InputUnreadable, match=r"wheelcheck\.bundle/9"):
        look(env.root)


def test_manifest_of_another_program_is_not_ours(env: FakeEnvironment) -> None:
    env.write("manifest.json", '{"name": "an extension"}')
    assert look(env.root).compared == ("RECORD",)


def test_layout_of_the_sample_is_the_embeddable_one(env: FakeEnvironment) -> None:
    assert look(env.root).layout.site_packages == EMBEDDABLE.site_packages


@pytest.mark.parametrize(
    ("platform", "system", "floor"),
    [
        ("win_amd64", ("windows", "amd64"), ()),
        ("win32", ("windows", "x86"), ()),
        ("manylinux_2_28_x86_64", ("linux", "x86_64"), (2, 28)),
        ("musllinux_1_2_aarch64", ("musl", "aarch64"), (1, 2)),
        ("macosx_13_0_arm64", ("macos", "arm64"), (13, 0)),
        ("linux_x86_64", ("linux", "x86_64"), ()),
    ],
)
def test_platform_tags_tell_system_and_floor(platform: str, system: tuple[str, str], floor: tuple[int, ...]) -> None:
    assert system_of(platform) == system
    assert floor_of(platform) == floor


def planned(*pins: Pin) -> ExecutablePlan:
    """The plan of *pins*, as its file says it."""
    made = plan(resolution(pins, {"": [pin.name for pin in pins]}), (), inputs=INPUTS, options=OPTIONS)
    return parse_executable(render_plan(made), "plan.json")


def test_environment_that_is_the_plan_has_no_problems(env: FakeEnvironment) -> None:
    inspection = look(env.root, plan=planned(wheel_pin("a", "1.0")))
    assert inspection.problems == ()
    assert inspection.compared == ("RECORD", "plan")


def test_packages_missing_extra_and_at_another_version_are_named(env: FakeEnvironment) -> None:
    env.install("extra")
    inspection = look(env.root, plan=planned(wheel_pin("a", "2.0"), wheel_pin("gone", "1.0")))
    assert messages(inspection) == [
        "gone 1.0 is in the plan and not installed",
        "a is installed in 1.0, the plan has 2.0",
    ]
    assert messages(inspection, Severity.WARNING) == ["extra 1.0 is installed and not in the plan"]


def test_bundle_of_another_plan_is_said_with_both_digests(env: FakeEnvironment) -> None:
    asked = planned(wheel_pin("a", "1.0"))
    bundled(env, plan=f"sha256:{'1' * 64}")
    (message,) = messages(look(env.root, plan=asked))
    assert "sha256:111111111111" in message
    assert asked.digest[:19] in message
    bundled(env, plan=asked.digest)
    assert look(env.root, plan=asked).problems == ()


def test_plan_for_another_runtime_shows_the_two_facts_side_by_side(tmp_path: Path) -> None:
    made = embeddable(tmp_path / "other", machine="arm64", minor=12)
    made.install("a")
    assert messages(look(made.root, plan=planned(wheel_pin("a", "1.0")))) == [
        "the plan is for Python 3.11, the environment is Python 3.12",
        "the plan is for amd64, the environment is arm64",
    ]
