"""What ``setup.cfg`` and ``setup.py`` state of a project, as far as they state it literally; runs nothing and guesses nothing.

``text → StatedProject``. Of a script the arguments of ``setup()`` count; what only a run of it would tell is :class:`NotStatic`.
"""

from __future__ import annotations

import ast
import configparser
import contextlib
import itertools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from msgspec import Struct, field

from wheelcheck.model.code import last_name, parse_tree
from wheelcheck.model.knowledge import NativeKnowledge
from wheelcheck.texts.setup_script import read_script
from wheelcheck.texts.setup_values import Environ, ScriptReading, Value, literal_texts

_LONGEST = 60
_ASKS_SYSTEM = re.compile(r"\bplatform\b|\bos\.name\b")
_SYSTEMS = ("linux", "darwin", "win32")
_MINORS = tuple(range(6, 21))  # those of targets; their first and last stand for all before and after
_EXTRAS = "extras_require"


class NotStatic(Exception):
    """What only a run of the script would tell; *line* is where it stands, 0 where no line is to blame.

    *argument* is the one of ``setup()`` that is computed, empty where it is not one alone.
    """

    def __init__(self, reason: str, line: int = 0, argument: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.argument = argument


class StatedProject(Struct, frozen=True, kw_only=True):
    """What one of the files states, ``None`` for what it does not mention.

    ``requires`` are requirements, ``extras`` the requirements of each extra, their markers joined. ``files`` are the requirements
    files that setuptools takes for ``""`` (the dependencies) and for an extra.
    """

    name: str | None = None
    requires: tuple[str, ...] | None = None
    extras: Mapping[str, tuple[str, ...]] | None = None
    requires_python: str | None = None
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def over(self, other: StatedProject) -> StatedProject:
        """What counts where *other* is ``setup.cfg`` and this ``setup.py``, which setuptools takes first."""
        from_script = ("",) if self.requires else ()
        return StatedProject(
            name=self.name or other.name,
            requires=self.requires or (self.requires if other.requires is None else other.requires),
            extras=self.extras or other.extras,
            requires_python=self.requires_python or other.requires_python,
            files={key: names for key, names in other.files.items() if key not in from_script},
        )

    def lines(self) -> tuple[str, ...]:
        """All requirements as core metadata has them, those of extras with a marker."""
        optional = (
            with_condition(line, f'extra == "{extra}"')
            for extra, lines in (self.extras or {}).items()
            for line in lines
        )
        return (*(self.requires or ()), *optional)


def parse_config(text: str) -> configparser.RawConfigParser:
    """``setup.cfg`` as setuptools reads it. Raises ``configparser.Error``."""
    config = configparser.RawConfigParser(strict=False)
    config.optionxform = str  # type: ignore[assignment,method-assign]  # extras keep their case
    config.read_string(text)
    return config


def stated_in_config(config: configparser.RawConfigParser) -> StatedProject:
    """What *config*, a ``setup.cfg``, states."""
    name = config.get("metadata", "name", fallback="").strip()
    values = dict(config.items("options.extras_require")) if config.has_section("options.extras_require") else {}
    options = dict(config.items("options")) if config.has_section("options") else {}
    # Old files write dashes, which setuptools took for a long time.
    options = {key.replace("-", "_"): text for key, text in options.items()}
    if "install_requires" in options:
        values[""] = options["install_requires"]
    files = {key: tuple(_iter_files(text)) for key, text in values.items() if text.strip().startswith("file:")}
    listed = {key: _listed(text) for key, text in values.items() if key not in files}
    return StatedProject(
        name=None if name.startswith(("attr:", "file:")) else name or None,
        requires=listed.pop("", None),
        extras=listed or None,
        requires_python=options.get("python_requires", "").strip() or None,
        files=files,
    )


def _listed(text: str) -> tuple[str, ...]:
    """As setuptools splits a list: a value of one line at its semicolons."""
    return tuple(literal_texts(text if "\n" in text.strip() else text.replace(";", "\n")) or ())


def _iter_files(text: str) -> Iterator[str]:
    return (name.strip() for name in text.strip().removeprefix("file:").split(",") if name.strip())


def parse_script(text: str, file_text: Callable[[str], str | None] = lambda _: None) -> StatedProject:
    """What the script *text* passes to ``setup()``; *file_text* gives the text of a file that it opens, by its path.

    What it asks for on some systems or Pythons alone has a marker that says so. Extras that are computed are no error, since they
    may not be asked for. Raises ``NotStatic``, also for what is not Python 3.
    """
    tree = _tree(text)
    systems = _SYSTEMS if _ASKS_SYSTEM.search(text) else ("",)
    minors = _MINORS if "version_info" in text else (0,)
    if (systems, minors) != (("",), (0,)):
        # Most scripts only refuse old Pythons: what they ask for is the same everywhere, and one reading shows that.
        reading = _reading(tree, file_text)
        with contextlib.suppress(NotStatic):
            if not reading.torn:
                return stated_in_script(reading, text)
    found: dict[tuple[str, int], StatedProject] = {}
    alike = _alike_minors(tree) if len(minors) > 1 else {}
    for system, minor in itertools.product(systems, minors):
        machine, first = (system, minor), (system, alike.get(minor, minor))
        if first != machine:
            found |= {machine: found[first]} if first in found else {}
            continue
        reading = _reading(tree, file_text, *machine)
        # A script that ends there refuses this machine; one that ends on all of them is told below.
        if reading.calls or reading.exhausted:
            found[machine] = _stated_leniently(reading, text)
    return _joined(found) if found else _stated_leniently(reading, text)


def _alike_minors(tree: ast.Module) -> dict[int, int]:
    """Each of the minors with the lowest that the script *tree* cannot tell from it, so that one reading shows both.

    A version that is compared with numbers alone is told apart at these numbers. Empty where one is used in other ways.
    """
    numbers: set[int] = set()
    uses = compared = 0
    for node in ast.walk(tree):
        uses += isinstance(node, ast.Attribute | ast.Name) and last_name(node) == "version_info"
        sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
        parts = [part for side in sides if not _is_version(side) for part in ast.walk(side)]
        if all(isinstance(part, ast.Constant | ast.Tuple | ast.List | ast.expr_context) for part in parts):
            compared += sum(map(_is_version, sides))
            values = (part.value for part in parts if isinstance(part, ast.Constant))
            numbers.update(value for value in values if isinstance(value, int))
    steps = sorted({_MINORS[0], *numbers, *(number + 1 for number in numbers)})
    return {minor: max(step for step in steps if step <= minor) for minor in _MINORS} if uses == compared else {}


def _is_version(node: ast.expr) -> bool:
    """Whether *node* is the version of the running Python, or a part of it."""
    while isinstance(node, ast.Subscript) or (isinstance(node, ast.Attribute) and node.attr in ("major", "minor")):
        node = node.value
    return last_name(node) == "version_info"


def _joined(found: Mapping[tuple[str, int], StatedProject]) -> StatedProject:
    """What a script states, by the machines (system and minor of Python) on which it states it."""
    first, *others = found.values()
    if all(other == first for other in others):
        return first
    listed: dict[str, dict[str, set[tuple[str, int]]]] = {}
    for machine, stated in found.items():
        own = {} if stated.requires is None else {"": stated.requires}
        for extra, lines in {**own, **(stated.extras or {})}.items():
            of_extra = listed.setdefault(extra, {})  # one without requirements is stated too
            for line in lines:
                of_extra.setdefault(line, set()).add(machine)
    conditioned = {
        extra: tuple(with_condition(line, _condition(holding, found)) for line, holding in lines.items())
        for extra, lines in listed.items()
    }
    return StatedProject(
        name=first.name if all(other.name == first.name for other in others) else None,
        requires=conditioned.pop("", None),
        extras=conditioned or None,
        requires_python=first.requires_python
        if all(other.requires_python == first.requires_python for other in others)
        else None,
    )


def _condition(holding: Collection[tuple[str, int]], known: Collection[tuple[str, int]]) -> str:
    """The marker that holds on *holding* of the machines *known*."""
    pythons = {system: frozenset(minor for each, minor in known if each == system) for system, _ in known}
    held = {system: frozenset(minor for each, minor in holding if each == system) for system in pythons}
    if len({*held.values()}) == 1:
        parts = [_on_pythons(next(iter(held.values())), next(iter(pythons.values())))]
    else:
        parts = []
        for minors in {*held.values()} - {frozenset()}:
            systems = [system for system in held if held[system] == minors]
            others = [system for system in held if held[system] != minors]
            # Of several, the others are named, so that it holds on systems that were not tried.
            several = " and ".join(f'sys_platform != "{system}"' for system in others)
            on_system = f'sys_platform == "{systems[0]}"' if len(systems) == 1 else several
            on_pythons = _on_pythons(minors, pythons[systems[0]])
            parts.append(f"{on_system} and {on_pythons}" if on_pythons else on_system)
    together = " or ".join(sorted(parts))
    return f"({together})" if " or " in together else together


def _on_pythons(minors: Collection[int], known: Collection[int]) -> str:
    """The marker of *minors* among the *known*, whose first and last stand for all before and after."""
    runs: list[str] = []
    order = sorted(known)
    for is_held, run in itertools.groupby(order, lambda minor: minor in minors):
        of_run = [*run]
        if is_held and of_run != order:
            above = "" if of_run[0] == order[0] else f'python_version >= "3.{of_run[0]}"'
            below = "" if of_run[-1] == order[-1] else f'python_version < "3.{of_run[-1] + 1}"'
            runs.append(" and ".join(filter(None, (above, below))))
    return f"({' or '.join(runs)})" if len(runs) > 1 else "".join(runs)


def _stated_leniently(reading: ScriptReading, text: str) -> StatedProject:
    try:
        return stated_in_script(reading, text)
    except NotStatic as problem:
        if problem.argument != _EXTRAS:
            raise
        for call in reading.calls:
            call.pop(_EXTRAS, None)
        return stated_in_script(reading, text)


def name_in_script(text: str) -> str | None:
    """The name that the script *text* passes to ``setup()``, ``None`` where it is not literal."""
    try:
        names = {str(name) if isinstance(name := call.get("name"), str) else "" for call in _reading(_tree(text)).calls}
    except NotStatic:
        return None
    return names.pop() or None if len(names) == 1 else None


def _tree(text: str) -> ast.Module:
    try:
        return parse_tree(text)
    except SyntaxError as problem:
        raise NotStatic(f"not Python 3: {problem.msg}", problem.lineno or 0) from None


def _reading(
    tree: ast.Module, file_text: Callable[[str], str | None] = lambda _: None, system: str = "", minor: int = 0
) -> ScriptReading:
    try:
        # Nothing that compiles is looked for, so no knowledge of it is needed.
        return read_script("setup.py", tree, NativeKnowledge(), lambda _: None, Environ(), file_text, system, minor)
    except (ValueError, RecursionError, MemoryError) as problem:
        raise NotStatic(f"not read: {problem}") from None


def stated_in_script(reading: ScriptReading, text: str) -> StatedProject:
    """What every call of ``setup()`` in *reading*, that of the script *text*, states alike. Raises ``NotStatic``."""
    if reading.exhausted:
        raise NotStatic("too long to be followed")
    if not reading.calls:
        raise NotStatic("setup() is never called")
    if reading.open_arguments:
        raise NotStatic("setup() takes a mapping that is not literal", _line_of_call(text))
    first, *others = (_stated(call, text) for call in reading.calls)
    if any(other != first for other in others):
        raise NotStatic("setup() is called in several ways, which ask for different projects", _line_of_call(text))
    return first


def _stated(call: Mapping[str, Value], text: str) -> StatedProject:
    if call.get("pbr") or any("pbr" in each for each in literal_texts(call.get("setup_requires") or []) or ()):
        raise NotStatic("pbr tells the dependencies when it is run", _line_of_call(text))
    name, requires_python = call.get("name"), call.get("python_requires")
    return StatedProject(
        name=name if isinstance(name, str) else None,
        requires=_requires(call, text),
        extras=_extras(call, text),
        requires_python=requires_python if isinstance(requires_python, str) else None,
    )


def _requires(call: Mapping[str, Value], text: str) -> tuple[str, ...] | None:
    keyed = {key: texts for key, texts in _iter_optional(call, text) if key.startswith(":")}
    if call.get("install_requires") is None and not keyed:
        return None
    wanted = literal_texts(call.get("install_requires") or [])
    if wanted is None:
        raise _not_literal(text, "install_requires")
    return (*wanted, *(line for key, texts in keyed.items() for line in _conditioned(key, texts)))


def _extras(call: Mapping[str, Value], text: str) -> Mapping[str, tuple[str, ...]] | None:
    found: dict[str, tuple[str, ...]] = {}
    for key, texts in _iter_optional(call, text):
        extra = key.partition(":")[0]
        if extra:
            found[extra] = (*found.get(extra, ()), *_conditioned(key, texts))
    return found or None


def _iter_optional(call: Mapping[str, Value], text: str) -> Iterator[tuple[str, list[str]]]:
    """The extras of *call*, each by its key: a name, a marker behind a colon, or both."""
    optional = call.get(_EXTRAS) or {}
    if not isinstance(optional, dict) or "**" in optional:
        raise _not_literal(text, _EXTRAS)
    for key, members in optional.items():
        texts = literal_texts(members)
        if texts is None:
            raise _not_literal(text, _EXTRAS)
        yield key, texts


def _conditioned(key: str, lines: Iterable[str]) -> list[str]:
    marker = key.partition(":")[2]
    return [with_condition(line, f"({marker})" if marker else "") for line in lines]


def with_condition(line: str, condition: str) -> str:
    """The requirement *line*, which holds only under *condition* too; an empty one changes nothing."""
    if not condition:
        return line
    requirement, separator, marker = line.partition(";")
    if not separator:
        return f"{line} ; {condition}"
    return f"{requirement.strip()} ; ({marker.strip()}) and {condition}"


def _not_literal(text: str, argument: str) -> NotStatic:
    """That *argument* of ``setup()`` is computed, with the expression and its line."""
    nodes = list(ast.walk(parse_tree(text)))
    value = next(_iter_values(nodes, argument), None)
    if isinstance(value, ast.Name):
        changes = [change for node in nodes if (change := _change(node, value.id)) is not None]
        # A literal is no reason, unless it stands where it is not sure to be reached.
        computed = [each for each in changes if not _is_literal(each)]
        value = next(reversed(computed or changes), value)
    if value is None:
        return NotStatic(f"{argument} is not literal", _line_of_call(text), argument)
    written = ast.unparse(value).replace("\n", " ")
    shown = written if len(written) <= _LONGEST else f"{written[: _LONGEST - 1]}…"
    return NotStatic(f"{argument} is not literal but {shown}", value.lineno, argument)


def _iter_values(nodes: Iterable[ast.AST], argument: str) -> Iterator[ast.expr]:
    for node in nodes:
        match node:
            case ast.Call(func=function, keywords=keywords) if last_name(function) == "setup":
                yield from (keyword.value for keyword in keywords if keyword.arg == argument)
            case ast.Dict(keys=keys, values=values):
                pairs = zip(keys, values, strict=True)
                yield from (value for key, value in pairs if isinstance(key, ast.Constant) and key.value == argument)
            case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value=key))], value=value) if key == argument:
                yield value


def _change(node: ast.AST, name: str) -> ast.expr | None:
    """What *node* gives to the variable *name*, or does to it; ``None`` where it does neither."""
    match node:
        case ast.Assign(targets=targets, value=value) if any(_is_name(target, name) for target in targets):
            return value
        case ast.AugAssign(target=target, value=value) if _is_name(target, name):
            return value
        case ast.Call(func=ast.Attribute(value=held)) if _is_name(held, name):
            return node
    return None


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_literal(node: ast.expr) -> bool:
    arguments = node.args if isinstance(node, ast.Call) else [node]
    return all(
        isinstance(inner, ast.Constant | ast.List | ast.Tuple | ast.Dict | ast.Load)
        for argument in arguments
        for inner in ast.walk(argument)
    )


def _line_of_call(text: str) -> int:
    calls = (node for node in ast.walk(parse_tree(text)) if isinstance(node, ast.Call))
    return next((call.lineno for call in calls if last_name(call.func) == "setup"), 0)
