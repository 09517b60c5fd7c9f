"""Decides whether building a source tree compiles anything, and on what evidence; in doubt it says native or unknown.

A native project taken for pure sends a user into a compiler error; a pure one taken for native costs a second look. So
every rule here leans that way, and the share of both errors is measured in ``reports/judgement.md``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from wheelcheck.archives.project_table import Table
from wheelcheck.archives.setup_expressions import ScriptReading
from wheelcheck.archives.setup_values import Value, holds_made
from wheelcheck.archives.static_metadata import SourceFacts
from wheelcheck.model import Purity
from wheelcheck.model.knowledge import BackendKind

_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A purity and the sentences it stands on, strongest first."""

    purity: Purity
    evidence: tuple[str, ...]


def judge_purity(facts: SourceFacts) -> Verdict:
    """The verdict on *facts*; costs a look at each path and at the scripts already read."""
    if facts.project.broken:
        return _lean(facts, f"pyproject.toml is not valid TOML: {facts.project.broken}")
    found = facts.knowledge.backend(facts.project.backend)
    compiling = sorted(facts.project.build_requires & facts.knowledge.compiling_requirements)
    if found is None:
        return _judge_own_backend(facts)
    name, kind = found
    if kind is BackendKind.PURE:
        return Verdict(purity=Purity.PURE, evidence=(f"pyproject.toml: {name} never compiles",))
    if kind is BackendKind.NATIVE:
        return Verdict(purity=Purity.NATIVE, evidence=(f"pyproject.toml: builds with {name}", *_shown_sources(facts)))
    verdict = _JUDGES[kind](facts, name)
    if verdict.purity is not Purity.NATIVE and compiling:
        return Verdict(
            purity=Purity.NATIVE,
            evidence=(f"pyproject.toml: [build-system] requires {', '.join(compiling)}", *verdict.evidence),
        )
    return verdict


def is_avoidable(facts: SourceFacts, verdict: Verdict) -> bool:
    """Whether a native tree says that it can be built without what it compiles, if slower.

    It does so by an environment variable, by calling ``setup()`` again without extensions, by marking an extension optional, or
    by a setting of its own backend. Maintainers who do this often, not always, publish a ``none-any`` wheel too.
    """
    if verdict.purity is not Purity.NATIVE:
        return False
    if facts.project.backend_path and any(
        re.search(r"pure[-_]python", facts.tree.text(path) or "", re.IGNORECASE)
        for folder in facts.project.backend_path
        for path in facts.tree.iter_scripts()
        if folder.strip("./") and path.startswith(f"{folder.strip('./')}/")
    ):
        return True
    if facts.kind not in (BackendKind.SETUP, None) or facts.script is None:
        return False
    if facts.script.optional:
        return True
    plain = [_extends(facts, call) for call in facts.script.calls]
    switched = [_extends(facts, call) for call in facts.switched_script.calls] if facts.switched_script else []
    return any(plain) and (not all(plain) or (bool(switched) and not all(switched)))


def _extends(facts: SourceFacts, call: Mapping[str, Value]) -> bool:
    return "**" in call or any(_is_something(call.get(keyword)) for keyword in facts.knowledge.setup_keywords)


def compiled_sources(facts: SourceFacts) -> tuple[str, ...]:
    """Paths of compiled-language sources that a build may use: none in folders of tests, documents or examples."""
    suffixes = tuple(facts.knowledge.suffixes)
    return tuple(
        path
        for path in facts.tree.paths
        if path.lower().endswith(suffixes)
        and not any(part.lower() in facts.knowledge.ignored_folders for part in path.split("/")[:-1])
    )


def _shown_sources(facts: SourceFacts) -> tuple[str, ...]:
    sources = compiled_sources(facts)
    if not sources:
        return ()
    more = f" and {len(sources) - _SHOWN} more" if len(sources) > _SHOWN else ""
    return (f"compiled-language sources: {', '.join(sources[:_SHOWN])}{more}",)


def _native(facts: SourceFacts, *evidence: str) -> Verdict:
    return Verdict(purity=Purity.NATIVE, evidence=(*evidence, *_shown_sources(facts)))


def _lean(facts: SourceFacts, doubt: str) -> Verdict:
    """For a tree that cannot be understood: native where there is something to compile, unknown otherwise."""
    purity = Purity.NATIVE if compiled_sources(facts) else Purity.UNKNOWN
    return Verdict(purity=purity, evidence=(doubt, *_shown_sources(facts)))


# -- setuptools and its kin


