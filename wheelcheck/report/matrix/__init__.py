"""Renders the grid of platforms and Pythons, one module for each format; judges nothing and writes no file."""

from __future__ import annotations

from wheelcheck.report.matrix.json_document import MATRIX_SCHEMA, load_matrix_schema, render_json
from wheelcheck.report.matrix.markdown import render_markdown
from wheelcheck.report.matrix.text import render_text

__all__ = ["MATRIX_SCHEMA", "load_matrix_schema", "render_json", "render_markdown", "render_text"]
