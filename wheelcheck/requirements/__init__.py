"""Text → requirements with their origins, constraints and index options; one module per format, nothing is resolved or run."""
