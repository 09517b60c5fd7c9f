"""Renders what changed between two answers, one module for each format; compares nothing and writes no file."""
