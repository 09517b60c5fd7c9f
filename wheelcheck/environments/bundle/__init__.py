"""Puts a runtime and wheels together into the environment that ships, for any target on any host; runs and fetches nothing."""
