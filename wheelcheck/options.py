"""The one table of options: every option that shapes an answer, with its type, flags, words for people and key in the settings.

Each field of a typed dictionary here is one option, and its :class:`Option` says the rest. The options of the command line, the
keyword arguments of :func:`wheelcheck.plan` and :func:`wheelcheck.check`, the keys of ``[tool.wheelcheck]``, ``wheelcheck config``,
the commands that are printed and the reference page are derived from it. To add an option, add one field, then use its value. An
option that one command alone has and that shapes no answer (``fetch --dry-run``) is declared in that command's module.

Neither click nor msgspec is imported, since ``--help`` needs the table and must start at once.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, TypedDict, get_args

from wheelcheck.option_rows import (
    ASKING,
    CACHING,
    CONNECTING,
    EXPLAINING,
    GRIDS,
    ONE_TARGET,
    PLAN,
    Key,
    Option,
    Words,
)

SdistPolicy = Literal["deny", "pure", "any"]
IndexStrategy = Literal["first-index", "unsafe-first-match", "unsafe-best-match"]
ImportScope = Literal["all", "suspects", "none"]
ColorChoice = Literal["auto", "always", "never"]

_CODES = "Codes, or what they begin with, that"
_SEVERAL = "As for plan, any number of times or with commas; all for the usual ones."
_ALIKE = "As for plan, any number of times or with commas; targets with the same answer are told together."
_AS_CHECK = "As for check, any number of times."
_GIVEN_AGAIN = "may be given again. Default: those of the settings, else"


_PLATFORM_FLAGS = "--platform --python-platform"
_PYTHON_FLAGS = "-p --python --python-version"
_TARGET_FLAGS = "-t --target"
_PLATFORM = Key("platform", "platforms", "Wheel platform tags or aliases to plan for, as --platform.")
_PYTHON = Key("python", "pythons", "Python versions to plan for, as --python.")


class TargetOptions(TypedDict, total=False):
    """The one target of a plan."""

    platform: Annotated[str | None, Option(
        _PLATFORM_FLAGS, "TAG", "Wheel platform tag (win_amd64, manylinux_2_28_x86_64, …), target of uv, or a word: windows, mac, "
        "linux/arm64, alpine, ubuntu-22.04.", (*PLAN, "tree", "explain"), key=_PLATFORM,
    )]  # fmt: skip
    python: Annotated[str | None, Option(
        _PYTHON_FLAGS, "VERSION", "3.11, 3.11.9, 3.13t (free-threaded) or pp3.11 (PyPy).", (*PLAN, "tree", "explain"), key=_PYTHON,
    )]  # fmt: skip
    target_file: Annotated[str | None, Option(
        _TARGET_FLAGS, "TAG|FILE", "As --platform; or a file made by `wheelcheck target` on the machine itself.",
        (*PLAN, "tree", "explain"),
    )]  # fmt: skip


class TargetsOptions(TypedDict, total=False):
    """The targets of a command that has many: platforms times Pythons, files, and what names targets already."""

    platforms: Annotated[tuple[str, ...], Option(_PLATFORM_FLAGS, "TAG", commands=(), key=_PLATFORM, own={
        "check": Words(_SEVERAL),
        "diff": Words(_AS_CHECK),
        "overview": Words("A row; may be given again. Default: found in the project, else all.", "TAG|all"),
        **dict.fromkeys(("matrix", "survey"), Words(f"A row; {_GIVEN_AGAIN} all.", "TAG|all")),
        "wheels": Words(f"A column; {_GIVEN_AGAIN} all common ones.", "TAG|all"),
        "why": Words(_ALIKE, "TAG|all"),
    })]  # fmt: skip
    pythons: Annotated[tuple[str, ...], Option(_PYTHON_FLAGS, "VERSION", commands=(), key=_PYTHON, own={
        "check": Words(_SEVERAL),
        "diff": Words(_AS_CHECK),
        "overview": Words("A column; may be given again. Default: found in the project, else the running one.", "VERSION|all"),
        **dict.fromkeys(("matrix", "survey"), Words(f"A column; {_GIVEN_AGAIN} all.", "VERSION|all")),
        "wheels": Words(f"A Python; {_GIVEN_AGAIN} the running one.", "VERSION|all"),
        "why": Words(_ALIKE, "VERSION|all"),
    })]  # fmt: skip
    target_files: Annotated[tuple[str, ...], Option(_TARGET_FLAGS, "TAG|FILE", commands=(), own=dict.fromkeys(
        ("check", "diff", "wheels", "why", *GRIDS),
        Words("As --platform; or a file made by `wheelcheck target` on the machine itself."),
    ))]  # fmt: skip
    targets_from: Annotated[tuple[str, ...], Option("--targets-from", "FILE", commands=(), own={
        "check": Words(
            "Take targets from a file that names them: Dockerfile, .python-version, pyproject.toml, GitHub workflow.",
            flags="--targets-from --from-dockerfile",
        ),
        "diff": Words("As for check: a file that names targets."),
        **dict.fromkeys(GRIDS, Words("Take cells from a Dockerfile, .python-version, pyproject.toml or GitHub workflow.")),
    })]  # fmt: skip


class GateOptions(TypedDict, total=False):
    """What fails a check."""

    fail_on: Annotated[tuple[str, ...], Option("--fail-on", "CODES", commands=(), own={
        "check": Words(f"{_CODES} fail besides errors (WC2,WC501)."),
        "diff": Words("As for check: what fails besides errors."),
    }, key=Key("fail-on", "codes", "Codes, or what they begin with (WC2), that fail a check besides errors."))]  # fmt: skip
    warn_only: Annotated[tuple[str, ...], Option("--warn-only", "CODES", commands=(), own={
        "check": Words(f"{_CODES} warn at most."),
        "diff": Words("As for check: what warns at most."),
    }, key=Key("warn-only", "codes", f"{_CODES} warn at most; a longer one wins."))]  # fmt: skip
    baseline: Annotated[str | None, Option("--baseline", "FILE", commands=(), own={
        "check": Words("Findings that were there before; only new ones fail."),
        "diff": Words("Findings that were there before; they fail on neither side."),
    }, key=Key(
        "baseline", "path", "The file (from this file's folder) of findings that were there before; only new ones fail.",
    ))]  # fmt: skip


class InputOptions(TypedDict, total=False):
    """Other words for INPUT; the library has no use for them."""

    requirement_files: Annotated[tuple[str, ...], Option(
        "-r --requirement --requirements", "FILE", "A file as INPUT, in pip's words.",
        ("plan", "why", "tree", "check", "overview", "matrix"),
    )]  # fmt: skip


class QuestionOptions(TypedDict, total=False):
    """What is asked of the resolver, and where it looks."""

    constraints: Annotated[tuple[str, ...], Option(
        "-c --constraint", "REQ|FILE", "Bounds that add no packages.",
        key=Key("constraints", "requirements", "Bounds that add no projects: requirements, or files of them.", adds=True),
    )]  # fmt: skip
    overrides: Annotated[tuple[str, ...], Option(
        "--override", "REQ|FILE", "Replace every requirement on a project.", recorded=True, per_project=True,
        key=Key(
            "overrides", "requirements", "Requirements, or files of them, that replace every other on their project.", adds=True,
        ),
    )]  # fmt: skip
    replacements: Annotated[tuple[str, ...], Option(
        "--replace", "REQ", "Replace your own requirement on a project; others keep theirs.", recorded=True, per_project=True,
    )]  # fmt: skip
    excludes: Annotated[tuple[str, ...], Option(
        "--exclude", "NAME", "Leave a project out of every requirement list.", commas=True, recorded=True, per_project=True,
        key=Key("excludes", "names", "Projects to leave out of every requirement list.", adds=True),
    )]  # fmt: skip
    extras: Annotated[tuple[str, ...], Option(
        "--extra", "NAME", "An extra of the project or lock.", commas=True,
        key=Key("extras", "names", "Extras of the pyproject.toml among the inputs."),
    )]  # fmt: skip
    groups: Annotated[tuple[str, ...], Option(
        "--group", "NAME", "A dependency group (PEP 735), or an environment of Hatch or pixi.", commas=True,
        key=Key("groups", "listed words", "Dependency groups of the pyproject.toml among the inputs."),
    )]  # fmt: skip
    all_extras: Annotated[bool, Option("--all-extras", "", "Every extra of the project or lock.")]
    all_groups: Annotated[bool, Option("--all-groups", "", "Every dependency group of the project or lock.")]
    sdist: Annotated[SdistPolicy | None, Option(
        "--sdist", "", "Which source archives may be used.", recorded=True, plain="pure",
        own={"explain": Words("Which source archives may be used. Default: none in place of a failed build, else pure.")},
        key=Key("sdist", "policy", "Which source archives may be used.", "pure for plan, deny for check"),
    )]  # fmt: skip
    only_binary: Annotated[tuple[str, ...], Option(
        "--only-binary", "NAME|:all:", "Take no source archive of these projects; :all: is --sdist deny.", EXPLAINING,
        recorded=True, commas=True,
    )]  # fmt: skip
    no_binary: Annotated[tuple[str, ...], Option(
        "--no-binary", "NAME|:all:", "Take no wheel of these projects.", EXPLAINING, recorded=True, commas=True,
    )]  # fmt: skip
    pre: Annotated[bool | None, Option(
        "--pre/--no-pre", "", "Admit pre-releases of every project.", ASKING, recorded=True, plain=False,
        key=Key("pre", "flag", "Whether pre-releases of every project are admitted.", "false"),
    )]  # fmt: skip
    exclude_newer: Annotated[str | None, Option(
        "--exclude-newer", "DATE", "Ignore files uploaded after this day (2026-11-01), instant, or span (7 days).", ASKING,
        recorded=True,
        key=Key("exclude-newer", "moment", "Files uploaded after this day or instant do not exist."),
    )]  # fmt: skip
    index_url: Annotated[str | None, Option(
        "-i --index-url --default-index", "URL", "The index, in place of the default one.", CONNECTING,
        key=Key("index-url", "url", "The index, in place of pip's and the default one; ${NAME} is replaced."),
    )]  # fmt: skip
    extra_index_urls: Annotated[tuple[str, ...], Option(
        "--extra-index-url", "URL", "Another index.", CONNECTING,
        key=Key("extra-index-url", "urls", "Other indexes, in order.", adds=True),
    )]  # fmt: skip
    named_indexes: Annotated[tuple[str, ...], Option(
        "--index", "[NAME=]URL", "Another index, with a name for --source.", CONNECTING,
    )]  # fmt: skip
    index_strategy: Annotated[IndexStrategy | None, Option(
        "--index-strategy", "", "How several indexes are read, in uv's words. Default: as the input's own installer does.", ASKING,
        recorded=True,
        key=Key("index-strategy", "strategy", "How several indexes are read, in uv's words.", "as the input's own installer does"),
    )]  # fmt: skip
    find_links: Annotated[tuple[str, ...], Option(
        "-f --find-links", "PATH|URL", "A folder or page of files.", CONNECTING,
        key=Key("find-links", "places", "Folders (from this file's folder) or pages that list files.", adds=True),
    )]  # fmt: skip
    sources: Annotated[tuple[str, ...], Option(
        "--source", "NAME=URL", "The one index for a project: its URL or name.", ASKING, recorded=True, per_project=True,
        key=Key("sources", "sources", "The one index for a project: its name in indexes, or its URL.", adds=True),
    )]  # fmt: skip
    no_index: Annotated[bool, Option("--no-index", "", "Use --find-links only.", CONNECTING)]
    max_seconds: Annotated[float | None, Option(
        "--max-seconds", "SECONDS", "Give up after this time (120).", (*ONE_TARGET, "diff", *GRIDS, "explain"),
        own={"check": Words("Give up on a target after this time (120).")},
        key=Key("max-seconds", "seconds", "When to give up and say what is known.", "120"),
    )]  # fmt: skip


class FixOptions(TypedDict, total=False):
    """The repair that a plan applies."""

    fix: Annotated[str | None, Option(
        "--fix", "[=RISK|ID]", "Apply the cheapest repair at or under RISK (low, medium, high; medium if none is given), or the "
        "one with this ID (--fix=R2), and plan the result.", PLAN,
    )]  # fmt: skip


class RepairSwitch(TypedDict, total=False):
    """The command line's word for ``repairs=0``."""

    no_repair: Annotated[bool, Option(
        "--no-repair", "", "Look for no repairs of a blocked plan.", (*PLAN, "check", *GRIDS, "explain"),
    )]  # fmt: skip


