"""Requirements and a target → :class:`Resolution` or :class:`Conflict`; requirements the world only through ``ports.Projects``.

``resolve(…)`` runs the two passes of the design: the natural one, which picks what an installer would pick, and, where the policy
forbids a file so picked, the wheel-aware one. Inside, :mod:`source` knows what can be had, :mod:`provider` speaks resolvelib's
language, :mod:`lookahead` starts requests early and decides nothing, :mod:`explain` tells why there is no
answer, :mod:`replay` resolves once for targets that the data cannot tell apart.
"""
