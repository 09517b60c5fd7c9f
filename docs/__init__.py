"""The documentation: pages, what fills them (`transcripts.py`), and what the site needs (`site_hooks.py`)."""