def _judge_setup(facts: SourceFacts, name: str) -> Verdict:
    declared = _declared_extensions(facts)
    if declared:
        return _native(facts, declared)
    script = facts.script
    if script is None:
        if "setup.py" in facts.tree.contents:
            return _judge_unparsed(facts)
        if not facts.project.present and "setup.cfg" not in facts.tree.contents:
            return _lean(facts, "neither pyproject.toml nor setup.py says how it is built")
        return _judge_declarative(facts, name)
    if script.signs:
        return _native(facts, *(str(sign) for sign in script.signs[:_SHOWN]))
    for call in script.calls:
        for keyword in sorted(facts.knowledge.setup_keywords & set(call)):
            if _is_something(call[keyword]):
                return _native(facts, f"setup.py passes {keyword}", *(str(hint) for hint in script.hints[:_SHOWN]))
        for keyword in ("distclass", "cmdclass"):
            if holds_made(call.get(keyword)):
                return _native(
                    facts, f"setup.py passes a {keyword} that asks for a platform wheel", *map(str, script.hints)
                )
    return _judge_silent_script(facts, script)


def _is_something(value: Value) -> bool:
    # What is not known counts as something: no project computes an argument to leave it empty.
    return holds_made(value) or bool(value)


def _judge_silent_script(facts: SourceFacts, script: ScriptReading) -> Verdict:
    sources = compiled_sources(facts)
    text = facts.tree.text("setup.py") or ""
    if script.hints and (script.open_arguments or script.exhausted or not script.calls):
        return _native(facts, *(str(hint) for hint in script.hints[:_SHOWN]))
    if sources and (script.hints or script.exhausted):
        reason = script.hints[0] if script.hints else "setup.py is too long to follow"
        if not _is_switched_off(script):
            return _native(facts, str(reason))
    if (script.exhausted or not script.calls or script.open_arguments) and (
        _mentions(facts, text) or (sources and facts.project.build_requires & facts.knowledge.suggestive_requirements)
    ):
        return _lean(facts, "setup.py hides its arguments, and speaks of extensions")
    evidence = "setup.py passes no extensions"
    if script.hints:
        evidence += f" unless asked to ({script.hints[0]})"
    return Verdict(purity=Purity.PURE, evidence=(evidence, *_unused(sources)))


def _is_switched_off(script: ScriptReading) -> bool:
    """Whether every call of setup() states its extensions, and states none."""
    return bool(script.calls) and all(call.get("ext_modules", "absent") in (None, []) for call in script.calls)


def _unused(sources: tuple[str, ...]) -> tuple[str, ...]:
    return (f"{len(sources)} compiled-language sources are not built, such as {sources[0]}",) if sources else ()


def _judge_declarative(facts: SourceFacts, name: str) -> Verdict:
    sources = compiled_sources(facts)
    suggestive = sorted(facts.project.build_requires & facts.knowledge.suggestive_requirements)
    if sources and suggestive:
        return _native(facts, f"pyproject.toml: [build-system] requires {', '.join(suggestive)}")
    return Verdict(
        purity=Purity.PURE, evidence=(f"pyproject.toml: {name} without setup.py or extensions", *_unused(sources))
    )


def _declared_extensions(facts: SourceFacts) -> str:
    project = facts.project
    if project.value("tool", "setuptools", "ext-modules"):
        return "pyproject.toml: [tool.setuptools] ext-modules"
    for table in ("setuptools-rust", "setuptools-golang", "cython"):
        if table != "cython" and project.table("tool", table):
            return f"pyproject.toml: [tool.{table}]"
    text = facts.tree.text("setup.cfg") or ""
    section = re.search(r"^\[(extension[=:][^\]]*|ext_modules)\]", text, re.MULTILINE)
    return f"setup.cfg: [{section[1]}]" if section else ""


def _judge_unparsed(facts: SourceFacts) -> Verdict:
    """For a ``setup.py`` of Python 2: its text still shows whether it speaks of extensions at all."""
    text = facts.tree.text("setup.py") or ""
    if _mentions(facts, text):
        return _native(facts, "setup.py is not Python 3, and speaks of extensions")
    if compiled_sources(facts):
        return _lean(facts, "setup.py is not Python 3")
    return Verdict(
        purity=Purity.PURE,
        evidence=("setup.py is not Python 3, speaks of no extensions, and nothing could be compiled",),
    )


def _mentions(facts: SourceFacts, text: str) -> bool:
    words = "|".join(map(re.escape, sorted(facts.knowledge.makers | facts.knowledge.setup_keywords - {"libraries"})))
    code = re.sub(r"#.*", "", text)
    return re.search(rf"\b(?:{words}|build_ext)\b", code) is not None


# -- backends with hooks or scripts in their tables


