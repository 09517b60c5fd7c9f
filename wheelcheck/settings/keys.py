"""Every key of ``[tool.wheelcheck]`` with its type and meaning, in one table for reading, help and documentation; reads nothing."""

from __future__ import annotations

from collections.abc import Sequence

from wheelcheck.values import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """One key: *kind* is the type in a reader's words, *sentence* what it does, *default* what counts without it, if anything."""

    name: str
    kind: str
    sentence: str
    default: str = ""


KEYS: tuple[Key, ...] = (
    Key("platform", "string or list of strings", "Wheel platform tags or aliases to plan for, as --platform."),
    Key("python", "string or list of strings", "Python versions to plan for, as --python."),
    Key("targets", "string or list of strings", "Targets as PLATFORM/PYTHON, besides each platform with each python."),
    Key("sdist", "deny, pure or any", "Which source archives may be used.", "pure for plan, deny for check"),
    Key("pre", "true or false", "Whether pre-releases of every project are admitted.", "false"),
    Key("exclude-newer", "date or string", "Files uploaded after this day or instant do not exist."),
    Key("index-url", "string", "The index, in place of pip's and the default one; ${NAME} is replaced."),
    Key("extra-index-url", "string or list of strings", "Indexes asked for what the first lacks, in order."),
    Key("find-links", "string or list of strings", "Folders (from this file's folder) or pages that list files."),
    Key("constraints", "list of strings", "Bounds that add no projects: requirements, or files of them."),
    Key("overrides", "list of strings", "Requirements, or files of them, that replace every other on their project."),
    Key("excludes", "list of strings", "Projects to leave out of every requirement list."),
    Key("extras", "list of strings", "Extras of the pyproject.toml among the inputs."),
    Key("groups", "list of strings", "Dependency groups of the pyproject.toml among the inputs."),
    Key("cache-dir", "string", "Where the cache lies, from this file's folder."),
    Key("max-seconds", "number above 0", "When to give up and say what is known.", "120"),
    Key("repairs", "whole number", "How many repairs of a blocked plan to look for; 0 looks for none.", "3"),
    Key("repair-seconds", "number above 0", "How long to look for repairs.", "20"),
    Key("knowledge", "string or list of strings", "Folders (from this file's folder) of your own knowledge files."),
    Key("indexes", "table of strings", "Names for index URLs, to be used in sources."),
    Key("sources", "table of strings", "The one index for a project: its name in indexes, or its URL."),
    Key(
        "fail-on",
        "string or list of strings",
        "Codes, or what they begin with (WC2), that fail a check besides errors.",
    ),
    Key(
        "warn-only",
        "string or list of strings",
        "Codes, or what they begin with, that warn at most; a longer one wins.",
    ),
    Key(
        "allow",
        "array of tables",
        "Findings to live with: package, reason and expires (the last day); versions and targets narrow it, "
        "codes say which (WC1: no usable wheel).",
    ),
    Key(
        "baseline",
        "string",
        "The file (from this file's folder) of findings that were there before; only new ones fail.",
    ),
)
NAMES = tuple(each.name for each in KEYS)


def nearest_key(name: str, known: Sequence[str] = NAMES) -> str:
    """A hint with the key among *known* that *name* was likely meant to be."""
    from difflib import get_close_matches

    plain = name.lower().replace("_", "-")
    near = get_close_matches(plain, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"the keys are {', '.join(known)}"
