"""The knowledge room: TOML data that people extend by pull request, and the loader of each file; decides nothing."""
