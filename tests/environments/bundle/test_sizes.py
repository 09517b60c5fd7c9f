"""The sizes of an environment, sizes as people write them, layers, and the sums of archives."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from msgspec import structs

from tests.environments.bundle.laid import lay
from tests.fakes import samples
from wheelcheck.environments.bundle.archiving import layers, measure, parse_budget, render_sums
from wheelcheck.environments.trees import sha256_of
from wheelcheck.errors import UsageProblem


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("150MB", 150_000_000),
        ("150 mb", 150_000_000),
        ("1.5GB", 1_500_000_000),
        ("200MiB", 209_715_200),
        ("1GiB", 1 << 30),
        ("10kB", 10_000),
        ("7B", 7),
    ],
)
def test_budget_is_read_as_people_write_it(text: str, limit: int) -> None:
    assert parse_budget(text).limit == limit


@pytest.mark.parametrize("text", ["150", "MB", "-1MB", "1,5GB", "150Mbit", "1e3MB", "∞"])
def test_budget_without_a_sense_is_refused(text: str) -> None:
    with pytest.raises(UsageProblem, match="number and its unit"):
        parse_budget(text)


def test_sizes_are_told_by_package_and_by_folder_largest_first(tmp_path: Path) -> None:
    environment = lay(
        tmp_path,
        {"big": {"big/lib/deep/x.bin": b"1" * 5000, "big/x.py": b"1" * 500}, "small": {"small.py": b"1" * 30}},
        runtime={"python.exe": b"1" * 2000, "DLLs/a.pyd": b"1" * 1000},
    )
    sizes = measure(environment, {})
    assert sizes.installed == sum(file.size for file in environment.files)
    assert [name for name, _ in sizes.packages] == ["big", "(runtime)", "small"]
    assert dict(sizes.packages)["(runtime)"] == 3000
    assert sizes.folders[0] == ("Lib/site-packages/big/lib", 5000)
    assert dict(sizes.folders) | {".": 2000, "DLLs": 1000, "Lib/site-packages": 30} == dict(sizes.folders)
    assert sum(size for _, size in sizes.folders) == sizes.installed


def test_layers_part_what_was_asked_for_from_what_it_needs_and_the_runtime(tmp_path: Path) -> None:
    plan = samples.every_plan()["needs-build"]
    first, second, *_ = plan.packages
    plan = structs.replace(
        plan,
        packages=(structs.replace(first, requested=True), structs.replace(second, requested=False)),
    )
    environment = lay(tmp_path, {first.name: {"a.py": ""}, second.name: {"b.py": ""}}, runtime={"python.exe": b"MZ"})
    parted = dict(layers(environment.files, plan))
    assert list(parted) == ["runtime", "base", "app"]
    assert [file.path for file in parted["runtime"]] == ["python.exe"]
    assert {file.owner for file in parted["base"]} == {second.name}
    assert {file.owner for file in parted["app"]} == {first.name}
    alone = layers((file for file in environment.files if file.owner == first.name), plan)
    assert [layer for layer, _ in alone] == ["app"], "a layer without files is none"


@pytest.mark.parametrize(("direct", "layer"), [(False, "base"), (True, "app")])
def test_large_package_is_in_the_base_but_for_one_named_by_url(tmp_path: Path, direct: bool, layer: str) -> None:
    plan = samples.every_plan()["needs-build"]
    package = structs.replace(plan.packages[0], requested=True, direct=direct)
    environment = lay(tmp_path, {package.name: {"a.bin": b"1" * 6_000_000}})
    parted = layers(environment.files, structs.replace(plan, packages=(package,)))
    assert [name for name, _ in parted] == [layer]


def test_sums_are_what_sha256sum_checks(tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(b"b")
    (tmp_path / "a.zip").write_bytes(b"a")
    assert sha256_of(tmp_path / "a.zip") == hashlib.sha256(b"a").hexdigest()
    content = render_sums((name, sha256_of(tmp_path / name)) for name in ("b.zip", "a.zip"))
    assert [line.split(b"*")[1] for line in content.splitlines()] == [b"a.zip", b"b.zip"]
    (tmp_path / "SHA256SUMS").write_bytes(content)
    if program := shutil.which("sha256sum"):
        subprocess.run([program, "--strict", "-c", "SHA256SUMS"], cwd=tmp_path, check=True, capture_output=True)
