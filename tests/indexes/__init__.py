"""Projects on several indexes: what wheelcheck, pip and uv make of each situation."""
