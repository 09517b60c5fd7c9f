"""Resolution or Conflict → findings, worst first; resolves nothing and repairs nothing.

``diagnose(Diagnosis(…))`` runs every rule of :data:`RULES` over one outcome. A rule is a function from the diagnosis to
findings; to add one, write it in the module of its subject and name it in the table.
"""
