"""The answers of plan, check, matrix, diff and verify as one HTML file that needs no network: ``answer → HtmlPage → text``."""
