"""The values that reading a ``setup.py`` can know, how expressions combine them, and what a reading finds; runs no code of it."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Mapping, Sequence
from string import Formatter

from msgspec import Struct, field

from wheelcheck.model.code import COMPARISONS


class Unknown(Struct, frozen=True):
    """A value that only a run of the script would show."""


class LaterPart(Unknown, frozen=True):
    """A part of ``sys.version_info`` behind the minor one: any number from 0."""


class Made(Struct, frozen=True):
    """The result of a maker of compiled things (an ``Extension``, a list of them): never empty, never pure."""


class Classes(Struct, frozen=True):
    """One of the classes that the script or a module of its tree defines, by *names*; of two branches, either."""

    names: frozenset[str]


class Environ(Struct, frozen=True):
    """``os.environ``: *setting* is what every variable holds, ``None`` in an ordinary build, where no project's switch is set."""

    setting: str | None = None


class OpenFile(Struct, frozen=True):
    """A file of the tree that the script has opened, by its *text*."""

    text: str


Value = (
    None
    | bool
    | int
    | float
    | str
    | bytes
    | list["Value"]
    | dict[str, "Value"]
    | Unknown
    | Made
    | Classes
    | Environ
    | OpenFile
)

UNKNOWN = Unknown()
_DIGITS = 9
_PARTS = 5  # of a version
_LINES = 2_000  # strings that a loop is followed through
_OPAQUE = (Unknown, Made, Classes, Environ, OpenFile)

OPENING = frozenset({"open", "io.open", "codecs.open"})
OF_TEXTS = frozenset(
    {"endswith", "lower", "lstrip", "replace", "rstrip", "split", "splitlines", "startswith", "strip", "upper"}
)
CHANGING = frozenset({"append", "extend", "update", "setdefault"})
ASKING = frozenset({"os.getenv", "os.environ.get", "environ.get"})
ARGV: tuple[Value, ...] = ("setup.py", "bdist_wheel")

_BUILD_PLATFORMS = {"linux": "linux-x86_64", "win32": "win-amd64", "darwin": "macosx-11.0-arm64"}
_SYSTEM_NAMES = {
    "platform.system": {"linux": "Linux", "win32": "Windows", "darwin": "Darwin"},
    "sysconfig.get_platform": _BUILD_PLATFORMS,
    "distutils.util.get_platform": _BUILD_PLATFORMS,
}


def truth(value: Value) -> bool | None:
    """Whether *value* counts as true, ``None`` where that is not known."""
    if isinstance(value, Unknown | Environ):
        return None
    if isinstance(value, Made | Classes | OpenFile):
        return True
    return bool(value)


def merged(one: Value, other: Value) -> Value:
    """The value of a name after two branches that may both have run."""
    if one is other or (type(one) is type(other) and one == other):
        return one
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: merged(one.get(key), other.get(key)) for key in {**one, **other}}
    if isinstance(one, Classes) and isinstance(other, Classes):
        return Classes(one.names | other.names)
    made = next((value for value in (one, other) if holds_made(value)), None)
    if made is None and truth(one) is False and truth(other) is False:
        return one
    return made if made is not None else UNKNOWN


def holds_made(value: Value) -> bool:
    """Whether something compiled is in *value*, at any depth."""
    if isinstance(value, Made):
        return True
    if isinstance(value, list):
        return any(holds_made(item) for item in value)
    if isinstance(value, dict):
        return any(holds_made(item) for item in value.values())
    return False


def literal_texts(value: Value) -> list[str] | None:
    """*value* as a list of requirements, ``None`` where any part is not known.

    As in setuptools, each string may have several lines, of which empty ones and comments are none.
    """
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, str) for part in parts):
        return None
    lines = (line.strip() for part in parts if isinstance(part, str) for line in part.splitlines())
    return [line.partition(" #")[0].rstrip() for line in lines if line and not line.startswith("#")]


def lines_of(value: Value) -> list[str] | None:
    """The strings that a loop over *value* meets, ``None`` where they are not known, too many, or *value* is something else."""
    if isinstance(value, OpenFile):
        lines = value.text.splitlines(keepends=True)
    elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        lines = [item for item in value if isinstance(item, str)]
    else:
        return None
    return lines if len(lines) <= _LINES else None


