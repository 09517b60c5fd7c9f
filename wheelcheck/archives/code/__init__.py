"""Python code in archives, read without running it.

``files`` gives the Python files of a wheel or source archive and ``modules`` says which modules they are; ``import_statements``
reads the imports of one module with the condition under which each runs, ``import_uses`` those of a whole archive that concern
given names, and ``definitions`` the names that modules bind.
"""
