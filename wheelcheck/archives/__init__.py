"""Reads wheels and source archives without running them: ``reader`` implements the port; unpacks nothing to disk.

Python code: ``modules`` says which modules an archive has and gives their sources, ``import_statements`` reads the imports of one
module with the condition under which each runs, ``import_uses`` those of a whole archive, ``definitions`` the names that modules
bind. Source archives: ``source_judging`` is the way in; it collects the ``source_facts``, finds ``static_metadata`` and applies
the rules of ``purity``. ``setup_script`` follows the statements of ``setup.py``, with ``setup_expressions`` and ``setup_values``.
"""
