"""The answer of ``matrix``, one module for each format."""
