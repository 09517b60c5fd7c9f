"""Starts the program many times for the price of one import: ``(words, folder) → Run``, forked from a process that has loaded it.

The process is forked before this one has threads, loads what the commands load, and forks again for every run. What a run does
from its first line on is the program's own; what is left out is the start of the interpreter and the imports.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any


class Run:
    """A run that was started: its process, and its status when it has ended."""

    def __init__(self, pid: int, channel: socket.socket) -> None:
        self._pid = pid
        self._channel = channel

    def end_by(self, number: signal.Signals) -> None:
        """Send it a signal; what has ended is not there to get one."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, number)

    def status(self) -> int:
        """Wait for its end; negative is the signal that ended it."""
        return int(_received(self._channel)["status"])


class Starter:
    """Holds the process that has loaded the modules *names*."""

    def __init__(self, names: Sequence[str]) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._pid = os.fork()
        if not self._pid:
            self._channel.close()
            with suppress(KeyboardInterrupt, BrokenPipeError):  # it ends with the one that asks
                _serve(theirs, names)
            os._exit(0)
        theirs.close()
        _received(self._channel)

    def start(self, words: Sequence[str], log: Path) -> Run:
        """Start the program with *words*; both its streams go to *log*."""
        self._channel.send(json.dumps({"words": list(words), "log": str(log)}).encode())
        return Run(int(_received(self._channel)["pid"]), self._channel)

    def close(self) -> None:
        """End the process."""
        self._channel.close()
        os.waitpid(self._pid, 0)


def modules_of(words: Sequence[str], root: Path) -> list[str]:
    """The modules that a run of the program with *words* loads, in their order."""
    command = [sys.executable, "-X", "importtime", "-m", "wheelcheck", *words]
    told = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stderr
    return re.findall(r"^import time:.*\|\s+([\w.]+)$", told, re.MULTILINE)


def _received(channel: socket.socket) -> dict[str, Any]:
    told = channel.recv(1 << 16)
    if not told:
        raise EOFError("the process that starts the runs has ended")
    return dict(json.loads(told))


def _serve(channel: socket.socket, names: Sequence[str]) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in names:
        with suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()
    channel.send(b"{}")
    while told := channel.recv(1 << 16):
        asked = json.loads(told)
        child = os.fork()
        if not child:
            channel.close()
            _run(asked["words"], asked["log"])
        channel.send(json.dumps({"pid": child}).encode())
        _, code = os.waitpid(child, 0)
        channel.send(json.dumps({"status": os.waitstatus_to_exitcode(code)}).encode())


def _run(words: list[str], log: str) -> None:
    os.setpgid(0, 0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.argv = ["wheelcheck", *words]
    try:
        importlib.import_module("wheelcheck.__main__").main()  # it leaves the process
    finally:
        os._exit(70)
