"""The knowledge room: TOML data that people extend by pull request, and the loader of each file; decides nothing."""

from typing import TYPE_CHECKING

from wheelcheck.doors import opening

if TYPE_CHECKING:
    from wheelcheck.knowledge.advice import load_advice
    from wheelcheck.knowledge.compatibility import parse_repair_knowledge
    from wheelcheck.knowledge.loading import load_repair_knowledge
    from wheelcheck.knowledge.native import load_native, parse_native

__all__ = ["load_advice", "load_native", "load_repair_knowledge", "parse_native", "parse_repair_knowledge"]

__getattr__ = opening(
    __name__,
    {
        "advice": ("load_advice",),
        "compatibility": ("parse_repair_knowledge",),
        "loading": ("load_repair_knowledge",),
        "native": ("load_native", "parse_native"),
    },
)
