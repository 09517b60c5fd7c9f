"""The evidence table that ships is whole, and a broken one is refused by name."""

from __future__ import annotations

import pytest

from wheelcheck.errors import SettingsInvalid
from wheelcheck.knowledge.compatibility import parse_native
from wheelcheck.knowledge.loading import load_native
from wheelcheck.model.knowledge import BackendKind


def test_the_shipped_table_loads_and_knows_the_common_backends() -> None:
    knowledge = load_native()
    assert knowledge.backend("setuptools.build_meta:__legacy__") == ("setuptools", BackendKind.SETUP)
    assert knowledge.backend("maturin") == ("maturin", BackendKind.NATIVE)
    assert knowledge.backend("flit_core.buildapi") == ("flit_core", BackendKind.PURE)
    assert knowledge.backend("hatchling.build") == ("hatchling", BackendKind.HOOKS)
    assert knowledge.backend("poetry.core.masonry.api") == ("poetry.core", BackendKind.SCRIPT)


def test_an_unknown_backend_is_none_even_if_its_name_starts_alike() -> None:
    assert load_native().backend("maturin_like.api") is None


def test_suffixes_are_lower_case_and_start_with_a_dot() -> None:
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in load_native().suffixes)


def test_static_backends_are_backends() -> None:
    knowledge = load_native()
    assert knowledge.static_backends <= set(knowledge.backends)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[backends", "not valid TOML"),
        ('[backends]\nx = "sometimes"', "backends.x"),
        ("[setup]\nmakers = 3", "setup.makers"),
        ("[setup]\nmaker = []", "unknown key setup.maker"),
        ("[weather]\nrain = []", "unknown key weather"),
        ("setup = 3", "setup is not a table"),
    ],
)
def test_a_broken_table_is_refused_by_name(text: str, says: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        parse_native(text, "mine.toml")
    assert says in str(refused.value)
    assert "mine.toml" in str(refused.value)
