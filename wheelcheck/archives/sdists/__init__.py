"""Source trees: dependencies that they state without being built, and whether a build compiles anything."""
