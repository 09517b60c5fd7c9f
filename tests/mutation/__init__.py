"""Mutation testing: ``python -m tests.mutation`` changes one thing of a room at a time and sees whether a test fails.

``mutants.py`` draws the changes, ``trying.py`` runs the tests that cover them, ``report.py`` tells what came of it.
"""
