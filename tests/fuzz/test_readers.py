"""A bounded number of hostile inputs for every reader of foreign bytes; `python -m tests.fuzz --minutes N` makes more."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.kinds import kind_of, names
from tests.fuzz.mutations import HOWS, TOKENS, Change, changed
from tests.fuzz.seeds import seeds
from wheelcheck.errors import WheelcheckError

if sys.platform == "win32":
    pytest.skip("limits for child processes are POSIX", allow_module_level=True)

from tests.fuzz.children import ended, read, read_and_run, scratch

_CORPUS = sorted(Path(__file__).with_name("corpus").iterdir())
_CHANGE = st.builds(
    lambda how, at, size, content: Change(how, at, size, content),
    st.sampled_from(HOWS),
    st.floats(0, 1),
    st.sampled_from((1, 8, 40, 300)),
    st.sampled_from(TOKENS) | st.binary(max_size=8),
)


@pytest.mark.parametrize("name", names())
def test_changed_bytes_end_in_an_answer_or_a_refusal(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    kind = kind_of(name)
    assert kind is not None

    @settings(max_examples=12, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(seeds(name)), st.lists(_CHANGE, max_size=4))
    def law(content: bytes, changes: list[Change]) -> None:
        with contextlib.suppress(WheelcheckError):
            read(kind, changed(content, changes), folder)

    with scratch() as folder:
        law()


@pytest.mark.parametrize("path", _CORPUS, ids=lambda path: path.name)
def test_input_that_once_failed_ends_as_documented(path: Path) -> None:
    kind = kind_of(path.name.rpartition(".")[0])
    assert kind is not None
    ending = ended(lambda: read_and_run(kind, path.read_bytes()))
    assert ending.fault == "", ending.text


@pytest.mark.parametrize(
    ("work", "fault"),
    [
        (lambda: None, ""),
        (lambda: 1 // 0, "traceback"),
        (lambda: sum(1 for _ in iter(int, 1)), "hang"),
        (lambda: bytearray(2 * 1024**3), "memory"),
        (lambda: os._exit(7), "died"),
    ],
)
def test_how_work_in_a_child_ends_is_told(work: object, fault: str) -> None:
    assert ended(work, seconds=0.5).fault == fault  # type: ignore[arg-type]
