"""Dependencies that setup.cfg or setup.py state literally; where any part of them is computed, none."""

from __future__ import annotations

import configparser
from collections.abc import Iterable, Mapping

from msgspec import Struct

from wheelcheck.archives.sdists.facts import SourceFacts
from wheelcheck.archives.sdists.setup_values import ScriptReading, Value, literal_texts
from wheelcheck.archives.source_tree import SourceTree
from wheelcheck.model.distribution import MetadataSource


class StatedDependencies(Struct, frozen=True):
    """Dependencies from one place; ``extras`` besides those that the lines name."""

    source: MetadataSource
    evidence: str
    requires: tuple[str, ...]
    extras: tuple[str, ...] = ()
    requires_python: str | None = None


def literal_config(facts: SourceFacts) -> StatedDependencies | None:
    """What ``install_requires`` in setup.cfg states, unless ``setup.py`` may say otherwise."""
    config = read_config(facts.tree)
    if config is None or not config.has_option("options", "install_requires"):
        return None
    if facts.script is not None and (facts.script.open_arguments or _passes(facts.script, "install_requires")):
        return None
    values = {"": config.get("options", "install_requires")}
    if config.has_section("options.extras_require"):
        values.update(config.items("options.extras_require"))
    if any(text.strip().startswith(("file:", "attr:")) for text in values.values()):
        return None
    lines: list[str] = []
    for key, text in values.items():
        lines += _conditioned(key, literal_texts(text) or [])
    extras = tuple(filter(None, (key.partition(":")[0] for key in values)))
    return StatedDependencies(MetadataSource.SDIST_RECORDED, "install_requires in setup.cfg", tuple(lines), extras)


def literal_script(facts: SourceFacts) -> StatedDependencies | None:
    """What the literal arguments of ``setup()`` state, where every call states the same."""
    script = facts.script
    if script is None or script.open_arguments or script.exhausted or not script.calls:
        return None
    answer, *others = {_arguments(call) for call in script.calls}
    if others or answer is None:
        return None
    stated = _passes(script, "install_requires") or _passes(script, "extras_require")
    if not stated and _may_be_elsewhere(facts, script):
        return None
    evidence = "literal install_requires in setup.py" if stated else "setup.py, which asks for nothing"
    return StatedDependencies(MetadataSource.SDIST_RECORDED, evidence, *answer)


def _may_be_elsewhere(facts: SourceFacts, script: ScriptReading) -> bool:
    """Whether dependencies may come from where setup() does not say: a plug-in, setup.cfg, or a dynamic table."""
    config = read_config(facts.tree)
    if "setup.cfg" in facts.tree.contents and (config is None or config.has_option("options", "install_requires")):
        return True
    plug_in = any(call.get("setup_requires") or call.get("pbr") for call in script.calls)
    return plug_in or bool(facts.project.table("project"))


_Answer = tuple[tuple[str, ...], tuple[str, ...], str | None]


def _arguments(call: Mapping[str, Value]) -> _Answer | None:
    wanted = literal_texts(call.get("install_requires") or [])
    optional = call.get("extras_require") or {}
    if wanted is None or not isinstance(optional, dict) or "**" in optional:
        return None
    lines = list(wanted)
    extras: list[str] = []
    for key, members in optional.items():
        texts = literal_texts(members)
        if texts is None:
            return None
        lines += _conditioned(key, texts)
        extras += filter(None, [key.partition(":")[0]])
    requires_python = call.get("python_requires")
    return tuple(lines), tuple(extras), requires_python if isinstance(requires_python, str) else None


def _passes(script: ScriptReading, argument: str) -> bool:
    return any(call.get(argument) for call in script.calls)


def _conditioned(key: str, lines: Iterable[str]) -> list[str]:
    extra, _, marker = key.partition(":")
    conditions = [f"({marker})"] if marker else []
    conditions += [f'extra == "{extra}"'] if extra else []
    return [with_marker(line, " and ".join(conditions)) for line in lines]


def with_marker(line: str, condition: str) -> str:
    """The requirement *line*, which holds only under *condition* too; an empty one changes nothing."""
    if not condition:
        return line
    requirement, separator, marker = line.partition(";")
    if not separator:
        return f"{line} ; {condition}"
    return f"{requirement.strip()} ; ({marker.strip()}) and {condition}"


def read_config(tree: SourceTree) -> configparser.RawConfigParser | None:
    """The tree's setup.cfg, or ``None`` where there is none that can be read."""
    text = tree.text("setup.cfg")
    if text is None:
        return None
    config = configparser.RawConfigParser(strict=False)
    config.optionxform = str  # type: ignore[assignment,method-assign]  # extras keep their case
    try:
        config.read_string(text)
    except configparser.Error:
        return None
    return config
