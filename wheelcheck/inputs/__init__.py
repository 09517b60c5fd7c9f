"""Text → requirements with their origins, constraints and index options; one module per format, nothing is resolved or run."""

from wheelcheck.inputs.parsing import parse, parse_overrides, parse_requirement

__all__ = ["parse", "parse_overrides", "parse_requirement"]
