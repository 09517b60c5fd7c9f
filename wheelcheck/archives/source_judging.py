"""Judges an unpacked source tree: its metadata, and whether building it compiles anything, each with the evidence.

A native project taken for pure sends a user into a compiler error; a pure one taken for native costs a second look. So in doubt
every rule says native or unknown, and the share of both errors is measured in ``reports/judgement.md``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from wheelcheck.archives.core_metadata import FileIdentity
from wheelcheck.archives.purity import (
    SourceFacts,
    Verdict,
    compiled_sources,
    in_doubt,
    is_something,
    judge_hooks,
    judge_script_backend,
    judge_setup,
    native,
    parse_project_table,
    pure,
)
from wheelcheck.archives.source_tree import SourceTree
from wheelcheck.archives.static_metadata import find_metadata, read_pkg_info
from wheelcheck.model.code import parse_tree
from wheelcheck.model.distribution import Judgement, Purity
from wheelcheck.model.knowledge import BackendKind, NativeKnowledge
from wheelcheck.texts.setup_script import read_script
from wheelcheck.texts.setup_values import Environ, ScriptReading, Value

# The rule of each kind of build backend; those that always or never compile need none.
_RULES: dict[BackendKind, Callable[[SourceFacts, str], Verdict]] = {
    BackendKind.SETUP: judge_setup,
    BackendKind.HOOKS: judge_hooks,
    BackendKind.SCRIPT: judge_script_backend,
}

_ASKS_FOR_SYSTEM = re.compile(
    r"\bsys\.platform\b|\bos\.name\b|\bplatform\.system\b|\bget_platform\b|import (?:platform|system)\b"
)


def judge_tree(tree: SourceTree, identity: FileIdentity, knowledge: NativeKnowledge) -> Judgement:
    """Metadata and purity of *tree*, which calls itself *identity*; costs a few ms, most of it for ``setup.py``."""
    facts = SourceFacts(
        tree=tree,
        identity=identity,
        project=parse_project_table(tree),
        script=_script(tree, Environ(), knowledge),
        switched_script=_script(tree, Environ("1"), knowledge),
        knowledge=knowledge,
        headers=read_pkg_info(tree),
    )
    verdict = _judge_purity(facts)
    metadata, why_not = find_metadata(facts)
    if verdict.purity is Purity.NATIVE and (fallback := _fallback(facts)):
        verdict = Verdict(purity=Purity.OPTIONAL, evidence=(fallback, *verdict.evidence))
    detour = _way_round(facts, verdict)
    return Judgement(
        purity=verdict.purity,
        evidence=(*verdict.evidence, *filter(None, (detour, why_not))),
        metadata=metadata,
        avoidable=bool(detour),
        pure_on=_pure_on(facts) if verdict.purity is Purity.NATIVE else (),
    )


def _pure_on(facts: SourceFacts) -> tuple[str, ...]:
    """The values of ``sys.platform`` on which the ``setup.py`` of *facts*, which asks for the system, compiles nothing."""
    if facts.kind is not BackendKind.SETUP or not _ASKS_FOR_SYSTEM.search(facts.tree.text("setup.py") or ""):
        return ()
    return tuple(
        system
        for system in ("darwin", "linux", "win32")
        if (script := _script(facts.tree, Environ(), facts.knowledge, system)) is not None
        and script.calls
        and _judge_purity(replace(facts, script=script)).purity is Purity.PURE
    )


def _script(tree: SourceTree, environ: Environ, knowledge: NativeKnowledge, system: str = "") -> ScriptReading | None:
    text = tree.text("setup.py")
    if text is None:
        return None
    try:
        return read_script("setup.py", text, knowledge, tree.text, environ, system=system)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _judge_purity(facts: SourceFacts) -> Verdict:
    """The verdict on *facts*; costs a look at each path and at the scripts already read."""
    if facts.project.broken:
        return in_doubt(facts, f"pyproject.toml is not valid TOML: {facts.project.broken}")
    found = facts.knowledge.backend(facts.project.backend)
    compiling = _compiling(facts)
    if found is None:
        return _judge_own_backend(facts)
    name, kind = found
    if kind is BackendKind.PURE:
        return pure(f"pyproject.toml: {name} never compiles")
    if kind is BackendKind.NATIVE:
        return native(facts, f"pyproject.toml: builds with {name}")
    verdict = _RULES[kind](facts, name)
    if verdict.purity is not Purity.NATIVE and compiling:
        return Verdict(
            purity=Purity.NATIVE,
            evidence=(f"pyproject.toml: [build-system] requires {', '.join(compiling)}", *verdict.evidence),
        )
    return verdict


def _compiling(facts: SourceFacts) -> list[str]:
    return sorted(facts.project.build_requires & facts.knowledge.compiling_requirements)


def _fallback(facts: SourceFacts) -> str:
    """How *facts* build a ``py3-none-any`` wheel of themselves where nothing can be compiled; empty where they do not.

    An extension marked optional is no such way: where it is left out, the wheel still has the tag of a platform.
    """
    script = facts.script
    if facts.kind is not BackendKind.SETUP or script is None or script.signs or _compiling(facts):
        return ""
    extends = [_extends(facts, call) for call in script.calls]
    if any(extends) and any(not extends[position] for position in script.fallbacks):
        return "setup.py calls setup() again without extensions where they cannot be compiled"
    return ""


def _way_round(facts: SourceFacts, verdict: Verdict) -> str:
    """How a native tree says that it can be built, if slower, without what it compiles; empty where it does not.

    It does so by an environment variable, by calling ``setup()`` again without extensions, by marking an extension optional, or
    by a setting of its own backend. Such a tree is native all the same: with a compiler at hand, its wheel fits one platform.
    Maintainers who leave a way round often, not always, publish a ``none-any`` wheel too.
    """
    if verdict.purity is not Purity.NATIVE:
        return ""
    if facts.project.backend_path and any(
        re.search(r"pure[-_]python", facts.tree.text(path) or "", re.IGNORECASE)
        for folder in facts.project.backend_path
        for path in facts.tree.iter_scripts()
        if folder.strip("./") and path.startswith(f"{folder.strip('./')}/")
    ):
        return f"{facts.project.backend} has a setting that leaves the compiled part out"
    if facts.kind not in (BackendKind.SETUP, None) or facts.script is None:
        return ""
    if facts.script.optional:
        return "setup.py marks an extension optional: where it cannot be compiled, it is left out"
    plain = [_extends(facts, call) for call in facts.script.calls]
    if any(plain) and not all(plain):
        return "setup.py also calls setup() without extensions: where they cannot be compiled, they are left out"
    switched = [_extends(facts, call) for call in facts.switched_script.calls] if facts.switched_script else []
    if any(plain) and switched and not all(switched):
        return "an environment variable that setup.py reads leaves the compiled part out"
    return ""


def _extends(facts: SourceFacts, call: Mapping[str, Value]) -> bool:
    return "**" in call or any(is_something(call.get(keyword)) for keyword in facts.knowledge.setup_keywords)


def _judge_own_backend(facts: SourceFacts) -> Verdict:
    """The verdict on a tree with a backend of its own, which usually wraps a known one: its imports say which."""
    name = facts.project.backend
    if not facts.project.backend_path:
        return in_doubt(facts, f"pyproject.toml: the build backend {name} is not known")
    module = name.partition(":")[0].replace(".", "/")
    folders = tuple(folder.strip("./") for folder in facts.project.backend_path)
    wrapped: set[tuple[str, BackendKind]] = set()
    for folder in folders:
        start = f"{folder}/{module}".strip("/")
        for path in facts.tree.iter_scripts():
            if path == f"{start}.py" or path.startswith(f"{start.rpartition('/')[0] or start}/"):
                wrapped |= _imported_backends(facts, path)
    kinds = {kind for _, kind in wrapped}
    if len(kinds) != 1:
        return in_doubt(facts, f"pyproject.toml: the build backend {name} is the project's own")
    backend, kind = min(wrapped, key=lambda pair: pair[0])
    if kind is BackendKind.PURE:
        verdict = in_doubt(facts, f"pyproject.toml: {name}, the project's own backend, wraps {backend}")
        return verdict if verdict.purity is Purity.NATIVE else pure(*verdict.evidence)
    if kind is BackendKind.NATIVE or compiled_sources(facts):
        return native(facts, f"{name}, the project's own backend, wraps {backend}")
    return _RULES[kind](facts, backend)


def _imported_backends(facts: SourceFacts, path: str) -> set[tuple[str, BackendKind]]:
    try:
        tree = parse_tree(facts.tree.text(path) or "")
    except SyntaxError:
        return set()
    modules: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules.append(node.module)
    return {found for module in modules if (found := facts.knowledge.backend(module)) is not None}
