"""The rules of purity for each kind of build backend (arguments of ``setup()``, build hooks, build scripts), and their facts.

Each rule takes the facts read of a source tree and the name of the backend, and gives a verdict. A new backend of a known kind is a
row in ``knowledge/native.toml``; a new kind is a rule here and a row in ``source_judging._RULES``.
"""

from __future__ import annotations

import ast
import contextlib
import re
import tomllib
from collections.abc import Iterator, Mapping

from msgspec import Struct, field
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.archives.core_metadata import FileIdentity, Headers
from wheelcheck.archives.source_tree import SourceTree
from wheelcheck.model.code import parse_tree
from wheelcheck.model.distribution import Purity
from wheelcheck.model.knowledge import BackendKind, NativeKnowledge
from wheelcheck.texts.setup_values import ScriptReading, Value, holds_made
from wheelcheck.texts.toml import table_at
from wheelcheck.texts.words import folded


def judge_setup(facts: SourceFacts, name: str) -> Verdict:
    """The verdict on a tree that *name* builds: by declared extensions, then by the arguments of ``setup()``, then by silence."""
    declared = _declared_extensions(facts)
    if declared:
        return native(facts, declared)
    script = facts.script
    if script is None:
        if "setup.py" in facts.tree.contents:
            return _judge_unparsed(facts)
        if not facts.project.present and "setup.cfg" not in facts.tree.contents:
            return in_doubt(facts, "neither pyproject.toml nor setup.py says how it is built")
        return _judge_declarative(facts, name)
    if script.refused is not None:
        return in_doubt(facts, str(script.refused))
    if script.signs:
        return native(facts, *(str(sign) for sign in script.signs[:SHOWN]))
    for call in script.calls:
        for keyword in sorted(facts.knowledge.setup_keywords & set(call)):
            if is_something(call[keyword]):
                return native(facts, f"setup.py passes {keyword}", *(str(hint) for hint in script.hints[:SHOWN]))
        for keyword in ("distclass", "cmdclass"):
            if holds_made(call.get(keyword)):
                return native(
                    facts, f"setup.py passes a {keyword} that asks for a platform wheel", *map(str, script.hints)
                )
    if script.doubts:
        return in_doubt(facts, str(script.doubts[0]))
    return _judge_silent_script(facts, script)


def is_something(value: Value) -> bool:
    """Whether an argument of ``setup()`` may hold anything."""
    # An unknown value counts as something: no project computes an argument to leave it empty.
    return holds_made(value) or bool(value)


def _judge_silent_script(facts: SourceFacts, script: ScriptReading) -> Verdict:
    sources = compiled_sources(facts)
    if script.hints and (script.open_arguments or script.exhausted or not script.calls):
        return native(facts, *(str(hint) for hint in script.hints[:SHOWN]))
    if sources and (script.hints or script.exhausted):
        reason = script.hints[0] if script.hints else "setup.py is too long to follow"
        # Every call that states its extensions, and states none, is switched off.
        if not script.calls or any(call.get("ext_modules", "absent") not in (None, []) for call in script.calls):
            return native(facts, str(reason))
    if script.exhausted or not script.calls or script.open_arguments:
        return _judge_hidden_arguments(facts, script)
    evidence = "setup.py passes no extensions"
    if script.hints:
        evidence += f" unless asked to ({script.hints[0]})"
    return pure(evidence, *_unused(sources))


def _judge_hidden_arguments(facts: SourceFacts, script: ScriptReading) -> Verdict:
    """For a script whose arguments only running it would tell: pure where nothing at all could be compiled."""
    # A build tool that builds itself imports its own modules, which speak of extensions by trade.
    modules = (path for path in script.modules if facts.knowledge.backend(path.replace("/", ".")) is None)
    texts = (facts.tree.text(path) or "" for path in ("setup.py", *modules))
    if any(_mentions(facts, text) for text in texts):
        return in_doubt(facts, "setup.py hides its arguments, and speaks of extensions")
    suggestive = sorted(facts.project.build_requires & facts.knowledge.suggestive_requirements)
    if suggestive:
        return in_doubt(facts, f"setup.py hides its arguments, and [build-system] requires {', '.join(suggestive)}")
    if compiled_sources(facts):
        return in_doubt(facts, "setup.py hides its arguments")
    return pure("setup.py hides its arguments, but speaks of no extensions, and nothing could be compiled")


def _unused(sources: tuple[str, ...]) -> tuple[str, ...]:
    return (f"{len(sources)} compiled-language sources are not built, such as {sources[0]}",) if sources else ()


