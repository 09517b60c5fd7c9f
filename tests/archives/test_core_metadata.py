"""Core metadata: the hand parser agrees with ``packaging``, and lies are caught."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement

from tests.archives.readers import READER
from wheelcheck.archives.core_metadata import is_requirement, parse_headers
from wheelcheck.errors import MetadataMalformed
from wheelcheck.model.distribution import CoreMetadata, MetadataSource

FILENAME = "demo-1.0-py3-none-any.whl"


def read(text: str, filename: str = FILENAME) -> CoreMetadata:
    return READER.core_metadata(text.encode(), filename, MetadataSource.CORE_METADATA)


def test_malformed_requirements_are_reported_and_not_obeyed() -> None:
    metadata = read(
        "Name: demo\nVersion: 1.0\nRequires-Dist: good>=1\nRequires-Dist: bad>=>1\nRequires-Dist: x (>=1.*)\n"
    )
    assert metadata.requires == ("good>=1",)
    assert metadata.malformed == ("bad>=>1", "x (>=1.*)")


def test_extras_are_normalised_as_pep_685_says() -> None:
    assert read("Name: demo\nVersion: 1.0\nProvides-Extra: Foo__Bar.baz\n").provides_extra == {"foo-bar-baz"}


def test_nothing_after_the_first_blank_line_counts() -> None:
    assert read("Name: demo\nVersion: 1.0\n\nRequires-Dist: six\n").requires == ()


def test_folded_headers_are_joined() -> None:
    assert read('Name: demo\nVersion: 1.0\nRequires-Dist: six ;\n python_version < "3"\n').requires == (
        'six ; python_version < "3"',
    )


def test_windows_line_ends_and_a_byte_order_mark_are_read() -> None:
    assert read("\ufeffName: demo\r\nVersion: 1.0\r\nRequires-Dist: six\r\n\r\nbody").requires == ("six",)


@pytest.mark.parametrize(
    "filename",
    [
        "demo-1.0+cpu-py3-none-any.whl",
        "demo-1.0%2Bcpu-py3-none-any.whl",
        "Demo-1.0.0-py3-none-any.whl",
        "demo-1.0.tar.gz",
    ],
)
def test_versions_are_compared_as_versions_and_a_missing_local_part_is_no_lie(filename: str) -> None:
    assert str(read("Name: DEMO\nVersion: 1.0\n", filename).version) == "1.0"


@pytest.mark.parametrize(
    "text",
    [
        "Name: other\nVersion: 1.0\n",
        "Name: demo\nVersion: 1.1\n",
        "Version: 1.0\n",
        "Name: demo\n",
        "Name: demo\nVersion: 1.0-what-is-this\n",
        "",
        "\x00\x01binary",
    ],
)
def test_metadata_of_another_project_or_version_is_refused(text: str) -> None:
    with pytest.raises(MetadataMalformed) as refused:
        read(text)
    assert FILENAME in str(refused.value)


def test_two_local_parts_that_differ_are_a_lie() -> None:
    with pytest.raises(MetadataMalformed):
        read("Name: demo\nVersion: 1.0+cu118\n", "demo-1.0+cpu-py3-none-any.whl")


_WORD = st.text("abcXYZ019.-_", min_size=1, max_size=8)
_VALUE = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=20).map(str.strip)
_KEY = st.sampled_from(
    [
        "Name",
        "name",
        "Version",
        "Requires-Dist",
        "requires-dist",
        "Provides-Extra",
        "Requires-Python",
        "Dynamic",
        "Summary",
    ]
)
_LINE = st.one_of(
    st.builds("{}: {}".format, _KEY, _VALUE.filter(bool)),
    st.builds("Requires-Dist: {}>={}".format, _WORD, st.integers(0, 9)),
    st.builds(" {}".format, _WORD),
    st.just("not a header"),
    st.just(""),
)


@given(st.lists(_LINE, max_size=12), st.sampled_from(["\n", "\r\n"]))
def test_the_hand_parser_agrees_with_packaging(lines: list[str], end: str) -> None:
    content = end.join(["Metadata-Version: 2.1", *lines]).encode()
    ours = parse_headers(content)
    theirs, rest = parse_email(content)
    assert [_flat(line) for line in ours.requires] == [_flat(line) for line in theirs.get("requires_dist", [])]
    assert [_flat(line) for line in ours.extras] == [_flat(line) for line in theirs.get("provides_extra", [])]
    for mine, name in ((ours.name, "name"), (ours.version, "version"), (ours.requires_python, "requires_python")):
        if name.replace("_", "-") not in rest:  # a field given twice is unparsed there; the first counts here
            assert _flat(mine or "") == _flat(str(theirs.get(name, "")))


def _flat(text: str) -> str:
    return " ".join(text.split())


_REQUIREMENT = st.one_of(
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["six", "A.b-c", "-x", "x-", "é"]),
        st.sampled_from(["", " ", "[a]", "[a, b]", "[]", "[a"]),
        st.sampled_from(
            [
                "",
                ">=1",
                " (>=1,<2)",
                "(>=1",
                "==1.*",
                ">=1.*",
                "~=1",
                "~=1.2",
                ">=1,",
                "==1.0,!=1.0.1",
                "> 1 <2",
                "1",
                "<2rc1",
            ]
        ),
        st.sampled_from(
            ["", ";", '; extra == "x"', ' ; python_version<"3"', "; nonsense", '; extra == "x" and', "@ x"]
        ),
    ),
    st.text("ab1.=<>~!,;[]() '\"", max_size=15),
)


@given(_REQUIREMENT)
def test_the_quick_check_of_requirements_agrees_with_packaging(text: str) -> None:
    try:
        Requirement(text)
    except InvalidRequirement:
        expected = False
    else:
        expected = True
    assert is_requirement(text) is expected
