"""The edits there are, one module for each kind, behind the interface in :mod:`change`; none of them decides when it is tried.

To add a kind: name it in ``model/repair.EditKind``, write its module with a frozen class that follows ``Change``, and let
``repair/remedies.py`` offer it for the blockers that it can help.
"""
