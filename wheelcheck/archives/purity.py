"""Decides whether building a source tree compiles anything, and on what evidence; in doubt it says native or unknown.

A native project taken for pure sends a user into a compiler error; a pure one taken for native costs a second look. So
every rule here leans that way, and the share of both errors is measured in ``reports/judgement.md``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping

from wheelcheck.archives.hook_purity import judge_hooks, judge_script_backend
from wheelcheck.archives.setup_purity import is_something, judge_setup
from wheelcheck.archives.setup_values import Value
from wheelcheck.archives.source_facts import SourceFacts
from wheelcheck.archives.verdicts import Verdict, compiled_sources, lean, native, shown_sources
from wheelcheck.model.judgement import Purity
from wheelcheck.model.knowledge import BackendKind


def judge_purity(facts: SourceFacts) -> Verdict:
    """The verdict on *facts*; costs a look at each path and at the scripts already read."""
    if facts.project.broken:
        return lean(facts, f"pyproject.toml is not valid TOML: {facts.project.broken}")
    found = facts.knowledge.backend(facts.project.backend)
    compiling = sorted(facts.project.build_requires & facts.knowledge.compiling_requirements)
    if found is None:
        return _judge_own_backend(facts)
    name, kind = found
    if kind is BackendKind.PURE:
        return Verdict(purity=Purity.PURE, evidence=(f"pyproject.toml: {name} never compiles",))
    if kind is BackendKind.NATIVE:
        return Verdict(purity=Purity.NATIVE, evidence=(f"pyproject.toml: builds with {name}", *shown_sources(facts)))
    verdict = _JUDGES[kind](facts, name)
    if verdict.purity is not Purity.NATIVE and compiling:
        return Verdict(
            purity=Purity.NATIVE,
            evidence=(f"pyproject.toml: [build-system] requires {', '.join(compiling)}", *verdict.evidence),
        )
    return verdict


def way_round(facts: SourceFacts, verdict: Verdict) -> str:
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


# -- backends of the project's own


def _judge_own_backend(facts: SourceFacts) -> Verdict:
    """A backend in the tree usually wraps a known one: what it imports says which."""
    name = facts.project.backend
    if not facts.project.backend_path:
        return lean(facts, f"pyproject.toml: the build backend {name} is not known")
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
        return lean(facts, f"pyproject.toml: the build backend {name} is the project's own")
    backend, kind = min(wrapped, key=lambda pair: pair[0])
    if kind is BackendKind.PURE:
        verdict = lean(facts, f"pyproject.toml: {name}, the project's own backend, wraps {backend}")
        return verdict if verdict.purity is Purity.NATIVE else Verdict(purity=Purity.PURE, evidence=verdict.evidence)
    if kind is BackendKind.NATIVE:
        return native(facts, f"{name}, the project's own backend, wraps {backend}")
    if compiled_sources(facts):
        return native(facts, f"{name}, the project's own backend, wraps {backend}")
    return _JUDGES[kind](facts, backend)


def _imported_backends(facts: SourceFacts, path: str) -> set[tuple[str, BackendKind]]:
    try:
        tree = ast.parse(facts.tree.text(path) or "")
    except (SyntaxError, ValueError):
        return set()
    modules: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules.append(node.module)
    return {found for module in modules if (found := facts.knowledge.backend(module)) is not None}


_JUDGES: dict[BackendKind, Callable[[SourceFacts, str], Verdict]] = {
    BackendKind.SETUP: judge_setup,
    BackendKind.HOOKS: judge_hooks,
    BackendKind.SCRIPT: judge_script_backend,
}
