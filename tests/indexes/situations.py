"""Situations of one project on two or three indexes, as data; each index is a real one on loopback.

Files are written as words: ``1.0`` is a wheel for every platform, ``1.0.tar.gz`` a source archive. Behind a version may stand
``:TAGS`` (the tags of a wheel), ``!`` (withdrawn), ``?BOUND`` (Requires-Python), ``#BUILD`` (a build tag) and ``>REQUIREMENT``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from tests.fakes.archives import make_sdist, make_wheel, metadata_text
from tests.server import Flaky, IndexFile, IndexServer, Mode, index_file
from tests.server.catalog import Made

INDEXES = ("main", "extra", "third")
"""The default index, and two more in the order in which they are named."""

_WORD = re.compile(
    r"(?P<version>(?:\d+!)?[0-9][^:!?#>]*?)(?P<sdist>\.tar\.gz)?(?::(?P<tags>[^!?#>]+))?(?P<yanked>!)?(?:\?(?P<python>[^#]+?))?"
    r"(?:#(?P<build>\d+))?(?:>>(?P<requires>.+))?"
)
_PYTHON = f"py{sys.version_info[0]}{sys.version_info[1]}"
# A backend of its own, so that pip can build the metadata without asking any index for a backend.
_BACKEND = """
import pathlib
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    info = pathlib.Path(folder) / "made.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(pathlib.Path("PKG-INFO").read_text())
    return info.name
"""
_PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The *files* of a project on each index, and what is asked of it; ``{}`` in *requirement* is its name.

    *others* are further projects, by name and index. With *only_binary* no source archive may be used, with *hash_of* only the file
    of the index so named. *pinned_to* is the one index for the project, of which pip has no notion.
    """

    name: str
    main: str | None = None
    extra: str | None = None
    third: str | None = None
    requirement: str = "{}"
    others: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    only_binary: bool = False
    hash_of: str = ""
    pinned_to: str = ""

    @property
    def words(self) -> Mapping[str, str]:
        """The files on each index that knows the project."""
        found = {"main": self.main, "extra": self.extra, "third": self.third}
        return {index: words for index, words in found.items() if words is not None}

    @property
    def line(self) -> str:
        """The line of a requirements file, without a hash."""
        return self.requirement.format(self.name)


def files_of(name: str, index: str, words: str) -> Iterator[IndexFile]:
    """The files that *words* describe; each index has other bytes under the same name."""
    for word in words.split():
        parsed = _WORD.fullmatch(word)
        assert parsed is not None, word
        version, requires = parsed["version"], [parsed["requires"]] if parsed["requires"] else []
        yield index_file(
            _made(name, version, index, requires, parsed),
            yanked="" if parsed["yanked"] else None,
            requires_python=parsed["python"],
        )


def _made(name: str, version: str, index: str, requires: list[str], parsed: re.Match[str]) -> Made:
    if parsed["sdist"]:
        information = metadata_text(
            name, version, requires=requires, requires_python=parsed["python"], metadata_version="2.2"
        )
        files = {"pyproject.toml": _PROJECT, "backend.py": _BACKEND, "index.txt": index}
        return make_sdist(name, version, files=files, pkg_info=information)
    tags = (parsed["tags"] or "py3-none-any").replace("here", f"{_PYTHON}-none-any")
    return make_wheel(
        name,
        version,
        requires=requires,
        tags=tags,
        build=parsed["build"] or "",
        requires_python=parsed["python"],
        files={f"{name.replace('-', '_')}/index.txt": index},
    )


FAULTS: Mapping[str, Mapping[str, str]] = {
    "extra-403": {"extra": "403"},
    "extra-410": {"extra": "410"},
    "extra-401": {"extra": "401"},
    "extra-500": {"extra": "500"},
    "extra-down": {"extra": "down"},
    "main-403": {"main": "403"},
    "main-401": {"main": "401"},
    "main-down": {"main": "down"},
}
"""What is wrong with an index; where nothing is, every index answers 404 for what it does not have."""


@dataclass(frozen=True, slots=True)
class Served:
    """The URL of each index, and the index of each address."""

    urls: Mapping[str, str]

    def index_of(self, url: str) -> str:
        """Which index *url* belongs to."""
        return next(index for index, base in self.urls.items() if url.startswith(base.removesuffix("simple/")))


@contextmanager
def served(situations: Iterable[Situation], fault: str = "") -> Iterator[Served]:
    """Serve *situations*, with *fault* in one of the indexes."""
    catalogs: dict[str, dict[str, list[Made | IndexFile]]] = {index: {} for index in INDEXES}
    for situation in situations:
        for index, words in situation.words.items():
            catalogs[index][situation.name] = list(files_of(situation.name, index, words))
        for name, words_by_index in situation.others.items():
            for index, words in words_by_index.items():
                catalogs[index][name] = list(files_of(name, index, words))
    faults = FAULTS.get(fault, {})
    with ExitStack() as stack:
        urls = {}
        for index, catalog in catalogs.items():
            how = faults.get(index, "")
            if how.startswith("4") and how != "401":
                server = IndexServer(mode=Mode(absent_status=int(how)))
            elif how == "401":
                server = IndexServer(catalog, mode=Mode(credentials=("somebody", "secret")))
            elif how == "500":
                server = IndexServer(catalog, mode=Mode(flaky=Flaky(first=1000, how="500")))
            else:
                server = IndexServer(catalog)
            if how == "down":
                with server:
                    urls[index] = server.simple_url
            else:
                urls[index] = stack.enter_context(server).simple_url
        yield Served(urls)


