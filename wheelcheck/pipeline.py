"""Composes the stages: the library's front door, and what the command line calls."""
