"""Renders answers as text, Markdown, JSON and the formats of CI services, and shows progress; the command line writes them."""
