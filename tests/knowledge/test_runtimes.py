"""The Pythons that are known: the form of every row, and the script that writes them from lists like those of their publishers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from fixtures import runtimes as script
from tests.server import IndexServer
from wheelcheck.api.environments import known_runtimes
from wheelcheck.knowledge.systems import RUNTIMES_FILE, load_runtimes, newest, parse_runtimes
from wheelcheck.model.environment import RuntimeKind
from wheelcheck.targets.targets import parse_target

A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def test_every_row_is_understood_and_is_the_newest_of_its_purpose() -> None:
    lines = [line for line in script.OUTPUT.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    found = load_runtimes()
    assert len(found) == len(lines)
    assert len({each.purpose for each in found}) == len(found) == len(newest(found))
    assert len({each.sha256 for each in found}) == len(found)
    for each in found:
        form = r"https://(?:www\.python\.org/ftp/python|github\.com/astral-sh/python-build-standalone/releases/download)/[^/]+/[^/]+"
        assert re.fullmatch(form, each.url())


@pytest.mark.parametrize(
    ("platform", "python", "kind", "filename"),
    [
        ("win_amd64", "3.12", RuntimeKind.EMBEDDABLE, "python-3.12.10-embed-amd64.zip"),
        ("win32", "3.13", RuntimeKind.EMBEDDABLE, "python-3.13.15-embed-win32.zip"),
        ("win_arm64", "3.12.14", RuntimeKind.STANDALONE, "cpython-3.12.14+20260814-aarch64-pc-windows-msvc"),
        ("win_amd64", "3.13t", RuntimeKind.STANDALONE, "cpython-3.13.15+20260814-x86_64-pc-windows-msvc-freethreaded"),
        ("macosx_12_0_arm64", "3.11", RuntimeKind.STANDALONE, "cpython-3.11.16+20260814-aarch64-apple-darwin"),
        ("macosx_12_0_x86_64", "3.13", RuntimeKind.STANDALONE, "cpython-3.13.15+20260814-x86_64-apple-darwin"),
        (
            "manylinux_2_28_aarch64",
            "3.12",
            RuntimeKind.STANDALONE,
            "cpython-3.12.14+20260814-aarch64-unknown-linux-gnu",
        ),
        ("musllinux_1_2_x86_64", "3.12", RuntimeKind.STANDALONE, "cpython-3.12.14+20260814-x86_64-unknown-linux-musl"),
    ],
)
def test_targets_get_the_newest_patch_of_their_minor(
    platform: str, python: str, kind: RuntimeKind, filename: str
) -> None:
    best = known_runtimes(parse_target(platform, python))[0]
    assert best.kind is kind
    assert best.filename.startswith(filename)


def test_script_takes_the_newest_of_the_publishers_lists_and_keeps_what_no_list_has(tmp_path: Path) -> None:
    def package(name: str, digest: str) -> dict[str, object]:
        return {"url": f"https://www.python.org/ftp/python/x/{name}", "hash": {"sha256": digest.upper()}}

    first = {
        "versions": [package("python-3.14.1-embeddable-amd64.zip", A), {"url": "https://x.example/no-hash.zip"}],
        "next": "second.json",
    }
    second = {"versions": [package("python-3.14.0-embeddable-amd64.zip", B), package("python-3.14.1-amd64.zip", C)]}
    sums = (
        f"{A}  cpython-3.12.9+20250101-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz\n"
        f"{B}  cpython-3.12.9+20250202-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz\n"
        f"{C}  cpython-3.12.9+20250202-x86_64-unknown-linux-gnu-debug-full.tar.zst\n"
    )
    former = f"# kept\n{C}  python-3.9.13-embed-win32.zip\n{C}  python-3.14.0-embed-amd64.zip\n"
    with IndexServer() as server:
        server.add_path("/list/first.json", ("\ufeff" + json.dumps(first)).encode())
        server.add_path("/list/second.json", json.dumps(second).encode())
        server.add_path("/SHA256SUMS", sums.encode())
        lists = [f"{server.base_url}/list/first.json", f"{server.base_url}/SHA256SUMS"]
        text = script.merged(former, *("\n".join(script.iter_sums(address)) for address in lists))
    assert text == (
        f"# kept\n{C}  python-3.9.13-embed-win32.zip\n{A}  python-3.14.1-embeddable-amd64.zip\n"
        f"{B}  cpython-3.12.9+20250202-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz\n"
    )


def test_own_rows_replace_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / RUNTIMES_FILE).write_text(f"{A}  python-3.11.2-embed-amd64.zip\n", encoding="utf-8")
    best = known_runtimes(parse_target("win_amd64", "3.11"), folders=[tmp_path])[0]
    assert (str(best.python), best.sha256) == ("3.11.2", A)


def test_names_that_say_nothing_are_passed_over() -> None:
    assert not list(parse_runtimes(f"{A}  python-3.11.2.exe\n# {A}\n{A[:-1]}  python-3.11.2-embed-amd64.zip\n"))
