"""Judges trees whose backend compiles only in hooks or scripts that its table in pyproject.toml names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from wheelcheck.archives.project_table import Table
from wheelcheck.archives.setup_purity import judge_setup
from wheelcheck.archives.source_facts import SourceFacts
from wheelcheck.archives.verdicts import Verdict, compiled_sources, lean, native
from wheelcheck.model.judgement import Purity


def judge_hooks(facts: SourceFacts, name: str) -> Verdict:
    """The verdict on a tree of hatchling or its kin: each hook that is on by default, then none."""
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
        return lean(facts, f"the build hook {path} is not in the archive")
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
        return lean(facts, f"the build script {path} is not in the archive")
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return lean(facts, f"the build script {path} is not Python 3")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in facts.knowledge.makers:
                return native(facts, f"{path}:{node.lineno} {called}()")
    if compiled_sources(facts):
        return lean(facts, f"the build script {path} may compile")
    return Verdict(purity=Purity.PURE, evidence=(f"{path} compiles nothing",))
