"""Many inputs, or projects of an index, on many targets: the work is spread by Dask, and the answers are Parquet tables.

``SOURCE words → SurveyInputs → Questions (equal ones are one) → answers from workers → parts → tables → summary``.
"""
