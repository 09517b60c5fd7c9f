"""The commands of the library, which the command line calls too; ``why`` stands beside ``plan``, ``wheels`` beside ``matrix``.

``Request → parse → resolve → diagnose → propose → plan``. Each stage is one function of its room. :mod:`request` is the question as
a caller puts it, :mod:`preparing` understands it, :mod:`edges` opens index, archives and knowledge for the core, :mod:`answering`
joins the stages on one target. Nothing is decided about packages here.
"""
