"""A password may come by many ways, and leaves by none: stdout, stderr, plan, exports, however the run ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.programs import TARGET, Shell
from tests.fakes.archives import make_sdist, make_wheel
from tests.server import Flaky, IndexServer, Lie, Mode

SECRET = "hunter2"
LOGIN = ("user", SECRET)
LOOSE, LOOSE_SOURCE = make_wheel("w", "1.0"), make_sdist("v", "1.0")
NATIVE = {
    "setup.py": "from setuptools import setup, Extension\nsetup(ext_modules=[Extension('n', ['n.c'])])\n",
    "n.c": "",
}
CATALOG = {
    "a": [make_wheel("a", "1.0", requires=["b"])],
    "b": [make_wheel("b", "1.0")],
    "s": [make_sdist("s", "1.0")],
    "n": [make_sdist("n", "1.0", files=NATIVE)],
}

Way = Callable[[Shell, IndexServer, str], tuple[str, ...]]


def by_option(shell: Shell, server: IndexServer, base: str) -> tuple[str, ...]:
    return ("a", "s", "n", "-i", f"{base}/simple/")


def by_extra_index(shell: Shell, server: IndexServer, base: str) -> tuple[str, ...]:
    return ("a", "s", "n", "--extra-index-url", f"{base}/simple/", "-i", f"{base}/simple/")


def by_requirements_file(shell: Shell, server: IndexServer, base: str) -> tuple[str, ...]:
    shell.write("requirements.txt", f"--index-url {base}/simple/\na\ns\nn\n")
    return ("requirements.txt",)


def by_standard_settings(shell: Shell, server: IndexServer, base: str) -> tuple[str, ...]:
    shell.write("wheelcheck.toml", f'index-url = "{base}/simple/"\n[sources]\na = "{base}/simple/"\n')
    return ("a", "s", "n")


def by_configuration_of_pip(shell: Shell, server: IndexServer, base: str) -> tuple[str, ...]:
    config = shell.write("pip.conf", f"[global]\nindex-url = {base}/simple/\nextra-index-url = {base}/simple/\n")
    shell.patch.setenv("PIP_CONFIG_FILE", str(config))
    return ("a", "s", "n")


def by_find_links(shell: Shell, server: IndexServer, base: str) -> tuple[str, ...]:
    server.add_path(f"/loose/{LOOSE[0]}", LOOSE[1])
    server.add_find_links("/links.html", f"loose/{LOOSE[0]}")
    return ("w", "n", "-f", f"{base}/links.html", "-i", f"{base}/simple/")


def by_direct_reference(shell: Shell, server: IndexServer, base: str) -> tuple[str, ...]:
    for name, content in (LOOSE, LOOSE_SOURCE):
        server.add_path(f"/loose/{name}", content)
    shell.write("requirements.txt", f"w @ {base}/loose/{LOOSE[0]}\n{base}/loose/{LOOSE_SOURCE[0]}\n")
    return ("requirements.txt", f"w @ {base}/loose/{LOOSE[0]}", "n", "-i", f"{base}/simple/")


def by_list_behind_a_url(shell: Shell, server: IndexServer, base: str) -> tuple[str, ...]:
    server.add_path("/list.txt", b"a\nn\n")
    return (f"{base}/list.txt", "-c", f"{base}/list.txt", "--override", f"{base}/list.txt", "-i", f"{base}/simple/")


def by_query_of_a_reference(shell: Shell, server: IndexServer, base: str) -> tuple[str, ...]:
    plain = base.replace(f"user:{SECRET}@", "")
    return (
        f"w @ {plain}/loose/{LOOSE[0]}?token={SECRET}",
        f"{plain}/list.txt?token={SECRET}",
        "-i",
        f"{plain}/simple/",
    )


def by_address_with_other_slashes(shell: Shell, server: IndexServer, base: str) -> tuple[str, ...]:
    return ("a", "-i", base.replace("//", "\\\\") + "/simple/", "--extra-index-url", base.replace("//", "/"))


WAYS = (
    by_option,
    by_extra_index,
    by_requirements_file,
    by_standard_settings,
    by_configuration_of_pip,
    by_find_links,
    by_direct_reference,
    by_list_behind_a_url,
)
MODES = {
    "fine": Mode(credentials=LOGIN),
    "another password": Mode(credentials=("user", "other")),
    "failing": Mode(credentials=LOGIN, flaky=Flaky(first=1000, how="500")),
    "failing files": Mode(credentials=LOGIN, flaky=Flaky(first=1000, how="truncate", on="/files/")),
    "lying": Mode(credentials=LOGIN, lies=frozenset({Lie.PAGE_HASH, Lie.SIDECAR_HASH, Lie.CONTENT_RANGE})),
    "html": Mode(credentials=LOGIN, pages="html", links="relative", sidecars="absent"),
}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_password_is_never_told(shell: Shell, way: Way, mode: Mode) -> None:
    with IndexServer(CATALOG, mode=mode) as server:
        words = way(shell, server, server.base_url.replace("//", f"//user:{SECRET}@"))
        common = ("plan", *words, *TARGET, "--cache-dir", str(shell.cache), "--max-seconds", "20")
        # Everything is allowed, so that a fine run has something to export.
        made = shell.run(*common, "-o", "plan.json", "--sdist", "any", "-v")
        others = [shell.run(*common, *more) for more in (("-v",), ("--format", "json"), ("--offline",), ("--refresh",))]
    for outcome in (made, *others):
        assert outcome.status in (0, 1, 3), outcome.err
        assert SECRET not in outcome.out + outcome.err
        assert "Traceback" not in outcome.err
    if mode in (MODES["fine"], MODES["html"]):
        assert made.status == 0, made.err
        assert SECRET not in (shell.folder / "plan.json").read_text()
        for form in ("requirements", "pylock"):
            exported = shell.run("export", "plan.json", "--to", form)
            assert SECRET not in exported.out + exported.err


@pytest.mark.parametrize("way", [by_query_of_a_reference, by_address_with_other_slashes], ids=lambda way: way.__name__)
def test_secret_in_a_query_or_behind_other_slashes_is_never_told_nor_kept(shell: Shell, way: Way) -> None:
    with IndexServer(CATALOG, mode=Mode(credentials=LOGIN)) as server:
        words = way(shell, server, server.base_url.replace("//", f"//user:{SECRET}@"))
        common = ("plan", *words, *TARGET, "--cache-dir", str(shell.cache))
        outcomes = [shell.run(*common, *more) for more in (("-o", "plan.json"), ("-v",), ("--format", "json"))]
    for outcome in outcomes:
        assert outcome.status in (1, 2, 3), outcome.err
        assert SECRET not in outcome.out + outcome.err
    kept = [path for folder in (shell.folder, shell.cache) for path in folder.rglob("*") if path.is_file()]
    assert all(SECRET.encode() not in path.read_bytes() for path in kept)
