"""Tells which dependencies have no prebuilt wheel on a target, and what a builder must install."""
