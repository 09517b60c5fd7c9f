"""The edits there are, one module for each kind, behind the interface in :mod:`change`; none of them decides when it is tried.

To add a kind: name it in ``model/repair.EditKind``, write its module with a frozen class that follows ``Change``, and let
``repair/remedies.py`` offer it for the blockers that it can help.
"""

from wheelcheck.repair.edits.change import Change, State, VersionChange
from wheelcheck.repair.edits.constrain import Constrained
from wheelcheck.repair.edits.date import AsOf
from wheelcheck.repair.edits.exclude import Excluded
from wheelcheck.repair.edits.extra import WithoutExtras
from wheelcheck.repair.edits.index import FromIndex
from wheelcheck.repair.edits.override import Overridden
from wheelcheck.repair.edits.pin import Repinned
from wheelcheck.repair.edits.platform import OnPlatform
from wheelcheck.repair.edits.python import OnPython
from wheelcheck.repair.edits.substitute import Substituted

__all__ = [
    "AsOf",
    "Change",
    "Constrained",
    "Excluded",
    "FromIndex",
    "OnPlatform",
    "OnPython",
    "Overridden",
    "Repinned",
    "State",
    "Substituted",
    "VersionChange",
    "WithoutExtras",
]
