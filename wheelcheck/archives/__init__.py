"""Reads wheels and source archives without running them: ``reader`` implements the port; unpacks nothing to disk."""
