"""Finds what a source tree says of its dependencies without being built, best source first; guesses nothing.

Of ``setup.cfg`` and ``setup.py`` only literal statements count: where any part is computed, they say nothing.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Callable, Mapping

from msgspec import Struct
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.archives.core_metadata import Headers, normalized_extras, parse_headers, sort_requirements
from wheelcheck.archives.purity import SourceFacts, text_items
from wheelcheck.archives.source_tree import SourceTree
from wheelcheck.model.distribution import CoreMetadata, MetadataSource, as_version
from wheelcheck.model.knowledge import BackendKind
from wheelcheck.texts.poetry import poetry_requirements
from wheelcheck.texts.setup_values import ScriptReading
from wheelcheck.texts.setuptools import NotStatic, parse_config, stated_in_config, stated_in_script, with_condition

_SECTION = re.compile(r"^\[([^\]:]*)(?::(.*))?\]$")


class StatedDependencies(Struct, frozen=True):
    """Dependencies from one place; ``extras`` besides those that the lines name."""

    source: MetadataSource
    evidence: str
    requires: tuple[str, ...]
    extras: tuple[str, ...] = ()
    requires_python: str | None = None


def read_pkg_info(tree: SourceTree) -> Headers | None:
    """The fields of the tree's top-level PKG-INFO, else of its egg-info's."""
    for path in ("PKG-INFO", tree.egg_info("PKG-INFO")):
        if path is not None and path in tree.contents:
            return parse_headers(tree.contents[path])
    return None


def find_metadata(facts: SourceFacts) -> tuple[CoreMetadata | None, str]:
    """The dependency fields of the tree and, where there are none, a sentence that says why."""
    named = _named(facts)
    if isinstance(named, str):
        return None, named
    name, version = named
    for reader in _READERS:
        found = reader(facts)
        if found is not None:
            good, bad = sort_requirements(found.requires)
            return (
                CoreMetadata(
                    name=name,
                    version=version,
                    requires=good,
                    malformed=bad,
                    provides_extra=normalized_extras(found.extras),
                    requires_python=found.requires_python or _requires_python(facts),
                    source=found.source,
                    evidence=found.evidence,
                ),
                "",
            )
    return None, f"its dependencies are known only to a build{_place_of_computing(facts)}"


def _place_of_computing(facts: SourceFacts) -> str:
    """The line of ``setup.py`` that computes what the project needs, behind a colon; empty where none does."""
    try:
        if facts.script is not None:
            stated_in_script(facts.script, facts.tree.text("setup.py") or "")
    except NotStatic as computed:
        return f": setup.py:{computed.line}, {computed.reason}" if computed.line else ""
    return ""


def _named(facts: SourceFacts) -> tuple[NormalizedName, Version | None] | str:
    table = facts.project.table("project") or facts.project.table("tool", "poetry")
    claims: list[tuple[str, object, object]] = [("pyproject.toml", table.get("name"), table.get("version"))]
    if facts.headers is not None:
        claims.insert(0, ("PKG-INFO", facts.headers.name, facts.headers.version))
    calls = facts.script.calls if facts.script else []
    claims += [("setup.py", call.get("name"), call.get("version")) for call in calls]
    claims.append(("setup.cfg", *_config_identity(facts.tree)))
    for where, claimed, version_text in claims:
        if not isinstance(claimed, str) or not claimed:
            continue
        name, version = canonicalize_name(claimed), as_version(version_text)
        if facts.identity.admits(name, version):
            return next(((own, known) for own, known in facts.identity.readings if own == name), (name, version))
        if where == "PKG-INFO":
            return f"PKG-INFO speaks of {name} {version or ''}".rstrip() + ", which is not this file"
    if facts.identity.readings:
        return facts.identity.readings[0]
    return "nothing in it says which project it is"


def _static_pkg_info(facts: SourceFacts) -> StatedDependencies | None:
    headers = facts.headers
    if headers is None or not facts.tree.contents.get("PKG-INFO"):
        return None
    backend = facts.knowledge.backend(facts.project.backend)
    if headers.is_reliable:
        evidence = f"PKG-INFO, Metadata-Version {headers.metadata_version}"
    elif backend is not None and backend[0] in facts.knowledge.static_backends and not headers.dynamic:
        evidence = f"PKG-INFO, written by {backend[0]}, whose dependencies are always static"
    else:
        return None
    return _from_headers(headers, MetadataSource.SDIST_STATIC, evidence)


def _from_headers(headers: Headers, source: MetadataSource, evidence: str) -> StatedDependencies:
    return StatedDependencies(source, evidence, headers.requires, headers.extras, headers.requires_python)


def _project_table(facts: SourceFacts) -> StatedDependencies | None:
    project = facts.project.table("project")
    dynamic = text_items(project.get("dynamic"))
    from_files = _named_files(facts) if "dependencies" in dynamic else ()
    if not project or from_files is None or "optional-dependencies" in dynamic:
        return None
    optional = project.get("optional-dependencies")
    lines = [*text_items(project.get("dependencies")), *from_files]
    extras: list[str] = []
    for extra, members in optional.items() if isinstance(optional, Mapping) else ():
        extras.append(str(extra))
        lines += [with_condition(line, f'extra == "{extra}"') for line in text_items(members)]
    requires_python = project.get("requires-python")
    python = requires_python if isinstance(requires_python, str) else None
    evidence = "[project] in pyproject.toml"
    return StatedDependencies(MetadataSource.SDIST_STATIC, evidence, tuple(lines), tuple(extras), python)


def _named_files(facts: SourceFacts) -> tuple[str, ...] | None:
    """The requirements in the files that setuptools takes for dynamic dependencies; ``None`` where it takes none, or not these."""
    stated = facts.project.value("tool", "setuptools", "dynamic", "dependencies")
    named = stated.get("file") if isinstance(stated, Mapping) else None
    texts = [facts.tree.text(name) for name in ([named] if isinstance(named, str) else text_items(named))]
    if not texts:
        return None
    lines = [line.strip() for text in texts for line in (text or "-").splitlines()]
    asked = tuple(line for line in lines if line and not line.startswith("#"))
    return None if any(line.startswith("-") for line in asked) else asked


def _poetry_table(facts: SourceFacts) -> StatedDependencies | None:
    backend = facts.knowledge.backend(facts.project.backend)
    table = facts.project.table("tool", "poetry", "dependencies")
    if backend is None or not backend[0].startswith("poetry") or not table:
        return None
    extras = facts.project.table("tool", "poetry", "extras")
    # Only a folder has no name that tells what it is.
    read = poetry_requirements(table, extras, names_paths=not facts.identity.readings)
    if read is None:
        return None
    evidence = "[tool.poetry.dependencies] in pyproject.toml"
    return StatedDependencies(MetadataSource.SDIST_STATIC, evidence, read[0], tuple(extras), read[1])


def _recorded_pkg_info(facts: SourceFacts) -> StatedDependencies | None:
    headers = facts.headers
    if headers is None:
        return None
    runs_setup = facts.kind is BackendKind.SETUP or facts.kind is None
    # Before Metadata 2.2, setuptools left the dependencies out of the PKG-INFO of source archives.
    if not headers.requires and (runs_setup or facts.project.broken):
        return None
    return _from_headers(
        headers,
        MetadataSource.SDIST_RECORDED,
        f"PKG-INFO, Metadata-Version {headers.metadata_version}, as the maintainer's build wrote it",
    )


def _recorded_egg_info(facts: SourceFacts) -> StatedDependencies | None:
    path = facts.tree.egg_info("requires.txt")
    if path is not None and (text := facts.tree.text(path)) is not None:
        return StatedDependencies(MetadataSource.SDIST_RECORDED, path, *parse_requires_txt(text))
    record = facts.tree.egg_info("SOURCES.txt") or facts.tree.egg_info("PKG-INFO")
    if record is None:
        return None
    evidence = f"{record} without a requires.txt: no dependencies"
    return StatedDependencies(MetadataSource.SDIST_RECORDED, evidence, ())


def parse_requires_txt(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The requirements in setuptools' ``requires.txt``, sections turned into markers, and the extras it names."""
    lines: list[str] = []
    extras: dict[str, None] = {}
    condition = ""
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if section := _SECTION.match(line):
            extra, marker = section[1].strip(), (section[2] or "").strip()
            if extra:
                extras[extra] = None
            named = f'extra == "{extra}"' if extra else ""
            condition = f"({marker}) and {named}" if marker and named else marker or named
            continue
        lines.append(with_condition(line, condition))
    return tuple(lines), tuple(extras)