def compared(left: Value, comparison: ast.cmpop, right: Value) -> Value:
    """``left comparison right`` where both are known."""
    match comparison:
        case ast.In() | ast.NotIn():
            found = _contains(right, left)
            return UNKNOWN if found is None else found is isinstance(comparison, ast.In)
        case ast.Is() | ast.IsNot() if left is None or right is None:
            if isinstance(left, Unknown) or isinstance(right, Unknown):
                return UNKNOWN
            return (left is right) is isinstance(comparison, ast.Is)
    if isinstance(left, _OPAQUE) or isinstance(right, _OPAQUE):
        return UNKNOWN
    if _has_later_part(left) or _has_later_part(right):
        return _compared_versions(left, comparison, right)
    if isinstance(comparison, ast.Eq | ast.Is):
        return left == right
    if isinstance(comparison, ast.NotEq | ast.IsNot):
        return left != right
    compare = COMPARISONS.get(type(comparison))
    alike = (isinstance(left, int) and isinstance(right, int)) or (_is_version(left) and _is_version(right))
    return compare(left, right) if compare is not None and alike else UNKNOWN


def _is_version(value: Value) -> bool:
    return isinstance(value, list) and all(isinstance(part, int) for part in value)


def _has_later_part(value: Value) -> bool:
    return isinstance(value, list) and any(isinstance(part, LaterPart) for part in value)


def _compared_versions(left: Value, comparison: ast.cmpop, right: Value) -> Value:
    """``left comparison right`` where it is the same for whatever number stands in the later parts of a version."""
    if not isinstance(left, list) or not isinstance(right, list) or max(len(left), len(right)) > _PARTS:
        return UNKNOWN
    numbers = {part for part in (*left, *right) if isinstance(part, int)}
    results: list[Value] = []
    for number in {0, *numbers, max(numbers, default=0) + 1}:
        one, other = ([number if isinstance(part, LaterPart) else part for part in side] for side in (left, right))
        results.append(compared(one, comparison, other))
    return results[0] if all(result == results[0] for result in results) else UNKNOWN


def machine_value(dotted: str, system: str, minor: int) -> Value:
    """What *dotted* says of a machine whose ``sys.platform`` is *system*, with Python 3.*minor*; of empty ones nothing."""
    match dotted:
        case "sys.argv":
            return list(ARGV)
        case "sys.platform" if system:
            return system
        case "os.name" if system:
            return "nt" if system == "win32" else "posix"
        case "sys.version_info" if minor:
            return [3, minor, *[LaterPart()] * 3]
        case "sys.version_info.major" if minor:
            return 3
        case "sys.version_info.minor" if minor:
            return minor
    return UNKNOWN


def system_name(dotted: str, system: str) -> Value:
    """What calling *dotted* (``platform.system``) gives on *system*; ``UNKNOWN`` for other functions or without a system."""
    return _SYSTEM_NAMES.get(dotted, {}).get(system, UNKNOWN)


def item_of(container: Value, key: Value) -> Value:
    """``container[key]`` where both are known."""
    if isinstance(container, dict) and isinstance(key, str):
        return container.get(key, UNKNOWN)
    if isinstance(container, list) and isinstance(key, int) and -len(container) <= key < len(container):
        return container[key]
    if isinstance(container, Environ) and container.setting is not None:
        return container.setting
    return container if isinstance(container, Made) else UNKNOWN


def percent_parts(template: str, given: Sequence[Value]) -> list[str] | None:
    """The parts of ``template % (*given,)``, where these are known, none is left over, and all places are ``%s`` or ``%d``."""
    rest = iter(given)
    parts: list[str] = []
    for position, piece in enumerate(re.split(r"(?s)(%.?)", template)):
        if position % 2 == 0 or piece == "%%":
            parts.append(piece[:1] if piece == "%%" else piece)
        elif piece == "%s" and isinstance(value := next(rest, UNKNOWN), str | int):
            parts.append(str(value))
        elif piece == "%d" and isinstance(number := next(rest, UNKNOWN), int):
            parts.append(f"{number:d}")
        else:
            return None
    return None if [*rest] else parts


def format_parts(template: str, given: Sequence[Value], named: Mapping[str, Value]) -> list[str] | None:
    """The parts of ``template.format(*given, **named)``, where these are known and no place says how to show a value."""
    rest = iter(given)
    parts: list[str] = []
    try:
        pieces = [*Formatter().parse(template)]
    except ValueError:
        return None
    for text, key, how, conversion in pieces:
        parts.append(text)
        if key is None:
            continue
        if key.isdecimal():
            # A number of so many digits that it cannot be converted is none of a place.
            position = int(key) if len(key) <= _DIGITS else len(given)
            value = given[position] if position < len(given) else UNKNOWN
        else:
            value = named.get(key, UNKNOWN) if key else next(rest, UNKNOWN)
        if how or conversion or not isinstance(value, str | int):
            return None
        parts.append(str(value))
    return parts


