"""Tells whether an environment is what its plan says and whether it would import: files, shared libraries, imports."""