def _config_identity(tree: SourceTree) -> tuple[str | None, str | None]:
    config = _read_config(tree)
    if config is None or not config.has_section("metadata"):
        return None, None
    return config.get("metadata", "name", fallback=None), config.get("metadata", "version", fallback=None)


def _requires_python(facts: SourceFacts) -> str | None:
    if facts.headers is not None and facts.headers.requires_python:
        return facts.headers.requires_python
    declared = facts.project.value("project", "requires-python")
    if isinstance(declared, str):
        return declared
    config = _read_config(facts.tree)
    if config is not None and config.has_option("options", "python_requires"):
        return config.get("options", "python_requires").strip() or None
    for call in facts.script.calls if facts.script else []:
        stated = call.get("python_requires")
        if isinstance(stated, str):
            return stated
    return None


def _literal_config(facts: SourceFacts) -> StatedDependencies | None:
    """What ``install_requires`` in setup.cfg states, unless ``setup.py`` may say otherwise."""
    config = _read_config(facts.tree)
    if config is None or not config.has_option("options", "install_requires"):
        return None
    if facts.script is not None and (facts.script.open_arguments or _passes(facts.script, "install_requires")):
        return None
    stated = stated_in_config(config)
    if stated.files:
        return None
    return StatedDependencies(
        MetadataSource.SDIST_RECORDED, "install_requires in setup.cfg", stated.lines(), tuple(stated.extras or ())
    )


