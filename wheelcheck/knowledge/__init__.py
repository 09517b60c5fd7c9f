"""The knowledge room: TOML data that people extend by pull request, and the loader of each file; decides nothing."""

from wheelcheck.knowledge.native import load_native, parse_native

__all__ = ["load_native", "parse_native"]
