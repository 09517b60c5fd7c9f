"""Our reader of requirements files against pip-requirements-parser, which carries pip's own code of 2021."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

pip_requirements_parser = pytest.importorskip("pip_requirements_parser")

from hypothesis import HealthCheck, given, settings  # noqa: E402 - after the skip
from hypothesis import strategies as st  # noqa: E402

from tests.requirements.readings import read  # noqa: E402

names = st.sampled_from(["numpy", "Foo_Bar", "zope.interface", "x"])
specifiers = st.sampled_from(["", "==1.0", ">=1.0,<2", " ~= 1.4", "!=1.5.*", "==1.0+cpu", ">=1!2.0"])
extras = st.sampled_from(["", "[a]", "[a,B_c]"])
markers = st.sampled_from(["", "; python_version < '3.12'", " ;sys_platform == 'win32' and extra == 'x'"])
hashes = st.lists(st.sampled_from([f" --hash=sha256:{'a' * 64}", f" \\\n    --hash=sha512:{'b' * 128}"]), max_size=2)
ends = st.sampled_from(["", "  # why", " #", " \\\n", "\t# tab"])
requirement_lines = st.builds(
    lambda *parts: "".join([*parts[:4], *parts[4], parts[5]]), names, extras, specifiers, markers, hashes, ends
)
option_lines = st.sampled_from(
    [
        "",
        "# comment \\",
        "    # indented",
        "--pre",
        "--no-index",
        "-i https://a.example/simple",
        "--index-url=https://b.example/simple # why",
        "--extra-index-url https://c.example/simple",
        "--extra-index-url \\\nhttps://d.example/simple",
        "-f https://e.example/files",
        "-fhttps://f.example/files",
        "--find-links 'https://g.example/a b'",
        "--only-binary numpy",
        "--no-binary=:all:",
        "--prefer-binary",
        "--trusted-host h.example",
        "--require-hashes",
    ]
)
files = st.lists(requirement_lines | option_lines, max_size=8).map("\n".join)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(text=files, ending=st.sampled_from(["\n", "\r\n"]), end=st.sampled_from(["", "\n"]))
def test_requirements_hashes_lines_and_options_agree(tmp_path: Path, text: str, ending: str, end: str) -> None:
    path = tmp_path / "requirements.txt"
    path.write_bytes((text + end).replace("\n", ending).encode())
    ours = read(str(path))
    theirs = pip_requirements_parser.RequirementsFile.from_file(str(path))
    assert theirs.invalid_lines == []
    assert [
        (
            requirement.name,
            str(requirement.specifier),
            sorted(requirement.extras),
            str(requirement.marker or ""),
            tuple(f"{pin.algorithm}:{pin.digest}" for pin in requirement.hashes),
            str(requirement.origin),
        )
        for requirement in ours.requirements
    ] == [
        (
            canonicalize_name(requirement.name),
            str(requirement.specifier or ""),
            sorted(map(canonicalize_name, requirement.extras)),
            str(requirement.marker or ""),
            tuple(dict.fromkeys(requirement.hash_options)),
            f"{path}:{requirement.requirement_line.line_number}",
        )
        for requirement in theirs.requirements
    ]
    options = [entry.options for entry in theirs.options]
    assert list(ours.options.extra_index_urls) == _unique(options, "extra_index_urls")
    assert list(ours.options.find_links) == _unique(options, "find_links")
    assert ours.options.index_url == next(
        (entry["index_url"] for entry in reversed(options) if entry.get("index_url")), None
    )
    assert ours.options.pre == any(entry.get("pre") for entry in options)
    assert ours.options.no_index == any(entry.get("no_index") for entry in options)
    assert ours.options.require_hashes == any(entry.get("require_hashes") for entry in options)


def _unique(options: list[dict[str, list[str]]], key: str) -> list[str]:
    return list(dict.fromkeys(value for entry in options for value in entry.get(key) or ()))
