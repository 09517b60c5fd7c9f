"""A blocked outcome → the cheapest changes that make it installable, each proved by resolving again.

``propose(Blocked, World, Limits)`` gives :class:`~wheelcheck.model.Proposals`. Inside: :mod:`blockers` reads a failed trial,
:mod:`remedies` offers the :mod:`edits` that touch a blocker, :mod:`troubles` and :mod:`turns` tell what blocks, :mod:`search` joins
edits into minimal sets, :mod:`trials` resolves each, :mod:`mending` adds what advisories ask for, :mod:`proof` compares,
:mod:`risk` weighs.
"""