def _judge_hooks(facts: SourceFacts, name: str) -> Verdict:
    hooks = list(_iter_hatch_hooks(facts))
    for place, hook, table in hooks:
        if table.get("enable-by-default") is False:
            continue
        if hook in facts.knowledge.native_hooks:
            return _native(facts, f"pyproject.toml: {place}.{hook}")
        if hook == "custom":
            path = table.get("path")
            verdict = _judge_hook_script(facts, path if isinstance(path, str) else "hatch_build.py")
            if verdict.purity is not Purity.PURE:
                return verdict
        elif hook not in facts.knowledge.pure_hooks and compiled_sources(facts):
            return _native(facts, f"pyproject.toml: {place}.{hook}, a plug-in that is not known")
    told = "with hooks that do not compile" if hooks else "without build hooks"
    return Verdict(purity=Purity.PURE, evidence=(f"pyproject.toml: {name} {told}",))


def _iter_hatch_hooks(facts: SourceFacts) -> Iterator[tuple[str, str, Table]]:
    for keys in (("build", "hooks"), ("build", "targets", "wheel", "hooks")):
        for source, prefix in ((facts.project, ("tool", "hatch")),):
            for hook, table in source.table(*prefix, *keys).items():
                yield f"tool.hatch.{'.'.join(keys)}", hook, table if isinstance(table, dict) else {}


def _judge_hook_script(facts: SourceFacts, path: str) -> Verdict:
    text = facts.tree.text(path)
    if text is None:
        return _lean(facts, f"the build hook {path} is not in the archive")
    if re.search(r"""pure_python["'\]]*\s*[=:]\s*False|infer_tag["'\]]*\s*[=:]\s*True""", text):
        return _native(facts, f"{path} asks for a platform wheel")
    return _judge_build_script(facts, path)


def _judge_script_backend(facts: SourceFacts, name: str) -> Verdict:
    scripts = list(_iter_build_scripts(facts))
    for path in scripts:
        verdict = _judge_build_script(facts, path)
        if verdict.purity is not Purity.PURE:
            return verdict
    if facts.project.value("tool", "pdm", "build", "run-setuptools") is True:
        return _judge_setup(facts, name)
    if facts.project.value("tool", "pdm", "build", "is-purelib") is False:
        return _native(facts, "pyproject.toml: [tool.pdm.build] is-purelib = false")
    told = f"with {', '.join(scripts)}, which compiles nothing" if scripts else "without a build script"
    return Verdict(purity=Purity.PURE, evidence=(f"pyproject.toml: {name} {told}",))


def _iter_build_scripts(facts: SourceFacts) -> Iterator[str]:
    build = facts.project.value("tool", "poetry", "build")
    if isinstance(build, str):
        yield build
    script = facts.project.value("tool", "poetry", "build", "script")
    if isinstance(script, str):
        yield script
    for key in ("custom-hook", "setup-script"):
        hook = facts.project.value("tool", "pdm", "build", key)
        if isinstance(hook, str):
            yield hook
    if not facts.project.table("tool", "pdm", "build") or "pdm_build.py" in facts.tree.contents:
        yield from (path for path in ("pdm_build.py",) if path in facts.tree.contents)


def _judge_build_script(facts: SourceFacts, path: str) -> Verdict:
    text = facts.tree.text(path)
    if text is None:
        return _lean(facts, f"the build script {path} is not in the archive")
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return _lean(facts, f"the build script {path} is not Python 3")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in facts.knowledge.makers:
                return _native(facts, f"{path}:{node.lineno} {called}()")
    if compiled_sources(facts):
        return _lean(facts, f"the build script {path} may compile")
    return Verdict(purity=Purity.PURE, evidence=(f"{path} compiles nothing",))


# -- backends of the project's own


def _judge_own_backend(facts: SourceFacts) -> Verdict:
    """A backend in the tree usually wraps a known one: what it imports says which."""
    name = facts.project.backend
    if not facts.project.backend_path:
        return _lean(facts, f"pyproject.toml: the build backend {name} is not known")
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
        return _lean(facts, f"pyproject.toml: the build backend {name} is the project's own")
    backend, kind = min(wrapped, key=lambda pair: pair[0])
    if kind is BackendKind.PURE:
        verdict = _lean(facts, f"pyproject.toml: {name}, the project's own backend, wraps {backend}")
        return verdict if verdict.purity is Purity.NATIVE else Verdict(purity=Purity.PURE, evidence=verdict.evidence)
    if kind is BackendKind.NATIVE:
        return _native(facts, f"{name}, the project's own backend, wraps {backend}")
    if compiled_sources(facts):
        return _native(facts, f"{name}, the project's own backend, wraps {backend}")
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
    BackendKind.SETUP: _judge_setup,
    BackendKind.HOOKS: _judge_hooks,
    BackendKind.SCRIPT: _judge_script_backend,
}
