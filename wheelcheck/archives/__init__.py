"""The archives room."""
