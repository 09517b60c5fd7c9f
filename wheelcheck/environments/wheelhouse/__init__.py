"""Keeps the wheels of a plan in one folder: fetched, checked, and built once where they come as pure source; resolves nothing."""
