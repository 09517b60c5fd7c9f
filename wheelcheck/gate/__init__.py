"""Findings → verdicts: what fails, what is allowed, what was there before; finds nothing itself."""
