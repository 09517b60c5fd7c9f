"""Composes the stages: the library's front door, and what the command line calls.

``Request → parse → resolve → diagnose → propose → plan``. Each stage is one function of its room. :mod:`request` is the question as
a caller puts it, :mod:`preparing` understands it, :mod:`edges` opens index, archives and knowledge for the core, and
:mod:`planning` joins the stages. Nothing is decided about packages here.
"""
