"""Target words → :class:`~wheelcheck.model.Target`, and a distribution on a target → fit or refusal.

``parse_target("win_amd64", "3.11")`` makes a target; ``Compatibility(target)`` judges files, markers and Python bounds for it;
``ProjectView`` is a project's page as that target sees it.
Nothing here looks at the running interpreter except :func:`host_target`.
"""