class RunOptions(TypedDict, total=False):
    """How far to look, and what to look in; *folder* is where settings are looked for, *environ* the process's environment."""

    repairs: Annotated[int | None, Option(
        "--repairs", "N", "Look for so many repairs (3).", (*PLAN, "explain"),
        own={"check": Words("Look for so many repairs of each failing target (1).")},
        key=Key("repairs", "count", "How many repairs of a blocked plan to look for; 0 looks for none.", "3"),
    )]  # fmt: skip
    imports: Annotated[ImportScope | None, Option(
        "--imports", "",
        "Whose imports are read for what fails: suspects (wheels older than the target's Python; the default), all, none.",
        (*PLAN, "check"), own=dict.fromkeys(GRIDS, Words("As for plan, but none by default.")),
        key=Key("imports", "import scope", "Whose imports are read.", "suspects"),
    )]  # fmt: skip
    repair_seconds: Annotated[float | None, Option(
        "--repair-seconds", "SECONDS", "End the search for repairs after this time (120).", (*PLAN, *GRIDS, "explain"),
        own={"check": Words(
            "End the search for repairs after this time in the whole run (120).",
        )},
        key=Key("repair-seconds", "seconds", "When to end the search for repairs; trials and rounds bound it before.", "120"),
    )]  # fmt: skip
    knowledge: Annotated[tuple[str, ...], Option(
        "--knowledge", "DIR", "A folder of your own knowledge files.", (*EXPLAINING, "bundle", "runtime"),
        key=Key("knowledge", "folders", "Folders (from this file's folder) of your own knowledge files.", adds=True),
    )]  # fmt: skip
    offline: Annotated[bool, Option("--offline", "", "Answer from the cache alone.", CACHING)]
    refresh: Annotated[bool, Option("--refresh", "", "Ask the index again, however fresh the cache is.", ASKING)]
    cache_dir: Annotated[str | None, Option(
        "--cache-dir", "DIR", "Where the cache lies.", CACHING,
        key=Key("cache-dir", "path", "Where the cache lies, from this file's folder."),
    )]  # fmt: skip
    no_cache: Annotated[bool, Option("--no-cache", "", "Neither read nor write the cache.", CACHING)]
    runtime_mirror: Annotated[str | None, Option(
        "--runtime-mirror", "URL", "Where Pythons are fetched from, in place of their publishers; it has their folders.",
        ("bundle", "runtime"),
        key=Key(
            "runtime-mirror", "place", "Where Pythons are fetched from; WHEELCHECK_RUNTIME_MIRROR comes first.", "their publishers",
        ),
    )]  # fmt: skip
    folder: str
    environ: Mapping[str, str]


