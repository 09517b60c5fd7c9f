"""Fills a wheelhouse, makes the environment that ships, and verifies one; resolves nothing."""
