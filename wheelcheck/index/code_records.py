"""What is kept of each kind of question about code: how it is asked of an archive, packed, unpacked, and answered unread."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import BinaryIO, Generic, TypeVar

from msgspec import Struct

from wheelcheck.index.records import (
    ModuleRecord,
    SurveyRecord,
    UseRecord,
    decode_modules,
    decode_names,
    decode_survey,
    encode,
)
from wheelcheck.model.code import ImportKind, ImportSurvey, ImportUse, ModuleNames, ModuleState
from wheelcheck.ports import Archives

T = TypeVar("T")
E = TypeVar("E", bound=Enum)


class Question(Struct, Generic[T], frozen=True, kw_only=True):
    """A kind of question. *ask* reads an open archive (file, file name, the names or modules asked for).

    *unread* answers for an archive that could not be read (file name, what was asked for, the reason); *pack* and *unpack*
    are for the cache, the latter raises ``ValueError`` or msgspec's ``DecodeError``. *needs* are the modules whose sources it
    will read: all for ``None``.
    """

    word: str
    ask: Callable[[Archives, BinaryIO, str, frozenset[str]], T]
    unread: Callable[[str, frozenset[str], str], T]
    pack: Callable[[T], bytes]
    unpack: Callable[[bytes], T]
    needs: Callable[[frozenset[str]], frozenset[str] | None]


def _pack_survey(survey: ImportSurvey) -> bytes:
    uses = tuple(
        UseRecord(
            use.file,
            use.line,
            use.statement,
            use.importer,
            use.module,
            use.names,
            use.attributes,
            use.kind.name,
        )
        for use in survey.uses
    )
    inner = {module: tuple(sorted(imported)) for module, imported in survey.inner.items()}
    return encode(SurveyRecord(survey.filename, uses, inner, survey.unread))


def _unpack_survey(content: bytes) -> ImportSurvey:
    record: SurveyRecord = decode_survey(content)
    return ImportSurvey(
        filename=record.filename,
        uses=tuple(_use(use) for use in record.uses),
        inner={module: frozenset(imported) for module, imported in record.inner.items()},
        unread=record.unread,
    )


def _use(record: UseRecord) -> ImportUse:
    return ImportUse(
        file=record.file,
        line=record.line,
        statement=record.statement,
        importer=record.importer,
        module=record.module,
        names=record.names,
        attributes=record.attributes,
        kind=_member(ImportKind, record.kind),
    )


def _member(kind: type[E], name: str) -> E:
    try:
        return kind[name]
    except KeyError as problem:
        raise ValueError(f"no {kind.__name__} is named {name}") from problem


def _pack_modules(modules: tuple[ModuleNames, ...]) -> bytes:
    return encode(
        tuple(
            ModuleRecord(each.module, each.state.name, tuple(sorted(each.names)), each.open_ended) for each in modules
        )
    )


def _unpack_modules(content: bytes) -> tuple[ModuleNames, ...]:
    return tuple(
        ModuleNames(
            module=record.module,
            state=_member(ModuleState, record.state),
            names=frozenset(record.names),
            open_ended=record.open_ended,
        )
        for record in decode_modules(content)
    )


IMPORT_NAMES: Question[frozenset[str]] = Question(
    word="names",
    ask=lambda archives, file, filename, _: archives.import_names(file, filename),
    unread=lambda _filename, _asked, _reason: frozenset(),
    pack=lambda names: encode(tuple(sorted(names))),
    unpack=lambda content: frozenset(decode_names(content)),
    needs=lambda _: frozenset(),
)
IMPORTS: Question[ImportSurvey] = Question(
    word="imports",
    ask=lambda archives, file, filename, names: archives.imports(file, filename, names),
    unread=lambda filename, _, reason: ImportSurvey(filename=filename, unread=reason),
    pack=_pack_survey,
    unpack=_unpack_survey,
    needs=lambda _: None,
)
DEFINITIONS: Question[tuple[ModuleNames, ...]] = Question(
    word="definitions",
    ask=lambda archives, file, filename, modules: archives.definitions(file, filename, modules),
    unread=lambda _, modules, _reason: tuple(
        ModuleNames(module=module, state=ModuleState.UNREAD, open_ended=True) for module in sorted(modules)
    ),
    pack=_pack_modules,
    unpack=_unpack_modules,
    needs=lambda modules: modules,
)
