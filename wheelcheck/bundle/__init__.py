"""Puts a runtime and wheels together into the environment that ships, for any target on any host; runs and fetches nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelcheck.doors import opening

if TYPE_CHECKING:
    from wheelcheck.bundle.archiving import FORMATS, source_date_epoch
    from wheelcheck.bundle.assembling import assemble
    from wheelcheck.bundle.layering import layers
    from wheelcheck.bundle.members import LONGEST_PATH, PREFIX_LENGTH, room_above
    from wheelcheck.bundle.runtimes import RuntimeSource, plain_source, recognise_runtime, refuse_mismatch
    from wheelcheck.bundle.staging import Staging, refuse_existing, refuse_stranger, staged
    from wheelcheck.bundle.stripping import KINDS, strip, strippable
    from wheelcheck.bundle.sums import SUMS, render_sums, sha256_of
    from wheelcheck.bundle.weighing import parse_budget, weigh

__all__ = [
    "FORMATS",
    "KINDS",
    "LONGEST_PATH",
    "PREFIX_LENGTH",
    "SUMS",
    "RuntimeSource",
    "Staging",
    "assemble",
    "layers",
    "parse_budget",
    "plain_source",
    "recognise_runtime",
    "refuse_existing",
    "refuse_mismatch",
    "refuse_stranger",
    "render_sums",
    "room_above",
    "sha256_of",
    "source_date_epoch",
    "staged",
    "strip",
    "strippable",
    "weigh",
]

_PLACES = {
    "archiving": ("FORMATS", "source_date_epoch"),
    "assembling": ("assemble",),
    "layering": ("layers",),
    "members": ("LONGEST_PATH", "PREFIX_LENGTH", "room_above"),
    "runtimes": ("RuntimeSource", "plain_source", "recognise_runtime", "refuse_mismatch"),
    "staging": ("Staging", "refuse_existing", "refuse_stranger", "staged"),
    "stripping": ("KINDS", "strip", "strippable"),
    "sums": ("SUMS", "render_sums", "sha256_of"),
    "weighing": ("parse_budget", "weigh"),
}

if not TYPE_CHECKING:  # a checker that sees it would take every misspelt name for an object
    __getattr__ = opening(__name__, _PLACES)