def _judge_declarative(facts: SourceFacts, name: str) -> Verdict:
    sources = compiled_sources(facts)
    suggestive = sorted(facts.project.build_requires & facts.knowledge.suggestive_requirements)
    if sources and suggestive:
        return native(facts, f"pyproject.toml: [build-system] requires {', '.join(suggestive)}")
    return pure(f"pyproject.toml: {name} without setup.py or extensions", *_unused(sources))


def _declared_extensions(facts: SourceFacts) -> str:
    project = facts.project
    if project.value("tool", "setuptools", "ext-modules"):
        return "pyproject.toml: [tool.setuptools] ext-modules"
    for table in ("setuptools-rust", "setuptools-golang"):
        if project.table("tool", table):
            return f"pyproject.toml: [tool.{table}]"
    text = facts.tree.text("setup.cfg") or ""
    section = re.search(r"^\[(extension[=:][^\]]*|ext_modules)\]", text, re.MULTILINE)
    return f"setup.cfg: [{section[1]}]" if section else ""


def _judge_unparsed(facts: SourceFacts) -> Verdict:
    """For a ``setup.py`` of Python 2: its text still shows whether it speaks of extensions at all."""
    text = facts.tree.text("setup.py") or ""
    if _mentions(facts, text):
        return native(facts, "setup.py is not Python 3, and speaks of extensions")
    if compiled_sources(facts):
        return in_doubt(facts, "setup.py is not Python 3")
    return pure("setup.py is not Python 3, speaks of no extensions, and nothing could be compiled")


def _mentions(facts: SourceFacts, text: str) -> bool:
    words = "|".join(map(re.escape, sorted(facts.knowledge.makers | facts.knowledge.setup_keywords - {"libraries"})))
    code = re.sub(r"#.*", "", text)
    return re.search(rf"\b(?:{words}|build_ext)\b", code) is not None


def judge_hooks(facts: SourceFacts, name: str) -> Verdict:
    """The verdict on a tree of hatchling or its kin, by each hook that is on by default."""
    hooks = list(_iter_hatch_hooks(facts))
    for place, hook, table in hooks:
        if table.get("enable-by-default") is False:
            continue
        if hook in facts.knowledge.native_hooks:
            return native(facts, f"pyproject.toml: {place}.{hook}")
        if hook == "custom":
            path = table.get("path")
            verdict = _judge_hook_script(facts, path if isinstance(path, str) else "hatch_build.py")
            if verdict.purity is not Purity.PURE:
                return verdict
        elif hook not in facts.knowledge.pure_hooks and compiled_sources(facts):
            return native(facts, f"pyproject.toml: {place}.{hook}, a plug-in that is not known")
    how = "with hooks that do not compile" if hooks else "without build hooks"
    return pure(f"pyproject.toml: {name} {how}")


def _iter_hatch_hooks(facts: SourceFacts) -> Iterator[tuple[str, str, Table]]:
    for keys in (("build", "hooks"), ("build", "targets", "wheel", "hooks")):
        for hook, table in facts.project.table("tool", "hatch", *keys).items():
            yield f"tool.hatch.{'.'.join(keys)}", hook, table if isinstance(table, dict) else {}


def _judge_hook_script(facts: SourceFacts, path: str) -> Verdict:
    text = facts.tree.text(path)
    if text is None:
        return in_doubt(facts, f"the build hook {path} is not in the archive")
    if re.search(r"""pure_python["'\]]*\s*[=:]\s*False|infer_tag["'\]]*\s*[=:]\s*True""", text):
        return native(facts, f"{path} asks for a platform wheel")
    return _judge_build_script(facts, path)


def judge_script_backend(facts: SourceFacts, name: str) -> Verdict:
    """The verdict on a tree whose backend (*name*) runs a build script, by what the script calls."""
    scripts = list(_iter_build_scripts(facts))
    for path in scripts:
        verdict = _judge_build_script(facts, path)
        if verdict.purity is not Purity.PURE:
            return verdict
    if facts.project.value("tool", "pdm", "build", "run-setuptools") is True:
        return judge_setup(facts, name)
    if facts.project.value("tool", "pdm", "build", "is-purelib") is False:
        return native(facts, "pyproject.toml: [tool.pdm.build] is-purelib = false")
    how = f"with {', '.join(scripts)}, which compiles nothing" if scripts else "without a build script"
    return pure(f"pyproject.toml: {name} {how}")


def _iter_build_scripts(facts: SourceFacts) -> Iterator[str]:
    for keys in (
        ("poetry", "build"),
        ("poetry", "build", "script"),
        ("pdm", "build", "custom-hook"),
        ("pdm", "build", "setup-script"),
    ):
        script = facts.project.value("tool", *keys)
        if isinstance(script, str):
            yield script
    if "pdm_build.py" in facts.tree.contents:
        yield "pdm_build.py"


