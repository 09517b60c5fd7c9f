"""Targets where other files already name them: one module a source, text in, words for ``compat`` out; makes no target."""
