"""What can go wrong so badly that there is no answer; imports nothing of ours.

A conflict, a refusal or a skipped file is a *value* elsewhere. An exception from here means that the question
itself could not be understood (:class:`UsageProblem`, :class:`InputUnreadable`), or that the world failed
(:class:`IndexUnavailable`, :class:`HashMismatch`, …). Only ``cli/`` turns them into words and exit statuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class WheelcheckError(Exception):
    """The one base: *message* states the fact, *address* where it is, *hint* what to do next.

    ``address`` is a ``file:line``, a URL without credentials or a project name; empty when the message has it all.
    """

    exit_status = 2

    def __init__(self, message: str, *, address: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.address = address
        self.hint = hint

    @property
    def with_hint(self) -> str:
        """The whole message with the hint behind it, for a report that goes on."""
        return f"{self} ({self.hint})" if self.hint else str(self)

    def __str__(self) -> str:
        return f"{self.address}: {self.message}" if self.address else self.message


class UsageProblem(WheelcheckError):
    """An option or a target word that means nothing."""


class InputUnreadable(WheelcheckError):
    """A requirements input that is missing, unreadable or malformed; ``address`` is ``path`` or ``path:line``.

    ``further`` are the other places of the same run that cannot be read, in their order.
    """

    further: tuple[InputUnreadable, ...] = ()

    def __str__(self) -> str:
        return "\n".join((super().__str__(), *map(str, self.further)))


class FolderWithoutInput(InputUnreadable):
    """A folder that lists no dependencies."""


class SettingsInvalid(WheelcheckError):
    """A settings file with an unknown key or a value of the wrong kind."""


class IndexUnavailable(WheelcheckError):
    """An index or file host did not answer, or answered with nonsense; ``address`` is the URL, never with secrets."""

    exit_status = 3


class IndexRefused(IndexUnavailable):
    """An index answered with a *status* that is neither a page nor an absence."""

    def __init__(self, message: str, status: int, *, address: str, hint: str = "") -> None:
        super().__init__(message, address=address, hint=hint)
        self.status = status


class OfflineMiss(IndexUnavailable):
    """``--offline`` was asked for, and the cache does not hold what the run needs."""


class HashMismatch(IndexUnavailable):
    """Bytes that came do not have the hash that the index announced."""


class DiskFailure(WheelcheckError):
    """The result or the cache could not be written."""

    exit_status = 3


class ArchiveRefused(WheelcheckError):
    """An archive broke a limit or tried to escape: traversal, links, bombs, endless streams, no such member."""

    exit_status = 3


class MetadataMalformed(WheelcheckError):
    """Core metadata that cannot be read, or that speaks of another project or version than its file name."""

    exit_status = 3


class BudgetSpent(WheelcheckError):
    """The run reached its time or round budget before it had an answer (never a proof of impossibility)."""

    exit_status = 4


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Note on an error that nobody foresaw (PEP 678) that it came while *what* was being read: a file, a URL or a project."""
    try:
        yield
    except Exception as error:
        note_reading(error, what)
        raise


def note_reading(error: BaseException, what: str) -> None:
    """Note on *error* what was being read; the first note stays, because it is the nearest to the cause."""
    if not isinstance(error, WheelcheckError | OSError) and not getattr(error, "__notes__", ()):
        error.add_note(f"while reading {what}")


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "", *, most: int = 1, cutoff: float = 0.6) -> str:
    """A hint with up to *most* of the *known* words that *word* was likely meant to be; *otherwise* where none is near."""
    from difflib import get_close_matches  # only for a mistake

    near = get_close_matches(word, list(known), n=most, cutoff=cutoff)
    return f"did you mean {' or '.join(near)}?" if near else otherwise
