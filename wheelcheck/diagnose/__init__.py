"""Resolution or Conflict → findings, worst first; resolves nothing and repairs nothing.

``diagnose(Diagnosis(…))`` runs every rule of :data:`RULES` over one outcome. A rule is a function from the diagnosis to
findings; to add one, write it in the module of its subject and name it in the table.
"""

from wheelcheck.diagnose.compatibility import Met, compatibility_met
from wheelcheck.diagnose.context import Diagnosis
from wheelcheck.diagnose.locked import find_disagreements, silent_lock
from wheelcheck.diagnose.objections import objections
from wheelcheck.diagnose.rules import RULES, diagnose

__all__ = [
    "RULES",
    "Diagnosis",
    "Met",
    "compatibility_met",
    "diagnose",
    "find_disagreements",
    "objections",
    "silent_lock",
]
