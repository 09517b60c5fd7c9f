"""Requirements and a target → :class:`Resolution` or :class:`Conflict`; asks the world only through ``ports.Projects``.

``resolve(…)`` runs the two passes of the design: the natural one, which picks what an installer would pick, and, where the policy
forbids a file so picked, the wheel-aware one. Inside, :mod:`supply` knows what can be had, :mod:`provider` speaks resolvelib's
language, :mod:`lookahead` starts requests early and decides nothing, :mod:`explain` tells why there is no
answer, :mod:`replay` resolves once for targets that the data cannot tell apart.
"""

from typing import TYPE_CHECKING

from wheelcheck.doors import opening

if TYPE_CHECKING:
    from wheelcheck.resolve.locked import taken
    from wheelcheck.resolve.passes import Budget, Question, resolve
    from wheelcheck.resolve.replay import Replays

__all__ = ["Budget", "Question", "Replays", "resolve", "taken"]

if not TYPE_CHECKING:  # a checker that sees it would take every misspelt name for an object
    __getattr__ = opening(
        __name__, {"locked": ("taken",), "passes": ("Budget", "Question", "resolve"), "replay": ("Replays",)}
    )