def _judge_build_script(facts: SourceFacts, path: str) -> Verdict:
    text = facts.tree.text(path)
    if text is None:
        return in_doubt(facts, f"the build script {path} is not in the archive")
    try:
        tree = parse_tree(text)
    except SyntaxError:
        return in_doubt(facts, f"the build script {path} is not Python 3")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in facts.knowledge.makers:
                return native(facts, f"{path}:{node.lineno} {called}()")
    if compiled_sources(facts):
        return in_doubt(facts, f"the build script {path} may compile")
    return pure(f"{path} compiles nothing")


Table = Mapping[str, object]
_LEGACY = "setuptools.build_meta:__legacy__"  # the backend where none is declared (PEP 517)
SHOWN = 3  # sentences of one kind that a verdict shows


class ProjectTable(Struct, frozen=True, kw_only=True):
    """``pyproject.toml`` as far as it is one; all empty where the file is missing or is no TOML (``broken`` says so).

    ``build_requires`` are the canonical names in ``[build-system] requires``.
    """

    present: bool = False
    broken: str = ""
    backend: str = ""
    backend_path: tuple[str, ...] = ()
    build_requires: frozenset[NormalizedName] = frozenset()
    document: Table = field(default_factory=dict)

    def table(self, *keys: str) -> Table:
        """The table at *keys*, an empty one where there is none."""
        return table_at(self.document, *keys)

    def value(self, *keys: str) -> object:
        """The value at *keys*, or ``None``."""
        return self.table(*keys[:-1]).get(keys[-1])


def parse_project_table(tree: SourceTree) -> ProjectTable:
    """The tree's ``pyproject.toml``."""
    text = tree.text("pyproject.toml")
    if text is None:
        return ProjectTable(backend=_LEGACY)
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        return ProjectTable(present=True, broken=str(problem), backend=_LEGACY)
    system = document.get("build-system")
    system = system if isinstance(system, dict) else {}
    backend = system.get("build-backend")
    return ProjectTable(
        present=True,
        backend=backend if isinstance(backend, str) else _LEGACY,
        backend_path=tuple(text_items(system.get("backend-path"))),
        build_requires=frozenset(_names(text_items(system.get("requires")))),
        document=document,
    )


def text_items(value: object) -> list[str]:
    """The strings in *value*, if it is a list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _names(requirements: list[str]) -> list[NormalizedName]:
    names = []
    for text in requirements:
        with contextlib.suppress(InvalidRequirement):
            names.append(canonicalize_name(Requirement(text).name))
    return names


class SourceFacts(Struct, frozen=True, kw_only=True):
    """Everything that was read of a source tree; the rules of purity and of metadata judge it.

    ``switched_script`` is ``setup.py`` read as if every environment variable that it asks for were set.
    """

    tree: SourceTree
    identity: FileIdentity
    project: ProjectTable
    script: ScriptReading | None
    switched_script: ScriptReading | None = None
    knowledge: NativeKnowledge
    headers: Headers | None = None

    @property
    def kind(self) -> BackendKind | None:
        """The kind of the declared build backend, ``None`` for one that is not known."""
        found = self.knowledge.backend(self.project.backend)
        return found[1] if found else None


class Verdict(Struct, frozen=True, kw_only=True):
    """A purity and the sentences it stands on, strongest first."""

    purity: Purity
    evidence: tuple[str, ...]


def compiled_sources(facts: SourceFacts) -> tuple[str, ...]:
    """Paths of compiled-language sources that a build may use; those in folders of tests, documents or examples are left out."""
    suffixes = tuple(facts.knowledge.suffixes)
    return tuple(
        path
        for path in facts.tree.paths
        if path.lower().endswith(suffixes)
        and not any(part.lower() in facts.knowledge.ignored_folders for part in path.split("/")[:-1])
    )


def shown_sources(facts: SourceFacts) -> tuple[str, ...]:
    """A sentence that names the first compiled-language sources, or nothing."""
    sources = compiled_sources(facts)
    return (f"compiled-language sources: {folded(sources, SHOWN)}",) if sources else ()


def native(facts: SourceFacts, *evidence: str) -> Verdict:
    """Native on *evidence*, and on the compiled-language sources."""
    return Verdict(purity=Purity.NATIVE, evidence=(*evidence, *shown_sources(facts)))


def pure(*evidence: str) -> Verdict:
    """Pure on *evidence*."""
    return Verdict(purity=Purity.PURE, evidence=evidence)


def in_doubt(facts: SourceFacts, doubt: str) -> Verdict:
    """For a tree that cannot be understood: native where there is something to compile, unknown otherwise."""
    purity = Purity.NATIVE if compiled_sources(facts) else Purity.UNKNOWN
    return Verdict(purity=purity, evidence=(doubt, *shown_sources(facts)))
