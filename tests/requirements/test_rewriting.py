"""Requirements and overrides as a repair would have them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.utils import canonicalize_name

from tests.requirements.readings import read, write
from wheelcheck.model.repair import Edit, EditKind
from wheelcheck.model.requirement import CommandLineOrigin, Requirement
from wheelcheck.requirements.formats import parse_overrides
from wheelcheck.requirements.lines import iter_groups
from wheelcheck.requirements.rewriting import (
    Rewriting,
    closed,
    newline_of,
    rewritten_group,
    rewritten_inputs,
    rewritten_overrides,
)

pytestmark = pytest.mark.usefixtures("folder")
HASH = "sha256:" + "ab" * 32


def rewritten_requirements(
    text: str, edits: list[Edit], *, repair: str = "", applies: Callable[[Marker], bool] = lambda _: True
) -> str:
    rewriting = Rewriting(edits=edits, repair=repair, applies=applies)
    lines = "".join(rewritten_group(group, rewriting, {}) for group in iter_groups(text))
    newline = newline_of(text)
    ending = rewriting.ending(newline)
    return closed(lines, newline) + ending if ending else lines


def edit(
    kind: EditKind,
    package: str,
    after: str = "",
    *options: str,
    because: str = "",
    before: str = "",
) -> Edit:
    return Edit(
        kind=kind,
        package=canonicalize_name(package) if package else None,
        before=before,
        after=after,
        because=because,
        options=options,
    )


PIN = edit(EditKind.PIN, "av", "==12.0.0", "--replace", "av==12.0.0")
EXTRA = edit(EditKind.EXTRA, "uvicorn", "uvicorn[more]>=0.20", "--replace", "uvicorn[more]>=0.20")
SUBSTITUTE = edit(
    EditKind.SUBSTITUTE,
    "psycopg2",
    "psycopg2-binary<3",
    "psycopg2-binary<3",
    "--exclude",
    "psycopg2",
)
BOUND = edit(
    EditKind.CONSTRAIN,
    "numpy",
    "<2",
    "-c",
    "numpy<2",
    because="torch 2.1.0 was built for NumPy 1",
)
ADD = edit(EditKind.ADD, "six", "six<2", "six<2", because="banner 1.0 imports six")
PYTHON = edit(EditKind.PYTHON, "", "3.11", "--python", "3.11", because="torch 2.1.0 has no wheel")
OVERRIDE = edit(
    EditKind.OVERRIDE,
    "av",
    "==12.0.0",
    "--override",
    "av==12.0.0",
    because="audiocraft 1.3.0",
    before="==11.0.0",
)
EXCLUDE = edit(EditKind.EXCLUDE, "xformers", "", "--exclude", "xformers", because="no wheel")


@pytest.mark.parametrize(
    ("line", "repaired"),
    [
        ("av==11.0.0\n", "av==12.0.0\n"),
        ("av==11.0.0", "av==12.0.0"),
        ("av==11.0.0\r\n", "av==12.0.0\r\n"),
        ("  AV [ x, y ] >= 10,<12   # video\n", "  AV[ x, y ]==12.0.0   # video\n"),
        (
            "av (==11.0.0) ; python_version<'3.12'\n",
            "av==12.0.0 ; python_version<'3.12'\n",
        ),
        ("av\n", "av==12.0.0\n"),
        (f"av==11.0.0 --hash={HASH}\n", "av==12.0.0\n"),
        (
            f"av==11.0.0 \\\n    --hash={HASH} \\\n    --hash={HASH}  # via x\n",
            "av==12.0.0  # via x\n",
        ),
        (
            f"av==11.0.0 \\\r\n    --hash={HASH}\r\n    # via x\r\n",
            "av==12.0.0\r\n    # via x\r\n",
        ),
        (f"av==11.0.0 \\\n    --hash={HASH} \\\n# via x\n", "av==12.0.0  # via x\n"),
        ("av==11.0.0 --config-settings=a=b\n", "av==12.0.0 --config-settings=a=b\n"),
        (
            "av[x] @ https://files.example/av-11.0.0.tar.gz ; os_name == 'nt'\n",
            'av[x]==12.0.0 ; os_name == "nt"\n',
        ),
        ("https://files.example/av-11.0.0.tar.gz\n", "av==12.0.0\n"),
        (
            "avro==1\n-e git+https://h.example/av#egg=av\n",
            "avro==1\n-e git+https://h.example/av#egg=av\n",
        ),
    ],
)
def test_pinned_line_keeps_all_but_its_version_and_hashes(line: str, repaired: str) -> None:
    assert rewritten_requirements(line, [PIN]) == repaired


@pytest.mark.parametrize(
    ("line", "repaired"),
    [
        ("pywinpty[x] >= 2  # why\n", 'pywinpty[x] >= 2 ; sys_platform == "win32"  # why\n'),
        (f"pywinpty==2 --hash={HASH}\n", f'pywinpty==2 ; sys_platform == "win32" --hash={HASH}\n'),
    ],
)
def test_marked_line_keeps_its_bounds_and_hashes(line: str, repaired: str) -> None:
    marked = 'pywinpty; sys_platform == "win32"'
    assert rewritten_requirements(line, [edit(EditKind.MARKER, "pywinpty", marked, "--replace", marked)]) == repaired


def test_marker_on_what_others_ask_for_is_an_override() -> None:
    marked = 'pywinpty>=2; sys_platform == "win32"'
    over = edit(EditKind.MARKER, "pywinpty", marked, "--override", marked, because="pywinpty 3 has no file")
    assert rewritten_requirements("pywinpty>=2\n", [over]).splitlines() == [
        "pywinpty>=2",
        f"# wheelcheck: use --override '{marked}' (pywinpty 3 has no file)",
    ]
    write({"overrides.txt": rewritten_overrides([over], repair="R1")})
    (override,) = parse_overrides(["overrides.txt"], environ={}).requirements
    assert (str(override.specifier), str(override.marker)) == (">=2", 'sys_platform == "win32"')


def test_dropped_extra_leaves_the_others_and_the_bounds() -> None:
    text = "uvicorn[Standard, more]>=0.20  # server\nuvicorn [standard] ; os_name=='nt'\n"
    assert rewritten_requirements(text, [EXTRA]) == "uvicorn[more]>=0.20  # server\nuvicorn ; os_name=='nt'\n"


def test_substitute_takes_the_place_of_its_project_and_is_added_where_only_others_want_that() -> None:
    rest = "# wheelcheck R1: where others ask for psycopg2, use --exclude psycopg2\n"
    assert rewritten_requirements("psycopg2>2 ; os_name == 'nt'\n", [SUBSTITUTE], repair="R1") == (
        f"psycopg2-binary<3 ; os_name == 'nt'\n{rest}"
    )
    added = f"psycopg2-binary<3  # wheelcheck R1: in place of psycopg2\n{rest}"
    assert rewritten_requirements("django\n", [SUBSTITUTE], repair="R1") == f"django\n{added}"
    elsewhere = rewritten_requirements(
        "psycopg2 ; os_name == 'posix'\n",
        [SUBSTITUTE],
        repair="R1",
        applies=lambda marker: "nt" in str(marker),
    )
    assert elsewhere == f"psycopg2-binary<3 ; os_name == 'posix'\n{added}"


def test_what_requirements_cannot_say_stands_in_comments_at_the_end() -> None:
    text = "# mine\n\ntorch==2.1.0  # gpu\n\n--pre\r\n# end"
    assert rewritten_requirements(text, [PYTHON, BOUND, OVERRIDE, EXCLUDE], repair="R2") == (
        text + "\n# wheelcheck R2: use --python 3.11 (torch 2.1.0 has no wheel)\n"
        "numpy<2  # wheelcheck R2: torch 2.1.0 was built for NumPy 1\n"
        "# wheelcheck R2: use --override av==12.0.0 (audiocraft 1.3.0)\n"
        "# wheelcheck R2: use --exclude xformers (no wheel)\n"
    )


def test_bound_is_a_comment_where_every_requirement_has_hashes() -> None:
    text = f"numpy==1.26 --hash={HASH}\n"
    assert rewritten_requirements(text, [BOUND]).endswith(
        "# wheelcheck: use -c 'numpy<2' (torch 2.1.0 was built for NumPy 1)\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "# only a comment",
        "a \\\n",
        "a\\\n  \\\n==1\n",
        "\ta == 1 ;os_name=='nt' #x\n",
        "a\x0cb\r\n-r x.txt\n--pre\n",
    ],
)
def test_text_without_edited_lines_stays_byte_for_byte(text: str) -> None:
    assert rewritten_requirements(text, [PIN, EXTRA]) == text


def rewritten(
    *words: str,
    edits: tuple[Edit, ...] = (PIN,),
    folder: str = ".",
    stdin: str = "",
    web: dict[str, str] | None = None,
) -> str:
    inputs = read(*words, stdin=lambda: stdin, web=web)
    return rewritten_inputs(
        words,
        inputs,
        Rewriting(edits=edits, repair="R1"),
        folder=Path(folder),
        fetch_text=dict(web).__getitem__ if web is not None else None,
        stdin=lambda: stdin,
        environ={},
    )


def test_included_files_stand_where_they_are_included() -> None:
    write(
        {
            "requirements.txt": "a\n-r sub/more.txt  # the rest\nb\n-c bounds.txt\n",
            "sub/more.txt": "av==11.0.0\n-c own.txt\n-r ../requirements2.txt",
            "sub/own.txt": "c<2\n",
            "bounds.txt": "d<2\n",
            "requirements2.txt": "z",
        }
    )
    text = rewritten("requirements.txt")
    assert text == (
        "a\n# the rest\n# sub/more.txt\nav==12.0.0\n--constraint sub/own.txt\n# sub/../requirements2.txt\nz\n"
        "# end of sub/../requirements2.txt\n# end of sub/more.txt\nb\n-c bounds.txt\n"
    )
    write({"repaired.txt": text})
    again, before = read("repaired.txt"), read("requirements.txt")
    assert [str(each) for each in again.constraints] == [str(each) for each in before.constraints]
    assert sorted(each.name for each in again.requirements) == sorted(each.name for each in before.requirements)


def test_paths_start_at_the_folder_of_the_result() -> None:
    write({"requirements.txt": "a\n-c bounds.txt\n", "bounds.txt": "a<2\n", "out/x": ""})
    assert rewritten("requirements.txt", folder="out") == "a\n--constraint ../bounds.txt\n"


def test_several_inputs_stand_under_their_names() -> None:
    write(
        {
            "one.txt": "# first\nav==11.0.0\n",
            "two.txt": "b",
            "pyproject.toml": '[project]\nname = "x"\nversion = "1"\ndependencies = ["av[x]>=1 ; os_name == \'nt\'", "c"]\n',
        }
    )
    assert rewritten("one.txt", "two.txt", "pyproject.toml", "d<2") == (
        "# one.txt\n# first\nav==12.0.0\n\n# two.txt\nb\n\n# command line\nd<2\n\n"
        "# pyproject.toml\nav[x]==12.0.0 ; os_name == 'nt'\nc\n"
    )


def test_project_alone_becomes_a_list_of_its_requirements() -> None:
    write({"pyproject.toml": '[project]\nname = "x"\nversion = "1"\ndependencies = ["av==11.0.0", "c"]\n'})
    assert rewritten("pyproject.toml") == "av==12.0.0\nc\n"


def test_script_without_suffix_is_no_list() -> None:
    write({"tool": "# /// script\n# dependencies = ['av']\n# ///\n"})
    assert rewritten("tool") == "av==12.0.0\n"


def test_standard_input_and_urls_keep_their_text() -> None:
    assert rewritten("-", stdin="# mine\nav\n") == "# mine\nav==12.0.0\n"
    url = "https://h.example/requirements.txt"
    web = {
        url: "av # x\n-r more.txt\n-c bounds.txt\n",
        "https://h.example/more.txt": "b\n",
        "https://h.example/bounds.txt": "b<2\n",
    }
    assert rewritten(url, web=web) == (
        "av==12.0.0 # x\n# https://h.example/more.txt\nb\n# end of https://h.example/more.txt\n"
        "--constraint https://h.example/bounds.txt\n"
    )


def test_file_that_is_included_twice_stands_once() -> None:
    write({"a.txt": "-r c.txt\n", "b.txt": "-r c.txt\n", "c.txt": "av\n"})
    assert rewritten("a.txt", "b.txt").count("av==12.0.0") == 1


def requirement(text: str) -> Requirement:
    return Requirement.parse(text, CommandLineOrigin(text=text))


def test_overrides_read_back_as_they_are_meant() -> None:
    existing = [
        requirement("av==9"),
        requirement("b<2 ; os_name == 'nt'"),
        requirement("d==1"),
        requirement("psycopg2==2"),
    ]
    text = rewritten_overrides(
        [OVERRIDE, EXCLUDE, SUBSTITUTE, PIN, PYTHON],
        existing,
        [canonicalize_name("d")],
        repair="R1",
    )
    assert text == (
        "av==12.0.0  # wheelcheck R1: in place of ==11.0.0 (audiocraft 1.3.0)\n"
        "b<2 ; os_name == 'nt'\n"
        "d ; sys_platform == 'never'  # left out\n"
        "psycopg2 ; sys_platform == 'never'  # wheelcheck R1: psycopg2-binary<3 stands in for it\n"
        "xformers ; sys_platform == 'never'  # wheelcheck R1: left out (no wheel)\n"
    )
    write({"overrides.txt": text})
    found = parse_overrides(["overrides.txt"], environ={}).requirements
    assert [str(each) for each in found] == [line.partition("  #")[0] for line in text.splitlines()]


def test_no_overrides_are_an_empty_file() -> None:
    assert rewritten_overrides([PIN]) == ""


def test_added_project_is_a_further_line_and_a_comment_beside_hashes() -> None:
    assert rewritten_requirements("banner\n", [ADD], repair="R1").splitlines() == [
        "banner",
        "six<2  # wheelcheck R1: banner 1.0 imports six",
    ]
    hashed = f"banner==1.0 --hash=sha256:{'0' * 64}\n"
    assert (
        rewritten_requirements(hashed, [ADD]).splitlines()[-1] == "# wheelcheck: use 'six<2' (banner 1.0 imports six)"
    )
