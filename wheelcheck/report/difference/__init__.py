"""The answer of ``diff``, one module for each format."""
