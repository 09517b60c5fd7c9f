"""Renders a plan for other tools, one module for each format; writes no file and resolves nothing."""
