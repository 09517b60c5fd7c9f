"""Answers questions in a child process, which may crash, hang or eat memory without harm to the worker that asks it.

``Question → packed Answer | reason`` in the child, ``Question → packed … | Died`` for whoever has a :class:`Child`. The child is
``python -m wheelcheck.survey.answering``: it reads packed questions from its standard input and writes packed answers, each with
its length before it, and keeps one store of pages for many questions. It ends when its input does. What lies packed in a question
is unpacked in the child alone, so that it can harm nobody else.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import struct
import subprocess
import sys
import threading
from typing import IO, Any, Self

import msgspec
from msgspec import Struct

from wheelcheck.api.edges import Stores
from wheelcheck.api.matrix import answer_grid
from wheelcheck.api.preparing import Prepared
from wheelcheck.api.targets import LoadedTargets
from wheelcheck.errors import WheelcheckError
from wheelcheck.ports import SilentReporter
from wheelcheck.survey.questions import Question
from wheelcheck.survey.tables import Answer, answer_rows

_LENGTH = struct.Struct(">Q")
_MESSAGE = msgspec.msgpack.Decoder(tuple[int, Question])
_ANSWER: msgspec.msgpack.Decoder[Answer | str] = msgspec.msgpack.Decoder(Answer | str)
_QUESTIONS_A_STORE = 200
"""After so many questions the child forgets the pages that it holds in memory; they are in the cache on disk."""


class Limits(Struct, frozen=True, kw_only=True):
    """What one question may cost: *seconds* on the clock and *bytes* of memory; *requests* is how many may be open at one host,
    of all workers together.

    *store* is the address of the replies that all workers share, empty for none.
    """  # noqa: D205 - one thought

    seconds: float = 600.0
    bytes: int = 4 << 30
    requests: int = 50
    store: str = ""


class Died(Struct, frozen=True, kw_only=True):
    """The child ended or was ended amid a question: *reason* is a sentence. Another machine may do better."""

    reason: str


class Child:
    """One child process, which answers one question after the other; it is started when it is needed."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def answer(self, question: Question, requests: int) -> bytes | Died:
        """What :func:`parse_answer` reads, or that the child died; it may have *requests* open at one host."""
        process = self._started()
        late = threading.Event()
        timer = threading.Timer(self._limits.seconds, self._end_late, (late, process))
        timer.start()
        try:
            _write(process.stdin, msgspec.msgpack.encode((requests, question)))
            found = _read(process.stdout)
        except (OSError, EOFError):
            self.close()
            if late.is_set():
                return Died(reason=f"no answer within {self._limits.seconds:.0f} s")
            return Died(reason=f"the process that answered ended with status {process.returncode}")
        finally:
            timer.cancel()
        return found

    def close(self) -> None:
        """End the child."""
        if self._process is None:
            return
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._process.kill()
        self._process.wait()
        self._process = None

    @staticmethod
    def _end_late(late: threading.Event, process: subprocess.Popen[bytes]) -> None:
        late.set()
        process.kill()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._process is None:
            words = ["-m", "wheelcheck.survey.answering", str(self._limits.bytes), self._limits.store]
            self._process = subprocess.Popen([sys.executable, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self._process


def parse_answer(content: bytes) -> Answer | str:
    """The answer of a child, or the sentence that says why there is none."""
    return _ANSWER.decode(content)


def _write(stream: IO[bytes] | None, content: bytes) -> None:
    if stream is None:
        raise EOFError
    stream.write(_LENGTH.pack(len(content)) + content)
    stream.flush()


def _read(stream: IO[bytes] | None) -> bytes:
    head = stream.read(_LENGTH.size) if stream is not None else b""
    if len(head) < _LENGTH.size:
        raise EOFError
    return stream.read(_LENGTH.unpack(head)[0]) if stream is not None else b""


def main(most_bytes: int, store: str) -> None:
    """Answer what comes on standard input until it ends, with at most *most_bytes* of memory."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
    # Whatever prints must not get between the answers.
    answers, sys.stdout = sys.stdout.buffer, sys.stderr
    questions: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(questions,), daemon=True).start()
    unpacked = _Unpacked()
    while True:
        with Stores(SilentReporter()) as stores:
            for _ in range(_QUESTIONS_A_STORE):
                requests, question = _MESSAGE.decode(questions.get())
                _write(answers, _packed(_answered(question, unpacked, stores, requests, store)))


def _packed(found: Answer | str) -> bytes:
    try:
        return msgspec.msgpack.encode(found)
    except UnicodeEncodeError:  # half characters, which names of files have where they are no UTF-8, as their escapes
        return msgspec.msgpack.encode(_escaped(msgspec.to_builtins(found)))


def _escaped(value: Any) -> Any:  # noqa: ANN401 - a tree of plain values
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {name: _escaped(each) for name, each in value.items()}
    return list(map(_escaped, value)) if isinstance(value, list | tuple) else value


class _Unpacked:
    """Unpacks questions; targets, which many share, once."""

    def __init__(self) -> None:
        self._packed = b""
        self._targets: Any = None

    def prepared(self, question: Question) -> Prepared:
        """What is asked."""
        found: Prepared = pickle.loads(question.prepared)  # noqa: S301 - packed by the client of this survey
        return found

    def targets(self, question: Question) -> LoadedTargets:
        """On which targets."""
        if question.targets != self._packed:
            self._packed, self._targets = question.targets, pickle.loads(question.targets)  # noqa: S301 - as above
        found: LoadedTargets = self._targets
        return found


def _receive(questions: queue.SimpleQueue[bytes]) -> None:
    """Put what comes on standard input into *questions*, and leave at its end: whoever asked has gone, even amid an answer."""
    try:
        while True:
            questions.put(_read(sys.stdin.buffer))
    finally:
        os._exit(0)


def _answered(question: Question, unpacked: _Unpacked, stores: Stores, requests: int, store: str) -> Answer | str:
    """The answer, or a sentence on what kept it from being found; the next question is answered all the same."""
    from msgspec.structs import replace

    try:
        prepared, targets = unpacked.prepared(question), unpacked.targets(question)
        index = replace(prepared.index, requests_per_host=requests, shared_store=store)
        matrix = answer_grid(replace(prepared, index=index), targets, SilentReporter(), stores=stores)
        return answer_rows(question.key, matrix)
    except WheelcheckError as error:
        return str(error)
    except MemoryError:
        return "more memory was needed than one question may have"
    except Exception as error:  # a bug costs its own cells only, and is told with its place
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f" ({place.tb_frame.f_code.co_filename}:{place.tb_lineno})" if place is not None else ""
        return f"a bug in wheelcheck: {type(error).__name__}: {error}{where}"


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
