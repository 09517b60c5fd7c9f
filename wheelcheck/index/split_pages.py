"""A page whose links were told apart and not read, as most are never looked at; knows no format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from wheelcheck.index.page_problems import State

U = TypeVar("U", str, bytes)


class SplitPage(Struct, Generic[U], frozen=True):
    """Each link's file name and its text, in order; and the status of the page."""

    links: Sequence[tuple[str, U]]
    state: State
    state_reason: str
