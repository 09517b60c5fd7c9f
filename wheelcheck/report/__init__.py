"""Turns plans into text for people and tells them how a run goes; decides nothing, and returns text for ``cli/`` to write."""

from wheelcheck.report.findings import Detail
from wheelcheck.report.progress import ProgressReporter
from wheelcheck.report.summary import render_summary, verdict

__all__ = ["Detail", "ProgressReporter", "render_summary", "verdict"]