def _contains(container: Value, item: Value) -> bool | None:
    if isinstance(container, Environ):
        return container.setting is not None
    if isinstance(item, _OPAQUE) or isinstance(container, Unknown | Made) or _has_later_part(item):
        return None
    if isinstance(container, list):
        if any(isinstance(each, Unknown) for each in container) and item not in container:
            return None
        return item in container
    if isinstance(container, dict):
        return item in container
    if isinstance(container, str) and isinstance(item, str):
        return item in container
    return None


def added(left: Value, right: Value) -> Value:
    """``left + right``: lists keep what is known of either side, so that an unknown tail does not hide an extension."""
    if isinstance(left, list) and isinstance(right, list):
        return [*left, *right]
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    made = next((value for value in (left, right) if holds_made(value)), None)
    if made is not None:
        return made
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    return UNKNOWN


def below(folder: Value, name: Value) -> Value:
    """The path of *name* in *folder* where both are known."""
    return posixpath.join(folder, name) if isinstance(folder, str) and isinstance(name, str) else UNKNOWN


def dotted_name(node: ast.expr, aliases: Mapping[str, str]) -> str | None:
    """The dotted name that *node* stands for, ``None`` where it is none; *aliases* are what imported names stand for."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return ".".join([aliases.get(node.id, node.id), *reversed(parts)])


class Sign(Struct, frozen=True):
    """A sign of something native: *what* the script does in *path* at *line*."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.what}"


class ScriptReading(Struct):
    """What a script would do: the arguments of every ``setup()`` it may reach, and the native things it makes.

    ``signs`` are certain, ``hints`` only suggest, ``doubts`` are what commands of the build do that may end in compiled files.
    ``fallbacks`` are the positions of calls that are made where a call before failed to compile. ``open_arguments`` says
    that a ``**mapping`` was not known, ``optional`` that some extension is marked so (its failure is forgiven), ``exhausted`` that
    the script was too long to follow. ``torn`` says that under a condition that is not known a value was changed in place, a
    function defined, or a function or round of a loop left: what is told may then be that of one branch. ``modules`` are the
    paths of the modules that it imports from its own tree. ``refused`` is where the script ends an ordinary build before any
    ``setup()``, ``None`` where it does not, or not certainly.
    """

    path: str
    calls: list[dict[str, Value]] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    hints: list[Sign] = field(default_factory=list)
    doubts: list[Sign] = field(default_factory=list)
    fallbacks: set[int] = field(default_factory=set)
    open_arguments: bool = False
    optional: bool = False
    exhausted: bool = False
    torn: bool = False
    modules: list[str] = field(default_factory=list)
    refused: Sign | None = None


class Stop(Exception):
    """Raised where the rest of a block is not reached."""


class Left(Stop):
    """Raised where a round of a loop ends."""


class Returned(Stop):
    """Raised where a function returns *value*."""

    def __init__(self, value: Value) -> None:
        super().__init__()
        self.value = value


class Exhausted(Exception):
    """Raised after more steps than any honest script needs."""


class BuiltinResult(Struct, frozen=True):
    """The value that a call gives, ``None`` included."""

    value: Value


def called_builtin(dotted: str, arguments: list[Value]) -> BuiltinResult | None:
    """The result of calling *dotted*, or ``None`` where that is not known; raises ``Stop`` where it ends the script."""
    match dotted, arguments:
        case "bool", [value]:
            known = truth(value)
            return BuiltinResult(UNKNOWN if known is None else known)
        case "int", [str() as text] if text.isdigit():
            return BuiltinResult(int(text))
        case (("list" | "tuple" | "sorted" | "set"), [list() as values]):
            return BuiltinResult(list(values))
        case (("list" | "tuple" | "set"), []):
            return BuiltinResult([])
        case "len", [list() | str() | dict() as value]:
            return BuiltinResult(len(value))
        case "str", [str() as text]:
            return BuiltinResult(text)
        case "os.path.join", [str(), *_] if all(isinstance(part, str) for part in arguments):
            return BuiltinResult(posixpath.join(*(part for part in arguments if isinstance(part, str))))
        case "os.path.dirname", [str() as path]:
            return BuiltinResult(posixpath.dirname(path))
        case (("os.path.abspath" | "os.path.realpath" | "os.path.normpath" | "pathlib.Path"), [str() as path]):
            return BuiltinResult(path)
        case "hasattr", [_, str() as attribute] if attribute.startswith("pypy_"):
            return BuiltinResult(False)  # sys.pypy_version_info: wheels are asked for CPython
        case (("sys.exit" | "exit" | "quit"), _):
            raise Stop
    return None
