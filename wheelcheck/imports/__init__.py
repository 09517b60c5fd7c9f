"""Will it import? Reads what the modules of a resolution ask of each other and of Python at import time, and runs nothing.

``Resolution → suspects → ImportTime of each → Findings``. Only what is proved is told: a failing statement that always runs.
"""
