"""Shared libraries: what each needs of others, and whether the environment and the target system have it; loads none."""
