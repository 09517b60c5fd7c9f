"""Resolution or Conflict → findings, worst first, and their verdicts for the gate; resolves nothing and repairs nothing.

:func:`rules.diagnose` runs every rule of :data:`rules.RULES` over one outcome: a rule is a function from the diagnosis to findings,
in the module of its subject. :func:`verdicts.judge` gives findings their verdicts, :func:`verdicts.compare` compares two judged
answers, and :mod:`baseline` keeps the fingerprints of known findings. :mod:`why` and :mod:`versions` answer the commands of these
names.
"""
