"""Reads the command classes that a ``setup.py`` passes as ``cmdclass``: whether those that a build runs compile something.

A command may give the distribution its extensions while it runs, or call a compiler by itself, so the arguments of ``setup()``
do not show it. The methods of such a class are searched, with the functions of the same tree that they call; nothing is run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from wheelcheck.model.code import last_name, parse_tree
from wheelcheck.model.knowledge import NativeKnowledge
from wheelcheck.texts.setup_values import Classes, Sign, Value

# What bdist_wheel runs, directly or through build, install and egg_info. build_ext runs only where there are extensions.
_RUN_BY_A_BUILD = frozenset({
    "bdist_wheel", "build", "build_clib", "build_py", "build_scripts", "dist_info", "egg_info", "install", "install_data",
    "install_headers", "install_lib", "install_scripts",
})  # fmt: skip
_RUNNERS = frozenset({
    "Popen", "call", "check_call", "check_output", "check_run", "execute", "popen", "run", "run_command", "spawn", "system",
})  # fmt: skip
_DOWNLOADERS = frozenset({"urlopen", "urlretrieve"})
# Every command has these: a call of one says nothing about a function of that name elsewhere.
_OF_EVERY_COMMAND = frozenset({"__init__", "finalize_options", "initialize_options", "run"})
_MOST_FUNCTIONS = 200


class CommandFinding(Struct, frozen=True):
    """What a command class does: *sign* says where. It is *certain* where the wheel gets a platform, else only likely."""

    sign: Sign
    certain: bool


class Definition(Struct, frozen=True):
    """A function or class of the tree, in the file *path*."""

    path: str
    node: ast.FunctionDef | ast.ClassDef


class SetupCommands:
    """Searches command classes of a tree; *defined* are its functions and classes by name, *module_text* its other modules."""

    def __init__(
        self,
        defined: Mapping[str, Definition],
        knowledge: NativeKnowledge,
        module_text: Callable[[str], str | None],
    ) -> None:
        self._defined = defined
        self._knowledge = knowledge
        self._module_text = module_text
        self._imported: dict[str, list[Definition]] = {}
        self._modules: set[str] = set()

    def findings(self, cmdclass: Value) -> list[CommandFinding]:
        """What the commands among *cmdclass* that a build runs do, certain findings first."""
        named = cmdclass if isinstance(cmdclass, dict) else {}
        classes = sorted({
            name
            for command, value in named.items()
            if command in _RUN_BY_A_BUILD and isinstance(value, Classes)
            for name in value.names
        })  # fmt: skip
        found = [finding for name in classes for finding in self._of_class(name)]
        return sorted(found, key=lambda finding: not finding.certain)

    def _of_class(self, name: str) -> Iterator[CommandFinding]:
        waiting = [self._defined[name]] if name in self._defined else []
        seen: list[Definition] = []
        while waiting and len(seen) < _MOST_FUNCTIONS:
            here = waiting.pop()
            if here in seen:
                continue
            seen.append(here)
            for line, what, certain in self._deeds(here):
                yield CommandFinding(Sign(here.path, line, f"{what} in class {name}, a command of the build"), certain)
            waiting += self._reached(here)

    def _reached(self, here: Definition) -> Iterator[Definition]:
        """The definitions that the code of *here* calls or inherits from, as far as names tell."""
        if isinstance(here.node, ast.ClassDef):
            yield from (self._defined[base] for base in map(last_name, here.node.bases) if base in self._defined)
        for node in ast.walk(here.node):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                self._load(node.module)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    self._load(alias.name)
        for node in ast.walk(here.node):
            if not isinstance(node, ast.Call):
                continue
            called = last_name(node.func)
            if called in _OF_EVERY_COMMAND:
                continue
            if isinstance(node.func, ast.Name) and called in self._defined:
                yield self._defined[called]
            yield from self._imported.get(called, ())

    def _load(self, module: str) -> None:
        """Learn the functions and methods of *module* where the tree has it."""
        if module in self._modules:
            return
        self._modules.add(module)
        stem = module.replace(".", "/")
        for path in (f"{stem}.py", f"{stem}/__init__.py"):
            text = self._module_text(path)
            if text is None:
                continue
            try:
                tree = parse_tree(text)
            except (SyntaxError, ValueError):
                return
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef):
                    self._imported.setdefault(node.name, []).append(Definition(path, node))
            return

    def _deeds(self, here: Definition) -> Iterator[tuple[int, str, bool]]:
        """Line, words and certainty of each native thing in the code of *here*."""
        is_running = False
        for node in ast.walk(here.node):
            match node:
                case ast.Assign(targets=targets, value=value) if not _is_nothing(value):
                    attributes = {target.attr for target in targets if isinstance(target, ast.Attribute)}
                    if "ext_modules" in attributes:
                        yield node.lineno, "sets ext_modules", True
                    if attributes & {"plat_name", "root_is_pure"}:
                        yield node.lineno, f"sets {min(attributes)}", True
                case ast.Call(func=ast.Attribute(attr="append" | "extend", value=ast.Attribute(attr="ext_modules"))):
                    yield node.lineno, "adds to ext_modules", True
                case ast.Call(func=func):
                    called = last_name(func)
                    is_running = is_running or called in _RUNNERS
                    if called in self._knowledge.makers:
                        yield node.lineno, f"{called}()", True
                    elif called in _DOWNLOADERS:
                        yield node.lineno, f"{called}()", False
        if is_running:
            for line, tool in self._tools(here.node):
                yield line, f"runs {tool}", False

    def _tools(self, code: ast.AST) -> Iterator[tuple[int, str]]:
        """The build tools that *code* names in a command line: in a call that runs one, or as the first word of a list."""
        for node in ast.walk(code):
            texts: list[ast.expr] = []
            if isinstance(node, ast.Call) and last_name(node.func) in _RUNNERS:
                texts = [each for each in ast.walk(node) if isinstance(each, ast.Constant)]
            elif isinstance(node, ast.List) and node.elts:
                texts = node.elts[:1]
            for text in texts:
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    words = {word.removesuffix(".exe") for word in re.split(r"[\s/\\;&|()]+", text.value)}
                    yield from ((text.lineno, tool) for tool in sorted(words & self._knowledge.build_tools))


def _is_nothing(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=value):
            # root_is_pure = True and plat_name = None promise nothing native.
            return value is None or value is True
        case ast.List(elts=[]) | ast.Tuple(elts=[]):
            return True
    return False
