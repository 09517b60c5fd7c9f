"""What a plan says of its own use, in one word; apart from the plan, since a repair's proof says it too."""

from __future__ import annotations

from enum import Enum


class Status(Enum):
    """What the plan says of its own use; the value is the word of the schema."""

    INSTALLABLE = "installable"
    NEEDS_BUILD = "needs-build"
    BLOCKED = "blocked"
    UNDECIDED = "undecided"
