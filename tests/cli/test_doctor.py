"""``wheelcheck doctor`` on this machine, with a plan whose index answers, or does not."""

from __future__ import annotations

import json

import pytest

from tests.cli.bundles import catalog, write_plan
from tests.cli.programs import Shell
from tests.server import IndexServer


def test_machine_alone_is_told_without_a_plan(shell: Shell) -> None:
    outcome = shell.run("doctor", "--at", "not/made/yet")
    assert outcome.status == 0, outcome.out
    assert "Fit to build" in outcome.out
    rows = json.loads(shell.run("doctor", "--at", "not/made/yet", "--format", "json").out)["checks"]
    assert str(shell.folder / "not/made/yet") in [row["fact"] for row in rows]


def test_hosts_of_the_plan_are_asked_and_their_clock_is_read(shell: Shell) -> None:
    with IndexServer(catalog()) as server:
        shell.write("plan.json", shell.plan("app", index=server.simple_url).out)
        there = shell.run("doctor", "plan.json", "--format", "json")
    document = json.loads(there.out)
    rows = {row["subject"]: row for row in document["checks"]}
    host = server.base_url.removeprefix("http://")
    assert rows[f"host: {host}"]["fact"] == "answers"
    assert rows["clock"]["fitness"] == "good"
    assert document["fit"] is (there.status == 0) is True
    gone = shell.run("doctor", "plan.json")
    assert gone.status == 1
    assert "Not fit: 1 error" in gone.out


def test_variables_that_builders_heed_are_told(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    write_plan(shell)
    monkeypatch.setenv("PYTHONHOME", "/elsewhere")
    outcome = shell.run("doctor", "plan.json", "--offline", "--builder", "nsis")
    assert "unset PYTHONHOME" in outcome.out
    assert "tool: makensis" in outcome.out


def test_builder_that_is_not_known_is_refused(shell: Shell) -> None:
    assert "one of bundle, nsis" in shell.run("doctor", "--builder", "make").refused(2)
