"""Walks a parsed JSON document and knows where it is, so that every complaint has an address (RFC 6901)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, TypeVar

from msgspec import Struct

from wheelcheck.errors import InputUnreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_T = TypeVar("_T")
_KINDS = {dict: "an object", list: "an array", str: "a string", bool: "true or false", int: "a whole number"}


class Cursor(Struct, frozen=True, kw_only=True):
    """One value of the document in the file *path*, at the JSON pointer *pointer* (empty for the whole).

    Every method raises ``InputUnreadable`` naming file and pointer when the value is not of the kind asked for.
    """

    value: object
    path: str
    pointer: str = ""

    def refuse(self, message: str, *, hint: str = "") -> NoReturn:
        """Raise ``InputUnreadable``: *message* is true of this place."""
        raise InputUnreadable(f"{self.pointer or '/'} {message}", address=self.path, hint=hint)

    def _kind(self, wanted: type[_T]) -> _T:
        # bool is a kind of int for Python, not for JSON.
        if not isinstance(self.value, wanted) or (wanted is int and isinstance(self.value, bool)):
            self.refuse(f"is not {_KINDS[wanted]}")
        return self.value

    def at(self, key: str) -> Cursor:
        """The member *key* of this object, which must be there."""
        members: Mapping[str, object] = self._kind(dict)
        if key not in members:
            self.refuse(f"lacks the key {key!r}")
        return self._below(key, members[key])

    def maybe(self, key: str) -> Cursor | None:
        """The member *key* of this object; ``None`` when it is absent or null."""
        members: Mapping[str, object] = self._kind(dict)
        found = members.get(key)
        return None if found is None else self._below(key, found)

    def items(self) -> Iterator[Cursor]:
        """Each element of this array."""
        for position, element in enumerate(self._kind(list)):
            yield self._below(str(position), element)

    def members(self) -> Iterator[tuple[str, Cursor]]:
        """Each key and value of this object."""
        for key, element in self._kind(dict).items():
            yield key, self._below(key, element)

    def text(self) -> str:
        """Read a string."""
        return self._kind(str)

    def texts(self) -> tuple[str, ...]:
        """Read an array of strings."""
        return tuple(element.text() for element in self.items())

    def texts_of(self, key: str) -> tuple[str, ...]:
        """Read the array of strings *key* of this object; empty when it is absent or null."""
        found = self.maybe(key)
        return found.texts() if found is not None else ()

    def text_of(self, key: str) -> str | None:
        """Read the string *key* of this object; ``None`` when it is absent or null."""
        found = self.maybe(key)
        return found.text() if found is not None else None

    def elements_of(self, key: str) -> tuple[Cursor, ...]:
        """The elements of the array *key* of this object; none when it is absent or null."""
        found = self.maybe(key)
        return tuple(found.items()) if found is not None else ()

    def strangers(self, known: frozenset[str]) -> Iterator[tuple[str, object]]:
        """Pointer and value of each member of this object that is not among the *known* keys."""
        for key, member in self.members():
            if key not in known:
                yield member.pointer, member.value

    def number(self) -> int:
        """Read a whole number."""
        return self._kind(int)

    def truth(self) -> bool:
        """Read a boolean."""
        return self._kind(bool)

    def read(self, constructor: Callable[[str], _T], what: str) -> _T:
        """Read a string through *constructor*, whose ``ValueError`` means that it is not *what*."""
        text = self.text()
        try:
            return constructor(text)
        except ValueError:
            self.refuse(f"is not {what}: {text!r}")

    def _below(self, key: str, value: object) -> Cursor:
        escaped = key.replace("~", "~0").replace("/", "~1")
        return Cursor(value=value, path=self.path, pointer=f"{self.pointer}/{escaped}")
