"""Python code in archives: which modules, what they import and what they define, read without running it."""
