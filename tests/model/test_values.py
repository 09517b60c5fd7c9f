"""Our ``dataclass`` is the standard one but for the time that it takes: the same laws for both."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
import threading
import typing as other_name
from collections.abc import Callable
from dataclasses import field, replace
from typing import ClassVar as Shared
from typing import Generic, TypeVar

import pytest

from wheelcheck.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """A value."""

    name: str
    count: int = 3
    names: list[str] = field(default_factory=list)
    text: str = field(default="", compare=False)
    secret: str = field(default="", repr=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """A value."""

    name: str
    count: int = 3
    names: list[str] = field(default_factory=list)
    text: str = field(default="", compare=False)
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    x: int
    y: int = 0

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError("left of the edge")


@dataclass(frozen=True, slots=True)
class Nothing:
    """Has no fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnHash:
    """Hashes and shows as it likes."""

    name: str

    def __hash__(self) -> int:
        return 7

    def __repr__(self) -> str:
        return "own"


T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(Generic[T]):
    """Holds one thing."""

    what: T


@dataclass(frozen=True, slots=True)
class Derived:
    """Has a field that nobody gives, and one that is worked out."""

    x: int
    noted: dict[str, int] = field(default_factory=dict, init=False, compare=False, repr=False)
    double: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "double", 2 * self.x)


@dataclass(frozen=True, slots=True)
class Further(Place):
    """Inherits from one of ours."""

    z: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """Has one field that may be given by place."""

    x: int = field(kw_only=False)
    self: int = 1
    shared: Shared[int] = 2
    common: other_name.ClassVar[int] = 3


@dataclass(slots=True)
class Changing:
    """Made by the standard decorator."""

    count: int = 0


def test_fields_defaults_and_slots_are_those_of_the_standard_decorator() -> None:
    ours, theirs = Ours(name="a"), Theirs(name="a")
    assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
    assert [each.name for each in dataclasses.fields(Ours)] == [each.name for each in dataclasses.fields(Theirs)]
    assert Ours.__slots__ == Theirs.__slots__
    assert not hasattr(ours, "__dict__")
    assert Place.__match_args__ == ("x", "y")
    assert (Ours.__module__, Ours.__qualname__, Ours.__doc__) == (__name__, "Ours", "A value.")


def test_a_default_that_is_made_is_made_for_each_instance() -> None:
    assert Ours(name="a").names is not Ours(name="a").names


def test_values_are_shown_as_by_the_standard_decorator() -> None:
    assert repr(Ours(name="a", secret="s")) == repr(Theirs(name="a", secret="s")).replace("Theirs", "Ours")
    assert repr(Nothing()) == "Nothing()"
    assert repr(OwnHash(name="a")) == "own"


def test_values_are_equal_by_the_fields_that_are_compared_and_of_one_class_only() -> None:
    assert Place(1) == Place(x=1, y=0)
    assert Place(1) != Place(2)
    assert Ours(name="a", text="one") == Ours(name="a", text="two")
    assert Ours(name="a", secret="s") != Ours(name="a")
    others: tuple[object, ...] = (Theirs(name="a"), (1, 0))
    assert Ours(name="a") not in others
    assert Place(1) not in others
    assert Nothing() == Nothing()


def test_equal_values_have_one_hash_and_an_own_hash_is_kept() -> None:
    assert len({Place(1), Place(1, 0), Place(2), Nothing(), Nothing()}) == 3
    assert hash(OwnHash(name="a")) == 7
    with pytest.raises(TypeError, match="unhashable"):
        hash(Ours(name="a"))


def test_what_is_frozen_is_neither_assigned_nor_deleted() -> None:
    place = Place(1)
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'x'"):
        place.x = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'x'"):
        del place.x
    with pytest.raises(dataclasses.FrozenInstanceError):
        place.z = 2  # type: ignore[attr-defined]
    assert place == Place(1)


def test_arguments_are_refused_as_by_the_standard_decorator() -> None:
    for words in ({}, {"name": "a", "other": 1}):
        with pytest.raises(TypeError, match="__init__"):
            Ours(**words)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="positional"):
        Ours("a")  # type: ignore[call-arg]


def test_the_first_instance_is_made_as_the_others_are() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Here:
        a: int
        b: list[int] = field(default_factory=list)

        def __post_init__(self) -> None:
            if self.a < 0:
                raise ValueError("below")

    with pytest.raises(TypeError, match=r"__init__\(\) missing 1 required keyword-only argument: 'a'"):
        Here()  # type: ignore[call-arg]
    assert [Here(a=1), Here(a=1)] == [Here(a=1, b=[]), Here(b=[], a=1)]

    @dataclass(frozen=True, slots=True)
    class There:
        a: int
        b: int = field(default=2, kw_only=True)

        def __post_init__(self) -> None:
            if self.a < 0:
                raise ValueError("below")

    with pytest.raises(ValueError, match="below"):
        There(a=-1)
    assert There(1) == There(a=1, b=2)
    with pytest.raises(TypeError, match="positional"):
        There(1, 2)  # type: ignore[call-arg]
    assert There.__match_args__ == ("a",)


