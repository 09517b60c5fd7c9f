"""The text of a file with its place: read, decoded, parsed as TOML or YAML with lines; knows no requirement, lock or target."""
