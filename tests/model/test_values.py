"""Values do not change once they are made, and say by name what each of their parts is."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

import pytest
from msgspec import Struct

# The state of a search, of a host or of an archive that is fetched in parts, which changes with it.
CHANGING = {"_Level", "_Saved", "FileHost", "OpenArchive"}
# Made thousands of times in a loop, or of two parts alone.
BY_PLACE = {
    *("_Placed", "_Limit", "_Node", "_RemoteIndex"),
    *("FileEntry", "PackedVersion", "PackedPage", "Listing", "Layer", "Subject", "PageAnswer"),
    *("Validity", "CachedAnswer"),
}


def values(room: str) -> Iterator[type[Struct]]:
    """The values that the modules of *room* define."""
    package = import_module(f"wheelcheck.{room}")
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        module = import_module(found.name)
        yield from (
            each
            for each in vars(module).values()
            if isinstance(each, type) and issubclass(each, Struct) and each.__module__ == module.__name__
        )


@pytest.mark.parametrize("room", ["resolver", "findings", "index", "repairs"])
def test_value_is_frozen_and_made_by_names(room: str) -> None:
    found = list(values(room))
    assert found
    for value in found:
        assert value.__struct_config__.frozen is (value.__name__ not in CHANGING), value
        if value.__name__ in CHANGING | BY_PLACE:
            value(*[None] * len(value.__struct_fields__))
        else:
            with pytest.raises(TypeError, match="Extra positional arguments"):
                value(None)
