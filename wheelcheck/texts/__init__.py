"""The text of a file with its place: read, decoded, parsed as TOML or YAML with lines; the members of an archive.

Knows no requirement, lock or target.
"""
