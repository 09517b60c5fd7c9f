"""Tests of the gate: verdicts, allowances, the baseline."""
