"""Understands repair knowledge and the evidence on build backends from TOML, one function for each table; opens no file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from wheelcheck.knowledge import kinds
from wheelcheck.knowledge.kinds import Table
from wheelcheck.model.finding import Severity
from wheelcheck.model.knowledge import (
    AbiBreak,
    Advisory,
    BackendKind,
    BuildLabel,
    BuildNeeds,
    Elsewhere,
    IndexHost,
    NativeKnowledge,
    OwnPlatform,
    PythonLife,
    Remedy,
    RepairKnowledge,
    Substitute,
    VendorIndex,
)

_TABLES = (
    "advisory",
    "abi_break",
    "substitute",
    "own_platform",
    "elsewhere",
    "index",
    "label",
    "host",
    "import_names",
    "python",
    "build",
)

_NATIVE_LISTS = {
    "metadata": ("static_backends",),
    "build_requires": ("compiling", "suggestive"),
    "setup": ("makers", "keywords", "tools"),
    "sources": ("suffixes", "ignored_folders"),
    "hooks": ("native", "pure"),
}
_backend_kind = kinds.parsed_by(BackendKind, f"use one of {', '.join(kind.value for kind in BackendKind)}")

_Entry = TypeVar("_Entry")


def parse_repair_knowledge(text: str, address: str) -> RepairKnowledge:
    """Understand *text*, TOML with any of the tables that the shipped files describe; *address* names it in messages.

    Raises ``SettingsInvalid`` with the file and the key for text that is no TOML, unknown tables and keys, missing and
    malformed values, and two entries of one file that claim the same place.
    """
    document = Table.of_document(text, address, _TABLES)
    names = document.table("import_names")
    for table in document.tables("host", IndexHost.__struct_fields__):
        _host(table)  # checked alone: it is searched as text where it is needed
    # The keys of an entry are the fields of its type.
    return RepairKnowledge(
        advisories=_entries(document.tables("advisory", Advisory.__struct_fields__), _advisory, lambda entry: entry.id),
        abi_breaks=_entries(document.tables("abi_break", AbiBreak.__struct_fields__), _abi_break, _place_of_break),
        substitutes=_entries(
            document.tables("substitute", Substitute.__struct_fields__),
            _substitute,
            lambda entry: f"{entry.project} by {entry.replacement}",
        ),
        own_platforms=tuple(map(_own_platform, document.tables("own_platform", OwnPlatform.__struct_fields__))),
        elsewhere=tuple(map(_elsewhere, document.tables("elsewhere", Elsewhere.__struct_fields__))),
        indexes=_entries(document.tables("index", VendorIndex.__struct_fields__), _index, lambda entry: entry.name),
        labels=_entries(document.tables("label", BuildLabel.__struct_fields__), _label, lambda entry: entry.label),
        pythons=_entries(document.tables("python", PythonLife.__struct_fields__), _python, lambda entry: entry.minor),
        builds=tuple(map(_build_needs, document.tables("build", BuildNeeds.__struct_fields__))),
        import_names={_project_key(names, key): frozenset(names.some(key, kinds.import_name)) for key in names.keys},
    )


def joined(parts: Iterable[RepairKnowledge]) -> RepairKnowledge:
    """All of *parts*, one at least, as one; of entries that claim the same place the later replaces the earlier."""
    whole, *later = parts
    for part in later:
        replaced = {entry.project for entry in part.substitutes}
        whole = RepairKnowledge(
            advisories=_by(lambda entry: entry.id, whole.advisories, part.advisories),
            abi_breaks=_by(_place_of_break, whole.abi_breaks, part.abi_breaks),
            # One project may have several substitutes, which are one entry as far as replacing goes.
            substitutes=(*(entry for entry in whole.substitutes if entry.project not in replaced), *part.substitutes),
            # Of several that name a project the last counts.
            own_platforms=(*whole.own_platforms, *part.own_platforms),
            elsewhere=(*whole.elsewhere, *part.elsewhere),
            indexes=_by(lambda entry: entry.name, whole.indexes, part.indexes),
            labels=_by(lambda entry: entry.label, whole.labels, part.labels),
            pythons=_by(lambda entry: entry.minor, whole.pythons, part.pythons),
            builds=(*whole.builds, *part.builds),
            import_names={**whole.import_names, **part.import_names},
        )
    return whole


def _by(place: Callable[[_Entry], str], known: tuple[_Entry, ...], later: tuple[_Entry, ...]) -> tuple[_Entry, ...]:
    return tuple({place(entry): entry for entry in (*known, *later)}.values())


def _place_of_break(entry: AbiBreak) -> str:
    return f"{entry.project} {entry.release}"


def _entries(
    tables: tuple[Table, ...], understand: Callable[[Table], _Entry], place: Callable[[_Entry], str]
) -> tuple[_Entry, ...]:
    found: dict[str, _Entry] = {}
    for table in tables:
        entry = understand(table)
        if place(entry) in found:
            raise table.problem("", f"says {place(entry)} a second time", "merge the two, or tell them apart")
        found[place(entry)] = entry
    return tuple(found.values())


def _advisory(table: Table) -> Advisory:
    advisory = Advisory(
        id=table.one("id", kinds.identifier),
        when=table.some("when", kinds.requirement),
        unless=table.each("unless", kinds.requirement),
        platforms=table.each("platforms", kinds.platform_pattern),
        python=table.one("python", kinds.pythons) if "python" in table else SpecifierSet(),
        severity=table.one("severity", kinds.severity) if "severity" in table else Severity.WARNING,
        message=table.one("message", kinds.sentence),
        evidence=table.some("evidence", kinds.link),
        remedies=tuple(_remedy(each) for each in table.tables("remedies", ("constrain", "override"))),
    )
    names = [each.name for each in advisory.when]
    if len(set(names)) < len(names):
        raise table.problem("when", "names a project twice", 'join its bounds: "project>=1,<2"')
    return advisory


def _remedy(table: Table) -> Remedy:
    match table.keys:
        case ("constrain",):
            return Remedy(kind="constrain", requirement=table.one("constrain", kinds.bound))
        case ("override",):
            return Remedy(kind="override", requirement=table.one("override", kinds.bound))
        case _:
            raise table.problem("", "has not exactly one key", 'write {constrain = "…"} or {override = "…"}')


def _abi_break(table: Table) -> AbiBreak:
    return AbiBreak(
        project=table.one("project", kinds.project),
        release=table.one("release", kinds.version),
        date=table.one("date", kinds.day),
        unless=table.each("unless", kinds.requirement),
        message=table.one("message", kinds.sentence),
        evidence=table.some("evidence", kinds.link),
    )


def _substitute(table: Table) -> Substitute:
    substitute = Substitute(
        project=table.one("project", kinds.project),
        replacement=table.one("replacement", kinds.project),
        differs=table.one("differs", kinds.sentence),
        same_versions=table.truth("same_versions") is not False,
        same_api=table.truth("same_api") is not False,
        imported_as=table.one("imported_as", kinds.import_name) if "imported_as" in table else "",
        platforms=table.each("platforms", kinds.platform_pattern),
        evidence=table.some("evidence", kinds.link),
    )
    if substitute.project == substitute.replacement:
        raise table.problem("replacement", "is the project itself")
    return substitute


def _own_platform(table: Table) -> OwnPlatform:
    return OwnPlatform(
        projects=table.some("projects", kinds.project_pattern),
        systems=table.some("systems", kinds.word),
        why=table.one("why", kinds.sentence),
        evidence=table.some("evidence", kinds.link),
    )


def _elsewhere(table: Table) -> Elsewhere:
    return Elsewhere(
        project=table.one("project", kinds.project),
        says=table.one("says", kinds.sentence),
        platforms=table.each("platforms", kinds.platform_pattern),
        evidence=table.some("evidence", kinds.link),
    )


def _index(table: Table) -> VendorIndex:
    return VendorIndex(
        name=table.one("name", kinds.identifier),
        url=table.one("url", kinds.link),
        projects=frozenset(table.each("projects", kinds.project)),
        platforms=table.each("platforms", kinds.platform_pattern),
        labels=table.each("labels", kinds.label_pattern),
        message=table.one("message", kinds.sentence),
        evidence=table.some("evidence", kinds.link),
    )


def _host(table: Table) -> IndexHost:
    return IndexHost(
        host=table.one("host", kinds.identifier),
        absent_statuses=table.some("absent_statuses", kinds.matching(r"[45]\d\d", "not a status such as 403")),
        evidence=table.some("evidence", kinds.link),
    )


def _label(table: Table) -> BuildLabel:
    return BuildLabel(
        label=table.one("label", kinds.label_pattern),
        means=table.one("means", kinds.sentence),
        works=table.truth("works") is True,
        evidence=table.some("evidence", kinds.link),
    )


def _python(table: Table) -> PythonLife:
    return PythonLife(
        minor=table.one("minor", kinds.minor),
        released=table.one("released", kinds.day) if "released" in table else "",
        free_threaded=table.truth("free_threaded") is True,
        secure_until=table.one("secure_until", kinds.day),
        evidence=table.some("evidence", kinds.link),
    )


def _build_needs(table: Table) -> BuildNeeds:
    systems = {name: table.each(name, kinds.word) for name in ("debian", "alpine", "fedora", "macos")}
    return BuildNeeds(
        projects=frozenset(table.some("projects", kinds.project)),
        needs=table.one("needs", kinds.sentence),
        windows=table.one("windows", kinds.sentence) if "windows" in table else "",
        evidence=table.some("evidence", kinds.link),
        **systems,
    )


def _project_key(table: Table, key: str) -> NormalizedName:
    try:
        return kinds.project(key)
    except ValueError as problem:
        raise table.problem(key, f"is {problem}") from problem


def parse_native(text: str, address: str) -> NativeKnowledge:
    """Understand *text* (TOML in the shape of ``native.toml``); *address* names it in messages.

    Raises ``SettingsInvalid`` for text that is no TOML, unknown tables or keys, and values of the wrong kind.
    """
    document = Table.of_document(text, address, ("backends", *_NATIVE_LISTS))
    backends = document.table("backends")
    lists = {name: document.table(name, keys) for name, keys in _NATIVE_LISTS.items()}

    def words(table: str, key: str) -> frozenset[str]:
        return frozenset(lists[table].each(key, kinds.word))

    return NativeKnowledge(
        backends={module: backends.one(module, _backend_kind) for module in backends.keys},
        static_backends=words("metadata", "static_backends"),
        compiling_requirements=words("build_requires", "compiling"),
        suggestive_requirements=words("build_requires", "suggestive"),
        makers=words("setup", "makers"),
        setup_keywords=words("setup", "keywords"),
        build_tools=words("setup", "tools"),
        suffixes=words("sources", "suffixes"),
        ignored_folders=words("sources", "ignored_folders"),
        native_hooks=words("hooks", "native"),
        pure_hooks=words("hooks", "pure"),
    )
