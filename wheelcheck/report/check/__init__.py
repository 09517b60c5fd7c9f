"""The answer of ``check``, one module for each format."""
