"""``dataclass`` as the standard library has it, made fast for frozen slotted classes. Knows no class of ours.

The standard decorator compiles six methods for each class while a module loads, 0.4 ms a class: a sixth of a short run. Here
comparing and showing values needs no compiler, and ``__init__`` is compiled for the second instance, which most classes never
have. What ``dataclasses.fields`` and its like look at is made by the standard decorator when they ask.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, ClassVar, Never, TypeVar, cast

if TYPE_CHECKING:
    from types import FunctionType

    from _typeshed import DataclassInstance

_T = TypeVar("_T")
_Method = Callable[..., object]
_OWN = frozenset({"__init__", "__eq__", "__slots__", "__setattr__", "__delattr__"})
_TAKEN = ("self", "_assign", "_left_out", "_make_", "_default_")  # by the compiled __init__


def _made_fast(cls: type[_T] | None = None, /, **options: bool) -> object:
    """The standard decorator; a class that is frozen and slotted, and asks for little else, is made faster."""
    if cls is None:
        return lambda made: _made_fast(made, **options)
    if not _can_be_made_fast(cls, options):
        return dataclasses.dataclass(**options)(cls)
    shape = _Shape(cls, kw_only=options.get("kw_only", False))
    if shape.is_unusual:
        return dataclasses.dataclass(**options)(cls)
    namespace = {name: each for name, each in cls.__dict__.items() if name not in shape.replaced}
    for method in (_first_init(shape), _showing(shape), *_comparing(shape), *_frozen(shape), _replacing()):
        method.__qualname__ = f"{cls.__qualname__}.{method.__name__}"
        namespace.setdefault(method.__name__, method)
    namespace["__slots__"] = shape.names
    namespace["__match_args__"] = tuple(name for name in shape.given if name not in shape.named)
    namespace["__qualname__"] = cls.__qualname__
    for name in _LATE:
        namespace[name] = _Late(shape, name)
    metaclass: Callable[..., type] = type(cls)
    shape.made = metaclass(cls.__name__, cls.__bases__, namespace)
    return shape.made


def _can_be_made_fast(cls: type, options: Mapping[str, bool]) -> bool:
    return (
        options.get("frozen", False)
        and options.get("slots", False)
        and options.keys() <= {"frozen", "slots", "kw_only"}
        and not dataclasses.is_dataclass(cls)
        and _OWN.isdisjoint(cls.__dict__)
        and _has_plain_fields(cls)
    )


def _has_plain_fields(cls: type) -> bool:
    known = vars(sys.modules[cls.__module__]) if cls.__module__ in sys.modules else {}
    for name, annotation in _annotations(cls).items():
        if name.startswith(_TAKEN) or not isinstance(annotation, str) or "Var" in annotation or "KW_ONLY" in annotation:
            return False
        meant = known.get(annotation.partition("[")[0])
        if meant is ClassVar or meant is dataclasses.InitVar or meant is dataclasses.KW_ONLY:
            return False  # by another name
    return True


def _annotations(cls: type) -> dict[str, object]:
    found: dict[str, object] = getattr(cls, "__annotations__", {})
    return found


class _Shape:
    """What a class declares: its fields in order, what they are when left out, and which are given by name alone."""

    def __init__(self, cls: type, *, kw_only: bool) -> None:
        annotations = _annotations(cls)
        self.names = tuple(annotations)
        self.kw_only = kw_only
        self.made: type = cls
        self.declared = {name: cls.__dict__[name] for name in self.names if name in cls.__dict__}
        self.defaults: dict[str, object] = {}
        self.factories: dict[str, Callable[[], object]] = {}
        self.named = set(self.names if kw_only else ())
        self.uncompared: set[str] = set()
        self.hidden: set[str] = set()
        self.set_later: set[str] = set()  # those that nobody may give
        self.is_unusual = False
        self.replaced = {*self.declared, "__dict__", "__weakref__"}
        for name, each in self.declared.items():
            if isinstance(each, dataclasses.Field):
                self._read(name, each)
            else:
                self.defaults[name] = each
        self.given = tuple(name for name in self.names if name not in self.set_later)
        # What the standard decorator refuses, it has the words for.
        left_out = [name in self.defaults or name in self.factories for name in self.given if name not in self.named]
        self.is_unusual |= left_out != sorted(left_out)
        self.is_unusual |= any(type(each).__hash__ is None for each in self.defaults.values())

    def _read(self, name: str, field: dataclasses.Field[object]) -> None:
        if field.default is not dataclasses.MISSING:
            self.defaults[name] = field.default
        if field.default_factory is not dataclasses.MISSING:
            self.factories[name] = field.default_factory
        if field.kw_only is True:
            self.named.add(name)
        elif field.kw_only is False:
            self.named.discard(name)
        if not field.init:
            self.set_later.add(name)
        if field.hash is not None:
            self.is_unusual = True
        if not field.compare:
            self.uncompared.add(name)
        if not field.repr:
            self.hidden.add(name)

    def standard(self, **options: bool) -> type:
        """A class of the same fields, made by the standard decorator."""
        namespace = {**self.declared, "__annotations__": _annotations(self.made), "__module__": self.made.__module__}
        plain = type(self.made.__name__, (), {**namespace, "__doc__": "Fields alone."})
        return dataclasses.dataclass(frozen=True, kw_only=self.kw_only, **options)(plain)


# The fields are asked for often, and need no method; how a class was made is asked by who inherits from it.
_LATE: Mapping[str, Mapping[str, bool]] = {
    "__dataclass_fields__": {"init": False, "repr": False, "eq": False},
    "__dataclass_params__": {"slots": True},
}


class _Late:
    """An attribute of a class that the standard decorator makes when it is first looked at."""

    def __init__(self, shape: _Shape, name: str) -> None:
        self._shape = shape
        self._name = name

    def __get__(self, _: object, cls: type | None = None) -> object:
        made: object = getattr(self._shape.standard(**_LATE[self._name]), self._name)
        setattr(self._shape.made, self._name, made)
        return made


def _showing(shape: _Shape) -> _Method:
    names = tuple(name for name in shape.names if name not in shape.hidden)

    @recursive_repr()
    def __repr__(self: object) -> str:  # noqa: N807
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return __repr__


def _comparing(shape: _Shape) -> tuple[_Method, ...]:
    names = tuple(name for name in shape.names if name not in shape.uncompared)
    # The getter answers a tuple for two names or more, and for one the value itself, which need not equal itself.
    getter: Callable[[object], object] = attrgetter(*names) if names else lambda _: ()
    key: Callable[[object], object] = (lambda each: (getter(each),)) if len(names) == 1 else getter

    def __eq__(self: object, other: object) -> bool:  # noqa: N807
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: object) -> int:  # noqa: N807
        return hash(key(self))

    return __eq__, __hash__


def _frozen(shape: _Shape) -> tuple[_Method, ...]:
    def __setattr__(self: object, name: str, value: object) -> Never:  # noqa: ARG001, N807
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self: object, name: str) -> Never:  # noqa: ARG001, N807
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    # Copies are made without __init__, and may not assign either.
    def __getstate__(self: object) -> list[object]:  # noqa: N807
        return [getattr(self, name) for name in shape.names]

    def __setstate__(self: object, state: list[object]) -> None:  # noqa: N807
        for name, value in zip(shape.names, state, strict=True):
            object.__setattr__(self, name, value)

    return __setattr__, __delattr__, __getstate__, __setstate__


def _replacing() -> _Method:
    def __replace__(self: object, /, **changes: object) -> object:  # noqa: N807 - copy.replace of Python 3.13 asks for it
        return dataclasses.replace(cast("DataclassInstance", self), **changes)

    return __replace__


def _first_init(shape: _Shape) -> _Method:
    is_first = True
    needed = sum(
        name not in shape.set_later or name in shape.defaults or name in shape.factories for name in shape.names
    )

    def __init__(self: object, *values: object, **named: object) -> None:  # noqa: N807
        nonlocal is_first
        if is_first and not values and named.keys() <= set(shape.given):
            is_first = False
            if len({*shape.defaults, *shape.factories, *named}) == needed:
                made = {name: make() for name, make in shape.factories.items() if name not in named}
                _fill(self, {**shape.defaults, **made, **named})
                return
        compiled = _compiled_init(shape)
        setattr(shape.made, "__init__", compiled)  # noqa: B010 - mypy allows no other way
        compiled(self, *values, **named)

    return __init__


def _fill(instance: object, given: Mapping[str, object]) -> None:
    for name, value in given.items():
        object.__setattr__(instance, name, value)
    finish = getattr(instance, "__post_init__", None)
    if finish is not None:
        finish()


def _compiled_init(shape: _Shape) -> _Method:
    known: dict[str, object] = {"_assign": object.__setattr__, "_left_out": dataclasses.MISSING}
    positional, named, lines = ["self"], ["*"], []
    for name in shape.names:
        parameter = value = name
        if name in shape.factories:
            known[f"_make_{name}"] = shape.factories[name]
            chosen = f"_make_{name}() if {name} is _left_out else {name}"
            parameter, value = f"{name}=_left_out", f"_make_{name}()" if name in shape.set_later else chosen
        elif name in shape.defaults:
            known[f"_default_{name}"] = shape.defaults[name]
            parameter, value = f"{name}=_default_{name}", f"_default_{name}" if name in shape.set_later else name
        elif name in shape.set_later:
            continue  # that is left to __post_init__
        if name not in shape.set_later:
            (named if name in shape.named else positional).append(parameter)
        lines.append(f" _assign(self, {name!r}, {value})")
    if hasattr(shape.made, "__post_init__"):
        lines.append(" self.__post_init__()")
    parameters = ", ".join((*positional, *(named if len(named) > 1 else ())))
    exec("\n".join((f"def __init__({parameters}):", *lines, " return")), known)  # noqa: S102 - of names of fields
    compiled = cast("FunctionType", known["__init__"])
    compiled.__qualname__ = f"{shape.made.__qualname__}.__init__"
    return compiled


if TYPE_CHECKING:
    # To type checkers and readers it is the one that they know.
    from dataclasses import dataclass as dataclass
else:
    dataclass = _made_fast
