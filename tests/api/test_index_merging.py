"""What command line, inputs, settings and the installer's own configuration say of indexes becomes one order of asking."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast, get_args

import pytest
from packaging.markers import Marker
from packaging.utils import canonicalize_name

from wheelcheck.api.edges import index_config
from wheelcheck.api.request import Request
from wheelcheck.errors import SettingsInvalid, UsageProblem
from wheelcheck.model.requirement import FileOrigin, IndexOptions, IndexSource, Installer, NamedIndex
from wheelcheck.settings.loading import Settings
from wheelcheck.targets.targets import parse_target

if TYPE_CHECKING:
    from wheelcheck.index.config import IndexConfig
    from wheelcheck.options import RequestOptions

A, B, C, D = (f"https://{letter}.example/simple/" for letter in "abcd")
TORCH = "https://download.pytorch.org/whl/cu124"
UNSAID, UNSET = IndexOptions(), Settings()
ORIGIN = FileOrigin(path="pyproject.toml", line=7)


def merged(
    options: IndexOptions = UNSAID,
    settings: Settings = UNSET,
    environ: Mapping[str, str] | None = None,
    platform: str = "win_amd64",
    **given: object,
) -> IndexConfig:
    fields = cast("RequestOptions", {"index_url": A, **given})
    fields["environ"] = {"PIP_CONFIG_FILE": os.devnull, **(environ or {})}
    request = Request(inputs=(), **fields)
    return index_config(request, settings, options, parse_target(platform, "3.11"))


def test_one_index_is_one_tier_whoever_reads_it() -> None:
    for installer in get_args(Installer):
        config = merged(IndexOptions(installer=installer))
        assert (config.index_urls, config.tiers, config.strategy) == ((A,), (), "first-index")


@pytest.mark.parametrize(
    ("installer", "tiers"),
    [
        ("pip", ((C, B, A),)),
        ("pdm", ((C, B, A),)),
        ("poetry", ((B, C, A),)),
        ("uv", ((B,), (C,), (A,))),
    ],
)
def test_several_indexes_are_asked_in_the_order_of_the_installer(
    installer: Installer, tiers: tuple[tuple[str, ...], ...]
) -> None:
    config = merged(IndexOptions(installer=installer, extra_index_urls=(B, C)))
    assert (config.index_urls, config.tiers) == ((A, B, C), tiers)


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_a_strategy_that_is_named_has_the_order_of_uv(installer: Installer) -> None:
    options = IndexOptions(installer=installer, extra_index_urls=(B,))
    assert merged(options, index_strategy="first-index").tiers == ((B,), (A,))
    first_match = merged(options, index_strategy="unsafe-first-match")
    assert (first_match.tiers, first_match.strategy) == (((B, A),), "unsafe-first-match")


def test_the_strategy_of_the_command_line_counts_before_that_of_settings_and_inputs() -> None:
    options = IndexOptions(installer="uv", extra_index_urls=(B,), strategy="unsafe-first-match")
    settings = Settings(options={"index_strategy": "unsafe-best-match"})
    assert merged(options).strategy == "unsafe-first-match"
    assert merged(options, settings).strategy == "unsafe-best-match"
    assert merged(options, settings, index_strategy="first-index").strategy == "first-index"


def test_supplemental_indexes_are_asked_last_and_explicit_ones_for_their_projects_alone() -> None:
    indexes = (
        NamedIndex(url=B, name="more", role="supplemental"),
        NamedIndex(url=C, name="vendor", role="explicit"),
        NamedIndex(url=D, role="default"),
    )
    sources = (IndexSource(project=canonicalize_name("torch"), index="vendor", origin=ORIGIN),)
    config = merged(IndexOptions(installer="poetry", indexes=indexes, sources=sources), index_url=None)
    assert (config.index_urls, config.tiers, config.supplemental) == ((D, B), ((D, B),), frozenset({B}))
    assert config.project_indexes == {"torch": C}


def test_a_source_counts_on_the_targets_of_its_marker_alone() -> None:
    sources = (
        IndexSource(
            project=canonicalize_name("torch"), index=B, marker=Marker("sys_platform == 'darwin'"), origin=ORIGIN
        ),
        IndexSource(project=canonicalize_name("torch"), index=C, origin=ORIGIN),
    )
    options = IndexOptions(installer="uv", sources=sources)
    assert merged(options).project_indexes == {"torch": C}
    assert merged(options, platform="macos").project_indexes == {"torch": B}


def test_a_name_on_the_command_line_stands_for_its_index() -> None:
    config = merged(named_indexes=(f"vendor={B}",), sources=("torch=vendor",))
    assert (config.tiers, config.project_indexes) == (((B, A),), {"torch": B})


def test_a_name_that_nobody_defines_is_refused_where_it_stands() -> None:
    sources = (IndexSource(project=canonicalize_name("torch"), index="vendr", origin=ORIGIN),)
    indexes = (NamedIndex(url=B, name="vendor"),)
    with pytest.raises(UsageProblem, match="'vendr' is neither the URL nor the name") as caught:
        merged(IndexOptions(installer="uv", indexes=indexes, sources=sources))
    assert caught.value.address == "pyproject.toml:7"
    assert "vendor" in caught.value.hint
    with pytest.raises(UsageProblem, match="neither the URL nor the name"):
        merged(sources=("torch=vendor",))


@pytest.mark.parametrize("word", ["vendor", "vendor=", "=vendor"])
def test_an_index_without_a_url_is_refused(word: str) -> None:
    with pytest.raises(UsageProblem, match="neither URL nor NAME=URL"):
        merged(named_indexes=(word,))


def test_an_index_that_is_named_twice_is_asked_once_in_its_first_place() -> None:
    config = merged(IndexOptions(installer="uv", extra_index_urls=(B, A.rstrip("/"), B)))
    assert (config.index_urls, config.tiers) == ((A, B), ((B,), (A.rstrip("/"),)))


def test_the_variables_of_uv_count_where_uv_reads_the_input_and_nowhere_else() -> None:
    environ = {"UV_DEFAULT_INDEX": A, "UV_INDEX": f"vendor={B} {C}", "UV_EXTRA_INDEX_URL": D}
    of_uv = merged(IndexOptions(installer="uv"), environ=environ, index_url=None)
    assert of_uv.tiers == ((B,), (C,), (D,), (A,))
    assert merged(environ=environ).tiers == ()


def test_the_configuration_of_pip_means_nothing_to_what_uv_reads() -> None:
    environ = {"PIP_EXTRA_INDEX_URL": B, "PIP_FIND_LINKS": "/wheels", "PIP_NO_INDEX": "1"}
    of_uv = merged(IndexOptions(installer="uv"), environ=environ)
    assert (of_uv.index_urls, of_uv.fallback_find_links, of_uv.no_index) == ((A,), (), False)
    of_pip = merged(environ=environ)
    assert (of_pip.index_urls, of_pip.fallback_find_links, of_pip.no_index) == ((A, B), ("/wheels",), True)


def test_the_credentials_that_variables_of_uv_give_to_a_named_index_are_used() -> None:
    environ = {"UV_INDEX_MY_CORP_USERNAME": "me", "UV_INDEX_MY_CORP_PASSWORD": "a/b"}
    options = IndexOptions(installer="uv", indexes=(NamedIndex(url=B, name="my-corp"), NamedIndex(url=C, name="other")))
    assert merged(options, environ=environ).index_urls == (A, "https://me:a%2Fb@b.example/simple/", C)


def test_a_strategy_that_uv_does_not_know_is_refused() -> None:
    with pytest.raises(SettingsInvalid, match="unsafe-first-match, unsafe-best-match, not 'best'") as caught:
        merged(IndexOptions(installer="uv"), environ={"UV_INDEX_STRATEGY": "best"})
    assert caught.value.address == "UV_INDEX_STRATEGY"


def test_what_a_status_says_is_read_as_uv_reads_it() -> None:
    indexes = (NamedIndex(url=B, absent_statuses=(401,)), NamedIndex(url=TORCH))
    first = merged(IndexOptions(installer="uv", indexes=indexes)).absent_statuses
    assert [sorted(first[url]) for url in (A, B, TORCH)] == [[404], [401, 404], [403, 404]]
    pooled = merged(IndexOptions(installer="uv", indexes=indexes), index_strategy="unsafe-best-match").absent_statuses
    assert pooled[A] == {401, 403, 404, 407, 511}
    assert merged(extra_index_urls=(B,)).absent_statuses == {}


def test_pip_goes_on_without_an_index_that_fails_and_uv_does_not() -> None:
    assert merged(IndexOptions(extra_index_urls=(B,))).fault == "is-told"
    assert merged(IndexOptions(installer="uv", extra_index_urls=(B,))).fault == "ends"
    assert merged(IndexOptions(extra_index_urls=(B,)), index_strategy="first-index").fault == "ends"


def test_folders_that_only_the_configuration_of_pip_names_come_after_all_other_indexes() -> None:
    folder = "file:///mirror/simple"
    configured = merged(environ={"PIP_EXTRA_INDEX_URL": f"{B} {folder}"})
    assert (configured.index_urls, configured.tiers) == ((A, B, folder), ((B, A, folder),))
    assert merged(extra_index_urls=(folder,)).tiers == ((folder, A),)