def _literal_script(facts: SourceFacts) -> StatedDependencies | None:
    """What the literal arguments of ``setup()`` state, where every call states the same."""
    script = facts.script
    if script is None:
        return None
    try:
        found = stated_in_script(script, facts.tree.text("setup.py") or "")
    except NotStatic:
        return None
    stated = _passes(script, "install_requires") or _passes(script, "extras_require")
    if not stated and _may_be_elsewhere(facts, script):
        return None
    evidence = "literal install_requires in setup.py" if stated else "setup.py, which asks for nothing"
    return StatedDependencies(
        MetadataSource.SDIST_RECORDED, evidence, found.lines(), tuple(found.extras or ()), found.requires_python
    )


def _may_be_elsewhere(facts: SourceFacts, script: ScriptReading) -> bool:
    """Whether dependencies may come from where setup() does not say: a plug-in, setup.cfg, or a dynamic table."""
    config = _read_config(facts.tree)
    if "setup.cfg" in facts.tree.contents and (config is None or config.has_option("options", "install_requires")):
        return True
    return any(call.get("setup_requires") for call in script.calls) or bool(facts.project.table("project"))


def _passes(script: ScriptReading, argument: str) -> bool:
    return any(call.get(argument) for call in script.calls)


def _read_config(tree: SourceTree) -> configparser.RawConfigParser | None:
    """The tree's setup.cfg, or ``None`` where there is none that can be read."""
    text = tree.text("setup.cfg")
    try:
        return None if text is None else parse_config(text)
    except configparser.Error:
        return None


_READERS: tuple[Callable[[SourceFacts], StatedDependencies | None], ...] = (
    _static_pkg_info,
    _project_table,
    _poetry_table,
    _recorded_pkg_info,
    _recorded_egg_info,
    _literal_config,
    _literal_script,
)