class ShowingOptions(TypedDict, total=False):
    """How the answer is shown; the library has no use for them."""

    quiet: Annotated[bool, Option("-q --quiet", "", "Print errors only.", (*CACHING, "verify"))]
    verbose: Annotated[bool, Option("-v --verbose", "", "Print every finding and package.", (*CACHING, "verify"))]
    color: Annotated[ColorChoice, Option(
        "--color", "", "Colour the summary; auto heeds the terminal, NO_COLOR and FORCE_COLOR.", (*CACHING, "verify"),
        default="auto",
    )]  # fmt: skip
    no_color: Annotated[bool, Option("--no-color", "", "As --color never.", (*CACHING, "verify"))]
    no_progress: Annotated[bool, Option("--no-progress", "", "No progress line on stderr.", (*CACHING, "verify"))]


class SettingsAlone(TypedDict, total=False):
    """What only the settings can say."""

    targets: Annotated[tuple[str, ...], Option(
        commands=(), key=Key("targets", "targets", "Targets as PLATFORM/PYTHON, besides each platform with each python."),
    )]  # fmt: skip
    indexes: Annotated[Mapping[str, str], Option(
        commands=(), key=Key("indexes", "urls by name", "Names for index URLs, to be used in sources.", adds=True),
    )]  # fmt: skip
    allowances: Annotated[tuple[object, ...], Option(commands=(), key=Key(
        "allow", "allowances", "Findings to live with: package, reason and expires (the last day); versions and targets narrow it, "
        "codes say which (WC1: no usable wheel).", adds=True,
    ))]  # fmt: skip


