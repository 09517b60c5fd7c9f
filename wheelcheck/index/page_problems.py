"""What both page formats share: versions, project states, and the one way of being unreadable."""

from __future__ import annotations

from typing import Literal

State = Literal["active", "archived", "deprecated", "quarantined"]
_STATES: dict[str, State] = {
    "active": "active",
    "archived": "archived",
    "deprecated": "deprecated",
    "quarantined": "quarantined",
}


class PageUnreadable(Exception):
    """A page that is no project page; the text says why. Never leaves the room: the fetcher adds the URL."""


def reject_version(version: str | None) -> None:
    """Raise ``PageUnreadable`` for a repository version above 1.x (PEP 629); a missing one is 1.0."""
    if version and version.partition(".")[0].strip() not in ("0", "1"):
        raise PageUnreadable(f"has repository version {version}, only 1.x is understood")


def known_state(word: str) -> State:
    """PEP 792's status; a word that it does not know means nothing and counts as active."""
    return _STATES.get(word.strip().lower(), "active")
