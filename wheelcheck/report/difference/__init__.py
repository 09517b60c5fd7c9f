"""Renders what changed between two answers, one module for each format; compares nothing and writes no file."""

from wheelcheck.report.difference.json_document import DIFF_SCHEMA, load_diff_schema, render_diff_json
from wheelcheck.report.difference.markdown import render_diff_markdown
from wheelcheck.report.difference.text import render_diff_text

__all__ = ["DIFF_SCHEMA", "load_diff_schema", "render_diff_json", "render_diff_markdown", "render_diff_text"]
