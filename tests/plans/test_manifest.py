"""The manifest of a bundle as JSON and back, and what its reader refuses."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.environment import (
    BundleArchive,
    BundledPackage,
    EnvironmentFile,
    Layout,
    Manifest,
    Runtime,
    RuntimeKind,
)
from wheelcheck.model.target import TargetName
from wheelcheck.plans.manifests import parse_manifest, render_manifest
from wheelcheck.report.documents import json_schema

_HASH = "0123456789abcdef" * 4


def _manifest() -> Manifest:
    return Manifest(
        name="samai",
        version="1.2.0",
        plan_digest=f"sha256:{_HASH}",
        target=TargetName(platform="win_amd64", python="3.11"),
        runtime=Runtime(
            kind=RuntimeKind.EMBEDDABLE,
            python=Version("3.11.9"),
            system="windows",
            machine="amd64",
            free_threaded=False,
        ),
        layout=Layout(
            executable="python.exe",
            site_packages="Lib/site-packages",
            scripts="Scripts",
            headers="Include",
            data=".",
        ),
        packages=(
            BundledPackage(
                name=canonicalize_name("six"),
                version=Version("1.16.0"),
                wheel="six-1.16.0-py3-none-any.whl",
                sha256=_HASH,
            ),
        ),
        files=(
            EnvironmentFile(path="Lib/site-packages/six.py", size=12, sha256=_HASH, owner=canonicalize_name("six")),
            EnvironmentFile(path="python", size=0, sha256="", link="python3.11"),
            EnvironmentFile(path="python.exe", size=3, sha256=_HASH, executable=True),
        ),
        archives=(
            BundleArchive(filename="samai-1.2.0-app.zip", size=9, sha256=_HASH, installed=15, layer="app"),
            BundleArchive(filename="samai-1.2.0.zip", size=9, sha256=_HASH, installed=15),
        ),
        stripped=("docs", "tests"),
    )


def test_manifest_comes_back_as_it_was() -> None:
    assert parse_manifest(render_manifest(_manifest()), "manifest.json") == _manifest()


def test_manifest_of_packages_alone_comes_back_as_it_was() -> None:
    bare = Manifest(
        name="é",
        version="0",
        plan_digest="",
        target=TargetName(platform="any", python="3.13"),
        runtime=Runtime(kind=RuntimeKind.NONE, python=None, system="linux", machine=None),
        layout=Layout(executable="", site_packages=".", scripts="bin", headers="include", data="."),
        packages=(),
        files=(),
    )
    assert parse_manifest(render_manifest(bare), "manifest.json") == bare
    jsonschema.validate(json.loads(render_manifest(bare)), json_schema(Manifest))


def test_manifest_satisfies_its_published_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema(Manifest))
    jsonschema.validate(json.loads(render_manifest(_manifest())), json_schema(Manifest))


def test_every_file_has_a_line_of_its_own() -> None:
    lines = render_manifest(_manifest()).decode().splitlines()
    assert next(line for line in lines if '"path"' in line).startswith(
        '    {"path": "Lib/site-packages/six.py", "size": 12'
    )
    assert sum('"path"' in line for line in lines) == 3


def test_keys_of_a_later_version_are_passed_over() -> None:
    document = json.loads(render_manifest(_manifest()))
    document["signature"] = "…"
    document["files"][0]["mtime"] = 3
    assert parse_manifest(json.dumps(document).encode(), "manifest.json") == _manifest()


@pytest.mark.parametrize(
    ("pointer", "value", "complaint"),
    [
        ("/schema", "wheelcheck.bundle/9", "'wheelcheck.bundle/9', and this version of wheelcheck reads"),
        ("/files/0/path", "../../etc/passwd", "is not a path inside the bundle"),
        ("/files/0/path", "/etc/passwd", "is not a path inside the bundle"),
        ("/files/0/path", "C:/Windows/x", "is not a path inside the bundle"),
        ("/files/0/path", "..\\x", "is not a path inside the bundle"),
        ("/files/0/path", "", "is not a path inside the bundle"),
        ("/files/0/path", "python.exe", "stands twice"),
        ("/files/0/size", -1, "is less than nothing"),
        ("/files/0/size", "12", "is not a whole number"),
        ("/files/0/sha256", "abc", "is not a SHA-256 digest"),
        ("/layout/site_packages", "../site-packages", "is not a path inside the bundle"),
        ("/archives/0/filename", "folder/x.zip", "is not the name of a file in the same folder"),
        ("/packages/0/version", "one", "is not a version"),
        ("/runtime/kind", "docker", "is not a kind of runtime"),
        ("/plan", "md5:1", "is not a digest of a plan"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(pointer: str, value: object, complaint: str) -> None:
    document = json.loads(render_manifest(_manifest()))
    *way, last = pointer.split("/")[1:]
    place = document
    for part in way:
        place = place[int(part) if part.isdecimal() else part]
    place[last] = value
    with pytest.raises(InputUnreadable) as refusal:
        parse_manifest(json.dumps(document).encode(), "dist/manifest.json")
    assert refusal.value.address == "dist/manifest.json"
    assert complaint in refusal.value.message
    # A path that stands twice is told of where it stands for the second time.
    assert pointer in refusal.value.message or complaint == "stands twice"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff"])
def test_what_is_no_manifest_is_refused(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(InputUnreadable, match=r"manifest"):
        parse_manifest(content, "manifest.json")
