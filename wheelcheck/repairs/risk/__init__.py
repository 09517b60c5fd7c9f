"""How likely a repair is to break what runs, from evidence: versions, dates, and what the code in the archives imports.

``assess(RepairCase(…))`` gives the grounds, ``risk_of(grounds)`` their worst. It proposes and proves nothing; archives are read
through the port ``Code`` and never run.
"""