def hash_of(situation: Situation) -> str:
    """The SHA-256 that the requirement of *situation* names, empty where it names none."""
    if situation.hash_of in ("", "nobody"):
        return "0" * 64 if situation.hash_of else ""
    return next(files_of(situation.name, situation.hash_of, situation.words[situation.hash_of])).sha256


S = Situation

SITUATIONS: tuple[Situation, ...] = (
    # Where it is
    S(name="same-on-both", main="1.0", extra="1.0"),
    S(name="same-on-three", main="1.0", extra="1.0", third="1.0"),
    S(name="only-on-main", main="1.0 1.1"),
    S(name="only-on-extra", extra="1.0 1.1"),
    S(name="only-on-third", third="1.0"),
    S(name="nowhere"),
    S(name="empty-page-on-extra", main="1.0", extra=""),
    S(name="empty-page-on-main", main="", extra="1.0"),
    # Which is newer
    S(name="newer-on-main", main="2.0", extra="1.0"),
    S(name="newer-on-extra", main="1.0", extra="2.0"),
    S(name="newer-on-third", main="1.0", extra="1.0", third="2.0"),
    S(name="rising", main="1.0", extra="2.0", third="3.0"),
    S(name="falling", main="3.0", extra="2.0", third="1.0"),
    S(name="gap-in-the-middle", main="1.0", third="2.0"),
    S(name="interleaved", main="1.0 3.0", extra="2.0 4.0"),
    S(name="epoch-on-main", main="1!1.0", extra="2.0"),
    S(name="epoch-on-extra", main="2.0", extra="1!1.0"),
    S(name="post-on-main", main="1.0.post1", extra="1.0"),
    S(name="post-on-extra", main="1.0", extra="1.0.post1"),
    S(name="more-digits-on-extra", main="1.9", extra="1.10"),
    # Bounds
    S(name="pinned-on-both", main="1.0 2.0", extra="1.0 3.0", requirement="{}==1.0"),
    S(name="pinned-on-main", main="1.0", extra="2.0", requirement="{}==1.0"),
    S(name="pinned-on-extra", main="2.0", extra="1.0", requirement="{}==1.0"),
    S(name="below-on-main", main="1.0", extra="3.0", requirement="{}<2"),
    S(name="below-on-extra", main="3.0", extra="1.0", requirement="{}<2"),
    S(name="bound-met-nowhere", main="1.0", extra="2.0", requirement="{}>5"),
    S(name="compatible-release", main="1.4", extra="1.5 2.0", requirement="{}~=1.3"),
    S(name="excluded-newest", main="1.0", extra="2.0", requirement="{}!=2.0"),
    S(name="star", main="1.2.3", extra="1.2.5 1.3", requirement="{}==1.2.*"),
    # Local versions
    S(name="local-pinned-on-extra", main="2.0.1", extra="2.0.1+cu118", requirement="{}==2.0.1+cu118"),
    S(name="local-pinned-on-main", main="2.0.1+cpu", extra="2.0.1+cu118", requirement="{}==2.0.1+cpu"),
    S(
        name="local-pinned-on-third",
        main="2.0.1",
        extra="2.0.1+cpu",
        third="2.0.1+cu118",
        requirement="{}==2.0.1+cu118",
    ),
    S(name="local-pinned-nowhere", main="2.0.1", extra="2.0.1+cpu", requirement="{}==2.0.1+cu999"),
    S(name="public-pin-admits-local", main="2.0.1", extra="2.0.1+cu118", requirement="{}==2.0.1"),
    S(name="local-unasked", main="2.0.1", extra="2.0.1+cu118"),
    S(name="local-of-older", main="2.0.2", extra="2.0.1+cu118"),
    S(name="local-of-newer", main="2.0.1", extra="2.0.2+cu118"),
    S(name="local-compatible", main="2.0.1", extra="2.0.1+cu118", requirement="{}~=2.0.1"),
    S(name="local-is-not-greater", main="2.0.1", extra="2.0.1+cu118", requirement="{}>2.0.1"),
    S(name="local-at-most", main="2.0.0", extra="2.0.1+cu118", requirement="{}<=2.0.1"),
    S(name="two-labels", main="2.0.1+cpu", extra="2.0.1+cu118", requirement="{}==2.0.1"),
    # Withdrawn
    S(name="withdrawn-newest-on-main", main="1.0 2.0!", extra="1.5"),
    S(name="withdrawn-newest-on-extra", main="1.5", extra="1.0 2.0!"),
    S(name="withdrawn-on-main-alone", main="2.0!", extra="2.0"),
    S(name="withdrawn-on-extra-alone", main="2.0", extra="2.0!"),
    S(name="withdrawn-pinned", main="1.0 2.0!", extra="1.0", requirement="{}==2.0"),
    S(name="withdrawn-pinned-elsewhere-not", main="2.0!", extra="2.0 1.0", requirement="{}==2.0"),
    S(name="withdrawn-everywhere", main="1.0!", extra="1.0!"),
    # Kinds of files
    S(name="source-on-main-wheel-on-extra", main="2.0.tar.gz", extra="2.0"),
    S(name="wheel-on-main-source-on-extra", main="2.0", extra="2.0.tar.gz"),
    S(name="newer-source-on-main", main="2.0.tar.gz", extra="1.0"),
    S(name="newer-source-on-extra", main="1.0", extra="2.0.tar.gz"),
    S(name="newer-source-on-main-wheels-only", main="2.0.tar.gz", extra="1.0", only_binary=True),
    S(name="newer-source-on-extra-wheels-only", main="1.0", extra="2.0.tar.gz", only_binary=True),
    S(name="same-source-on-main-wheels-only", main="2.0.tar.gz", extra="2.0", only_binary=True),
    S(name="same-source-on-extra-wheels-only", main="2.0", extra="2.0.tar.gz", only_binary=True),
    S(name="sources-only", main="1.0.tar.gz", extra="2.0.tar.gz"),
    S(name="foreign-wheel-on-main", main="2.0:cp311-cp311-vax_780", extra="1.0"),
    S(name="foreign-wheel-on-extra", main="1.0", extra="2.0:cp311-cp311-vax_780"),
    S(name="foreign-wheel-of-the-same", main="2.0:cp311-cp311-vax_780", extra="2.0"),
    S(name="foreign-wheel-of-the-same-on-extra", main="2.0", extra="2.0:cp311-cp311-vax_780"),
    S(name="foreign-wheels-only", main="1.0:cp311-cp311-vax_780", extra="1.0:cp311-cp311-vax_780"),
    S(name="better-tag-on-main", main="1.0:here", extra="1.0"),
    S(name="better-tag-on-extra", main="1.0", extra="1.0:here"),
    S(name="build-tag-on-main", main="1.0#2", extra="1.0"),
    S(name="build-tag-on-extra", main="1.0", extra="1.0#2"),
    # Pythons
    S(name="other-python-on-main", main="2.0?>=3.99", extra="1.0"),
    S(name="other-python-on-extra", main="1.0", extra="2.0?>=3.99"),
    S(name="other-python-of-the-same", main="2.0?>=3.99", extra="2.0"),
    S(name="other-python-everywhere", main="2.0?>=3.99", extra="1.0?>=3.99"),
    # Pre-releases
    S(name="pre-release-on-extra", main="1.0", extra="2.0rc1"),
    S(name="pre-release-on-main", main="2.0rc1", extra="1.0"),
    S(name="pre-releases-only", main="1.0rc1", extra="1.0rc2"),
    S(name="pre-release-on-extra-only", extra="1.0rc2"),
    S(name="pre-release-asked", main="1.0", extra="2.0rc1", requirement="{}>=2.0rc1"),
    S(name="development-release", main="1.0", extra="1.1.dev3"),
    # Hashes
    S(name="hash-of-main", main="1.0", extra="1.0", requirement="{}==1.0", hash_of="main"),
    S(name="hash-of-extra", main="1.0", extra="1.0", requirement="{}==1.0", hash_of="extra"),
    S(name="hash-of-third", main="1.0", extra="1.0", third="1.0", requirement="{}==1.0", hash_of="third"),
    S(name="hash-of-nobody", main="1.0", extra="1.0", requirement="{}==1.0", hash_of="nobody"),
    # Dependencies
    S(name="needs-extra", main="1.0>>needed-a>=2", others={"needed-a": {"main": "1.0", "extra": "2.0"}}),
    S(name="needs-what-only-extra-has", main="1.0>>needed-b", others={"needed-b": {"extra": "2.0"}}),
    S(name="needs-main", extra="1.0>>needed-c>=2", others={"needed-c": {"main": "2.0", "extra": "1.0"}}),
    S(name="needs-what-nobody-has", main="1.0>>needed-d>9", others={"needed-d": {"main": "1.0", "extra": "2.0"}}),
    S(name="goes-back", main="2.0>>needed-e>9 1.0", extra="1.5>>needed-e>9", others={"needed-e": {"main": "1.0"}}),
    # One index for the project
    S(name="pinned-to-main", main="1.0", extra="2.0", pinned_to="main"),
    S(name="pinned-to-extra", main="3.0", extra="2.0", third="4.0", pinned_to="extra"),
    S(name="pinned-to-third-without-it", main="3.0", extra="2.0", pinned_to="third"),
)

FAULTY: tuple[Situation, ...] = (
    S(name="faulty-both", main="1.0", extra="2.0"),
    S(name="faulty-main", main="1.0"),
    S(name="faulty-extra", extra="2.0"),
)
"""What is asked with each of :data:`FAULTS`."""
