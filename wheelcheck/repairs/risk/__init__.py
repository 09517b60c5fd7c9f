"""How likely a repair is to break a running product, from evidence: versions, dates, and the imports in the archives' code.

``assess(RepairCase(…))`` gives the grounds, ``risk_of(grounds)`` their worst. It proposes and proves nothing; archives are read
through the port ``Code`` and never run.
"""
