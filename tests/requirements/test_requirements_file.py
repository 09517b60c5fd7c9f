"""The lines of requirements files, and what files include."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.requirements.readings import asked, failure, read, read_text, text_failure, write
from wheelcheck.errors import InputUnreadable, WheelcheckError
from wheelcheck.model.requirement import FileOrigin, HashPin
from wheelcheck.model.urls import masked_within

pytestmark = pytest.mark.usefixtures("folder")
SHA = "a" * 64


def test_markers_extras_and_comments_are_read() -> None:
    found = read_text('Foo_Bar[X,y] >= 1.0 ; sys_platform == "win32"  # why\n# nothing\n\nbaz #comment\n')
    first, second = found.requirements
    assert (first.name, str(first.specifier), sorted(first.extras)) == ("foo-bar", ">=1.0", ["x", "y"])
    assert str(first.marker) == 'sys_platform == "win32"'
    assert first.text == 'Foo_Bar[X,y] >= 1.0 ; sys_platform == "win32"'
    assert (second.name, second.origin) == ("baz", FileOrigin(path="requirements.txt", line=4))


def test_a_continued_line_is_one_and_has_the_number_of_its_first() -> None:
    found = read_text(f"a\nb==1 \\\n  --hash=sha256:{SHA} \\\n  --hash=sha512:{'B' * 128}\nc\n")
    assert [str(requirement.origin) for requirement in found.requirements] == [
        "requirements.txt:1",
        "requirements.txt:2",
        "requirements.txt:5",
    ]
    assert found.requirements[1].hashes == (
        HashPin(algorithm="sha256", digest=SHA),
        HashPin(algorithm="sha512", digest="b" * 128),
    )
    assert found.requirements[1].text == "b==1"


def test_a_comment_ends_a_continuation_and_a_backslash_at_the_end_of_the_file_is_harmless() -> None:
    assert asked(read_text("a \\\n# comment \\\nb\nc \\")) == ["a", "b", "c"]


def test_windows_line_ends_and_a_byte_order_mark_are_read() -> None:
    assert asked(read_text(b"\xef\xbb\xbfa==1\r\nb \\\r\n ; python_version > '3'\r\nc\r\n")) == ["a==1", "b", "c"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_marked_unicode_encodings_are_read(encoding: str) -> None:
    assert asked(read_text("a==1  # é\nb\n".encode(encoding))) == ["a==1", "b"]


def test_a_coding_line_is_obeyed() -> None:
    assert asked(read_text("# -*- coding: cp1252 -*-\na  # café\n".encode("cp1252"))) == ["a"]
    assert "unknown encoding 'klingon'" in str(text_failure("# coding: klingon\na\n"))


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\0\0\0", b"a\nb\xff\xfe\xfa\n", b"PK\x03\x04\0\0"])
def test_binary_rubbish_is_named_as_no_text(content: bytes) -> None:
    error = text_failure(content)
    assert isinstance(error, InputUnreadable)
    assert error.exit_status == 2
    assert "not text" in error.message
    assert error.address.startswith("requirements.txt:")


def test_every_index_option_is_read() -> None:
    Path("wheels").mkdir()
    found = read_text(
        "-i https://one.example/simple\n--extra-index-url=https://two.example/simple\n--extra-index-url https://three.example/s\n"
        "-f wheels\n--find-links https://four.example/files\n--pre\n--no-index\n--require-hashes\n"
        "--trusted-host h --prefer-binary\n--use-feature fast-deps\n--only-binary=Foo_bar,baz --no-binary baz\n"
    ).options
    assert found.index_url == "https://one.example/simple"
    assert found.extra_index_urls == ("https://two.example/simple", "https://three.example/s")
    assert found.find_links == (Path("wheels").absolute().as_uri(), "https://four.example/files")
    assert (found.pre, found.no_index, found.require_hashes) == (True, True, True)
    assert (sorted(found.only_binary), sorted(found.no_binary)) == (["foo-bar"], ["baz"])


def test_only_binary_all_and_none_reset_what_came_before() -> None:
    found = read_text("--no-binary a\n--only-binary b\n--only-binary :all:\n--no-binary c\n").options
    assert (sorted(found.only_binary), sorted(found.no_binary)) == ([":all:"], ["c"])
    found = read_text("--only-binary :all:,:none:,d\n").options
    assert found.only_binary == {"d"}


def test_variables_are_replaced_and_never_shown() -> None:
    found = read_text(
        "--index-url https://me:${TOKEN}@index.example/simple\na @ https://${TOKEN}@files.example/a-1.0.tar.gz\n",
        environ={"TOKEN": "s3cret"},
    )
    assert found.options.index_url == "https://me:s3cret@index.example/simple"
    assert found.requirements[0].url == "https://s3cret@files.example/a-1.0.tar.gz"
    assert "s3cret" not in found.requirements[0].text


def test_an_undefined_variable_stays_as_it_is_written() -> None:
    assert (
        read_text("--index-url https://${NOBODY}@index.example\n").options.index_url
        == "https://${NOBODY}@index.example"
    )


def test_credentials_are_masked_in_errors() -> None:
    error = text_failure("foo bar @ https://user:s3cret@index.example/x\n")
    assert "s3cret" not in f"{error} {error.hint}"
    error = text_failure("--indx-url https://user:s3cret@index.example/x\n")
    assert "s3cret" not in f"{error} {error.hint}"
    assert "--index-url" in error.hint


def test_nested_files_are_found_beside_the_file_that_names_them() -> None:
    write(
        {
            "reqs/all.txt": "-r base.txt\n-rmore/extra.txt\n-c ../bounds.txt\ntop\n",
            "reqs/base.txt": "base\n",
            "reqs/more/extra.txt": "extra\n",
            "bounds.txt": "numpy<2\n",
        }
    )
    found = read("reqs/all.txt")
    assert asked(found) == ["base", "extra", "top"]
    assert [str(constraint.origin) for constraint in found.constraints] == ["reqs/../bounds.txt:1"]
    assert [path for path, _ in found.files] == [
        "reqs/all.txt",
        "reqs/base.txt",
        "reqs/more/extra.txt",
        "reqs/../bounds.txt",
    ]
    assert found.files[1][1] == hashlib.sha256(b"base\n").hexdigest()


def test_constraints_never_add_projects_even_through_nested_files() -> None:
    write({"r.txt": "-c c.txt\na\n", "c.txt": "-r more.txt\nb[x]<2\n", "more.txt": "c<3\n"})
    found = read("r.txt", constraints=("d<4", "c.txt"))
    assert asked(found) == ["a"]
    assert [f"{bound.name}{bound.specifier}" for bound in found.constraints] == ["c<3", "b<2", "d<4"]


def test_nested_urls_are_joined_to_the_url_of_their_file() -> None:
    web = {
        "https://u:pw@h.example/reqs/all.txt": "-r base.txt\n-c /c.txt\n-r https://other.example/o.txt\n",
        "https://u:pw@h.example/reqs/base.txt": "base\n",
        "https://u:pw@h.example/c.txt": "numpy<2\n",
        "https://other.example/o.txt": "other\n",
    }
    write({"r.txt": "-r https://u:pw@h.example/reqs/all.txt\n"})
    found = read("r.txt", web=web)
    assert asked(found) == ["base", "other"]
    assert str(found.requirements[0].origin) == "https://h.example/reqs/base.txt:1"
    assert "pw" not in str(found.files)


def test_a_file_from_a_url_may_not_include_local_files() -> None:
    error = failure("https://h.example/r.txt", web={"https://h.example/r.txt": "-r file:///etc/hosts\n"})
    assert "includes the local file" in error.message


def test_include_cycles_name_the_whole_chain() -> None:
    write({"a.txt": "x\n-r b.txt\n", "b.txt": "\n-r ./sub/../a.txt\n"})
    Path("sub").mkdir()
    error = failure("a.txt")
    assert "a.txt:2 → b.txt:2 → " in error.message
    assert error.address == "b.txt:2"


def test_a_file_that_includes_itself_is_a_cycle() -> None:
    write({"r.txt": "-r r.txt\n"})
    assert "r.txt:1 → r.txt" in failure("r.txt").message


def test_a_file_included_twice_is_read_once() -> None:
    write({"r.txt": "-r a.txt\n-r b.txt\n", "a.txt": "-r c.txt\n", "b.txt": "-r c.txt\n", "c.txt": "c\n"})
    assert asked(read("r.txt")) == ["c"]


def test_a_missing_nested_file_is_named_with_its_line_and_near_names() -> None:
    write({"r.txt": "\n-r bases.txt\n", "base.txt": ""})
    error = failure("r.txt")
    assert (str(error), error.hint) == ("r.txt:2: no such file: bases.txt", "did you mean base.txt?")


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("numpy=1.0", "pinned with =="),
        ("numpy 1.0", "operator such as =="),
        ("numpy => 1", "operators are"),
        ("pip install numpy", "what follows the command"),
        ("numpy pandas", "one requirement per line"),
        ("flask >= 2.0 < 3", "bounds are separated by commas: name>=1.0,<2"),
        ("Django~=4", "~= takes two numbers or more: ~=4.0 means >=4.0 and ==4.*"),
        ('"pandas"', "leave the quotes out"),
        ("[project]", "TOML"),
        ("import numpy", "Python code"),
        ("numpy ; os_name = 'nt'", "write a requirement"),
        ("a --hash=md5:123", "use sha256"),
        ("--requirment a.txt", "--requirement"),
    ],
)
def test_bad_lines_are_named_with_file_line_and_a_hint(line: str, hint: str) -> None:
    error = text_failure(f"fine\n{line}\n")
    assert isinstance(error, InputUnreadable)
    assert error.address == "requirements.txt:2"
    assert hint in error.hint


@pytest.mark.parametrize(
    "line", ["-r", "--index-url", "--pre=1", "-i 'x", "--no-binary :most:", "-z", "a --hash=sha256:12"]
)
def test_bad_options_are_named_with_file_and_line(line: str) -> None:
    assert text_failure(line).address == "requirements.txt:1"


def test_an_empty_file_asks_for_nothing() -> None:
    assert read_text("").requirements == ()
    assert read_text("# only a comment\n").requirements == ()


def test_values_of_variables_do_not_appear_in_errors() -> None:
    write({"r.txt": "a --hash=sha256:${TOKEN}\n"})
    error = failure("r.txt", environ={"TOKEN": "s3cret"})
    assert "s3cret" not in f"{error} {error.hint}"
    assert "${TOKEN}" in error.message


def test_passwords_with_at_signs_are_masked_in_quoted_text() -> None:
    assert (
        masked_within("x @ https://u:p@ss@h.example/a@b 'http://v@i/'")
        == "x @ https://***@h.example/a@b 'http://***@i/'"
    )
    assert masked_within("mail me@h.example") == "mail me@h.example"


ODD_PIECES = r"""
a Foo == 1.0 [ ] x ; python_version < 3 @ \ # -r -c -e --hash= sha256: -i -f --pre --no-binary :all: , https:// http://h:x/ u:p@ h/
.whl .tar.gz .toml .py ./ ../ file: git+ ${A} " ' = é - -- ( ) ~= ~ * #egg= & /// script dependencies
"""
odd_pieces = st.sampled_from([*ODD_PIECES.split(), " ", "\t", "\n", "\r\n", "\0", "\ufeff"])


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.lists(odd_pieces, max_size=14).map("".join))
def test_any_text_is_read_or_refused_with_exit_status_2(text: str) -> None:
    write({"r.txt": text.encode()})
    for word in ("r.txt", text):
        try:
            read(word, web={}, stdin=lambda: "", environ={"A": "[x"})
        except WheelcheckError as error:
            assert error.exit_status == 2
        except KeyError:
            pass  # the web is empty
