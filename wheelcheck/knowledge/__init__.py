"""The knowledge room: TOML data that people extend by pull request, and the loader of each file; decides nothing."""

from wheelcheck.knowledge.compatibility import parse_repair_knowledge
from wheelcheck.knowledge.loading import load_repair_knowledge
from wheelcheck.knowledge.native import load_native, parse_native

__all__ = ["load_native", "load_repair_knowledge", "parse_native", "parse_repair_knowledge"]
