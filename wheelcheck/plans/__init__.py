"""Turns a resolution and its findings into the plan that a builder executes, and the plan into JSON and back.

It chooses nothing: versions come from ``resolve/``, judgements from ``diagnose/``. It opens no file.
"""
