"""The table of options is whole: every row can be said, is read from the settings, and is what each command shows."""

from __future__ import annotations

import click
import pytest

from wheelcheck.cli.main import CommandTable
from wheelcheck.model.plan import Options
from wheelcheck.options import KEYS, OPTIONS, CheckOptions, RequestOptions
from wheelcheck.settings.loading import Settings

COMMANDS = sorted({command for option in OPTIONS.values() for command in (*option.commands, *option.own)})


@pytest.mark.parametrize("command", COMMANDS)
def test_command_takes_exactly_the_options_that_name_it(command: str) -> None:
    known = {flag for option in OPTIONS.values() for flag in option.flags}
    shown = {
        flag
        for parameter in CommandTable()[command].params
        if isinstance(parameter, click.Option)
        for flag in (*parameter.opts, *parameter.secondary_opts)
        if parameter.name in OPTIONS and flag in known
    }
    named = [option for option in OPTIONS.values() if command in option.commands or command in option.own]
    assert shown == {flag for option in named for flag in option.flags}


def test_no_two_options_of_a_command_have_one_name() -> None:
    for command in COMMANDS:
        names = [parameter.name for parameter in CommandTable()[command].params]
        assert len(names) == len(set(names)), command


def test_every_option_has_words_or_a_key() -> None:
    for option in OPTIONS.values():
        assert option.flags or option.key is not None, option.name
        assert option.help or option.own or not option.flags, option.name


def test_every_key_is_a_value_of_the_settings() -> None:
    said = {option.name for option in OPTIONS.values() if option.key is not None}
    assert said <= RequestOptions.__annotations__.keys() | Settings.__annotations__.keys()
    assert list(KEYS) == list(dict.fromkeys(KEYS))


def test_arguments_of_the_library_are_rows_of_the_table() -> None:
    beside = {"folder", "environ", "today"}
    named = RequestOptions.__annotations__.keys() | CheckOptions.__annotations__.keys()
    assert named - beside <= OPTIONS.keys()


def test_every_recorded_option_is_kept_in_plans() -> None:
    recorded = {option.name for option in OPTIONS.values() if option.recorded}
    assert recorded <= set(Options.__struct_fields__)
