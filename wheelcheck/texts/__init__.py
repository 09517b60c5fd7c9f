"""The text of a file with its place: read, decoded, parsed as TOML, YAML or a setup script, with lines; archives; words that list.

Knows no requirement, lock or target.
"""