class RequestOptions(TargetOptions, QuestionOptions, FixOptions, RunOptions, total=False):
    """The keyword arguments of :func:`wheelcheck.plan`."""


class CheckOptions(TargetsOptions, GateOptions, QuestionOptions, RunOptions, total=False):
    """The keyword arguments of :func:`wheelcheck.check`; *today* (ISO 8601) is the day that allowances are held against."""

    relock: Annotated[bool, Option("--relock", commands=(), own={
        "check": Words("Resolve what a lock was made of instead of reading the lock."),
    })]  # fmt: skip
    today: str


def _table(*groups: type) -> Iterator[tuple[str, Option]]:
    for group in groups:
        for name, annotation in group.__annotations__.items():
            for option in getattr(annotation, "__metadata__", ()):
                declared = annotation.__origin__
                option.name = name
                option.type = next((each for each in get_args(declared) if type(None) in get_args(declared)), declared)
                yield name, option


OPTIONS: dict[str, Option] = dict(
    _table(
        InputOptions, TargetOptions, TargetsOptions, GateOptions, QuestionOptions, FixOptions, RepairSwitch, RunOptions,
        ShowingOptions, SettingsAlone, CheckOptions,
    )
)  # fmt: skip
"""Every option by the name of its value, in the order in which help lists them."""

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Targets", (*TargetOptions.__annotations__, *TargetsOptions.__annotations__)),
    ("What is asked", (
        *InputOptions.__annotations__, "extras", "all_extras", "groups", "all_groups", "constraints", "overrides", "replacements",
        "excludes", "sdist", "only_binary", "no_binary", "pre", "exclude_newer", "relock",
    )),
    ("What fails", (*GateOptions.__annotations__, "write_baseline")),
    ("Indexes", (
        "index_url", "extra_index_urls", "named_indexes", "index_strategy", "find_links", "sources", "no_index", "offline",
        "refresh", "cache_dir", "no_cache", "runtime_mirror",
    )),
    ("Repairs and imports", ("fix", "repairs", "no_repair", "imports", "repair_seconds", "max_seconds", "knowledge")),
    ("Output", ("form", "formats", "as_json", "output", *ShowingOptions.__annotations__)),
)  # fmt: skip
"""The parts of a command's help, with the names of their options, those that commands declare themselves among them."""

_FIRST_KEYS = (
    "platform", "python", "targets", "sdist", "pre", "exclude-newer", "index-url", "extra-index-url", "find-links", "constraints",
    "overrides", "excludes", "extras", "groups", "cache-dir", "max-seconds", "repairs", "repair-seconds", "knowledge", "indexes",
    "sources", "fail-on", "warn-only", "allow", "baseline",
)  # fmt: skip
_KEYS = {option.key.name: option.key for option in OPTIONS.values() if option.key is not None}
KEYS: Mapping[str, Key] = {name: _KEYS[name] for name in (*_FIRST_KEYS, *_KEYS)}
"""Every key of ``[tool.wheelcheck]`` by its name, in the order in which the reference lists them; a new one comes last."""
