"""The text of a file with its place: read, decoded, parsed as TOML, YAML or a setup script, with lines; the members of an archive.

Knows no requirement, lock or target.
"""
