"""Hostile bytes for every reader of what others wrote; nothing here may end but in an answer or a refusal.

``kinds.py`` knows the readers by kind, ``mutations.py`` makes inputs of them, ``children.py`` runs them within limits.
``python -m tests.fuzz`` replays a folder, or goes on for minutes; ``corpus/`` holds small inputs that once failed, by ``KIND.N``.
"""
