"""A blocked outcome → the cheapest changes that make it installable, each proved by resolving again.

:func:`proposing.propose` is the way in. Inside, bottom to top: :mod:`edits` are the kinds of change, :mod:`trials` resolves
a question with some of them, :mod:`blockers` reads a trial that failed, :mod:`remedies` offers the edits that can touch a
blocker, :mod:`conflict_sets` groups them, :mod:`search` joins edits into minimal sets, :mod:`advisory_fixes` adds the remedies
of advisories, :mod:`proof` compares. :mod:`risk` gives the grounds for how likely a repair is to break a running product, from
versions, dates and imports (:mod:`version_grounds`, :mod:`import_grounds`); it proposes and proves nothing.
"""
