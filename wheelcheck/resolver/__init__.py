"""A question on a target → ``Resolution`` or ``Conflict``; asks the rest of the world only through ``ports.Projects``.

``passes.resolve`` runs the two passes of the design: the natural one, which picks what an installer would pick, and, where the
policy forbids a file so picked, the wheel-aware one. ``candidate_source`` knows which candidates there are, ``candidate_selector``
which may be chosen, ``provider`` answers resolvelib's questions, ``search`` asks them, ``prefetch`` starts requests early and
decides nothing, ``outcome`` tells why there is no answer, ``resolution_cache`` resolves once for targets that the data cannot tell
apart.
"""
