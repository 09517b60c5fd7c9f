"""A request completed by the settings: what adds up, what is replaced, and what nobody gave."""

from __future__ import annotations

import pytest

from wheelcheck.api.request import Request, completed, refuse_empty
from wheelcheck.errors import UsageProblem
from wheelcheck.options import OPTIONS, RequestOptions
from wheelcheck.settings.loading import Settings


def test_bounds_of_the_settings_come_before_those_of_the_request() -> None:
    settings = Settings(options={"overrides": ("av==12",), "excludes": ("x",), "knowledge": ("/ours",)})
    asked = completed(Request(inputs=("a",), overrides=("av==13",), knowledge=("mine",)), settings)
    assert asked["overrides"] == ("av==12", "av==13")
    assert asked["excludes"] == ("x",)
    assert asked["knowledge"] == ("/ours", "mine")


def test_a_single_value_of_the_request_replaces_that_of_the_settings() -> None:
    settings = Settings(options={"exclude_newer": "2026-01-01", "max_seconds": 30.0, "extras": ("dev",)})
    asked = completed(Request(inputs=("a",), exclude_newer="2026-02-02", extras=("docs",)), settings)
    assert (asked["exclude_newer"], asked["max_seconds"], asked["extras"]) == ("2026-02-02", 30.0, ("docs",))


@pytest.mark.parametrize(("given", "expected"), [(None, True), (False, False), (True, True)])
def test_no_pre_releases_on_the_command_line_is_a_word_of_its_own(given: bool | None, expected: bool) -> None:
    assert completed(Request(inputs=("a",), pre=given), Settings(options={"pre": True}))["pre"] is expected


def test_zero_is_a_value() -> None:
    request = Request(inputs=("a",), repairs=0, repair_seconds=0.0)
    asked = completed(request, Settings(options={"repairs": 5, "repair_seconds": 7.0}))
    assert (asked["repairs"], asked["repair_seconds"]) == (0, 0.0)


def test_without_settings_it_is_as_it_was_asked() -> None:
    request = Request(inputs=("a",), python="3.12", sources=("a=https://index.example/simple/",))
    assert completed(request, Settings()) == request.options


@pytest.mark.parametrize("name", [name for name in RequestOptions.__annotations__ if name in OPTIONS])
def test_empty_value_of_any_option_that_takes_text_is_refused_by_its_flag(name: str) -> None:
    option = OPTIONS[name]
    if option.is_switch or option.type in (int, float) or option.choices:
        return
    request = Request(inputs=("a",)).changed(**{name: ("",) if option.repeats else ""})  # type: ignore[arg-type]
    with pytest.raises(UsageProblem, match=f"^{option.flag} is empty$"):
        refuse_empty(request)
