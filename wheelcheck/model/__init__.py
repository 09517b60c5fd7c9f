"""The frozen vocabulary of wheelcheck; imports ``packaging`` and ``msgspec``, nothing else.

Every value is immutable, compares by content, and is made by one validated constructor. Names are
``NormalizedName`` and versions ``packaging.version.Version`` from the first parse on.
"""
