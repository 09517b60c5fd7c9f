"""Reads the output of a failed installer: text → what failed, why, and on which target; resolves nothing."""