def test_generic_values_are_made_too() -> None:
    of_text = Held(what="a")
    assert of_text == Held(what="a")
    assert repr(of_text) == "Held(what='a')"
    assert [each.name for each in dataclasses.fields(Held)] == ["what"]


def test_a_field_that_is_not_given_is_set_all_the_same() -> None:
    for derived in (Derived(x=1), Derived(1), Derived(x=1)):
        assert (derived.double, derived.noted) == (2, {})
    assert Derived(1).noted is not Derived(1).noted
    assert replace(Derived(1), x=2).double == 4
    assert Derived.__match_args__ == ("x",)
    for _ in range(2):
        with pytest.raises(TypeError, match="noted"):
            Derived(x=1, noted={})  # type: ignore[call-arg]


def test_who_inherits_has_the_fields_of_both() -> None:
    assert Further(1, 2, 3) == Further(z=3, y=2, x=1)
    assert [each.name for each in dataclasses.fields(Further)] == ["x", "y", "z"]
    assert Further(1) != Place(1)
    with pytest.raises(ValueError, match="left of the edge"):
        Further(-1)


def test_a_field_may_be_given_by_place_where_the_others_are_not() -> None:
    assert Mixed(1) == Mixed(x=1, self=1)
    assert [each.name for each in dataclasses.fields(Mixed)] == ["x", "self"]
    assert (Mixed.shared, Mixed.common) == (2, 3)


def test_a_value_that_is_given_is_not_made_besides() -> None:
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return 0

    @dataclass(frozen=True, slots=True)
    class Here:
        x: int = field(default_factory=make)

    assert (Here(x=2).x, Here(x=3).x, made) == (2, 3, [])
    assert (Here().x, made) == (0, [1])


def test_one_field_is_hashed_and_shown_as_many_are() -> None:
    @dataclass(frozen=True, slots=True)
    class Here:
        x: object
        y: int = field(default=1, hash=False)

    assert hash(Held(what=4)) == hash((4,))
    assert hash(Here(1, 2)) == hash(Here(1, 3))
    assert Here(1, 2) != Here(1, 3)
    inside: list[object] = []
    inside.append(Held(what=inside))
    assert repr(inside) == "[Held(what=[...])]"
    assert repr(inside[0]) == "Held(what=[...])"


def _mutable() -> None:
    @dataclass(frozen=True, slots=True)
    class Here:
        x: list[int] = []  # noqa: RUF012


def _out_of_order() -> None:
    @dataclass(frozen=True, slots=True)
    class Here:
        x: int = 1
        y: int  # type: ignore[misc]


def _assigning() -> None:
    @dataclass(frozen=True, slots=True)
    class Here:
        x: int

        def __setattr__(self, name: str, value: object) -> None: ...


@pytest.mark.parametrize(
    ("declare", "refusal", "words"),
    [
        (_mutable, ValueError, "mutable default"),
        (_out_of_order, TypeError, "non-default argument 'y'"),
        (_assigning, TypeError, "__setattr__"),
    ],
)
def test_what_the_standard_decorator_refuses_is_refused(
    declare: Callable[[], None], refusal: type[Exception], words: str
) -> None:
    with pytest.raises(refusal, match=words):
        declare()


def test_first_instances_of_many_threads_are_whole() -> None:
    for _ in range(20):

        @dataclass(frozen=True, slots=True)
        class Here:
            x: int
            y: list[int] = field(default_factory=list)

        start, found = threading.Barrier(4), list[object]()

        def make(
            kind: Callable[..., object] = Here, start: threading.Barrier = start, found: list[object] = found
        ) -> None:
            start.wait()
            found.extend((kind(x=1), kind(1), dataclasses.fields(Here)[1].name))

        threads = [threading.Thread(target=make) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found.count(Here(1)) == 8
        assert found.count("y") == 4


def test_what_follows_the_making_is_done() -> None:
    with pytest.raises(ValueError, match="left of the edge"):
        Place(-1)
    with pytest.raises(ValueError, match="left of the edge"):
        replace(Place(1), x=-1)


def test_values_are_replaced_copied_and_pickled() -> None:
    ours = Ours(name="a", names=["b"])
    assert replace(ours, count=4) == Ours(name="a", count=4, names=["b"])
    if sys.version_info >= (3, 13):
        assert copy.replace(ours, count=4) == replace(ours, count=4)
    assert copy.deepcopy(ours) == ours
    assert copy.copy(ours) == ours
    assert pickle.loads(pickle.dumps(ours)) == ours  # noqa: S301


def test_classes_that_change_are_left_to_the_standard_decorator() -> None:
    changing = Changing()
    changing.count = 2
    assert changing == Changing(2)


def test_no_method_is_compiled_until_a_second_instance_is_made() -> None:
    code = (
        "from __future__ import annotations\nimport sys\nfrom wheelcheck.values import dataclass\nseen = []\n"
        "sys.addaudithook(lambda event, _: seen.append(event) if event == 'compile' else None)\n"
        "@dataclass(frozen=True, slots=True, kw_only=True)\nclass A:\n    a: int\n    b: str = ''\n"
        "first = A(a=1)\nprint(len(seen), first == A(a=1), len(seen), A(a=2) == A(a=1), len(seen))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "True", "1", "False", "1"]
