"""Source trees, read without building them.

``judging`` is the way in: it collects the ``facts``, finds ``static_metadata`` and applies the rules of ``purity``. ``setup.py``
is followed by ``setup_script`` (statements), ``setup_expressions`` and ``setup_values``.
"""
