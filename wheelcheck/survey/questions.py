"""What each input asks, as a value that a worker answers without the input's files; equal questions are one.

``SurveyInput → Asked(places, Question) | FailureRow``. Reading is cheap and wants the client's files, settings and credentials;
resolving is dear and wants none of them. Two inputs ask the same if they require the same of the same indexes under the same
policy on the same targets, wherever they say it.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from wheelcheck.api.matrix import prepare_grid
from wheelcheck.api.preparing import Prepared
from wheelcheck.api.request import Request
from wheelcheck.api.targets import LoadedTargets, TargetWords, load_targets
from wheelcheck.errors import WheelcheckError
from wheelcheck.model.lock import Lock
from wheelcheck.model.requirement import FileOrigin, InputSet
from wheelcheck.ports import SilentReporter
from wheelcheck.settings.loading import load_settings
from wheelcheck.survey.rows import FailureRow, PlaceRow
from wheelcheck.survey.sources import SurveyInput

_KEY = 20  # hex digits: 80 bits, of which a million inputs collide with a chance of 10**-13


class Question(Struct, frozen=True, kw_only=True):
    """*prepared* asked on *targets*; *key* is the digest of all that can change the answer."""

    key: str
    prepared: Prepared
    targets: LoadedTargets


class Asked(Struct, frozen=True, kw_only=True):
    """What the input *id* asks, and where it names which project."""

    id: str
    question: Question
    places: tuple[PlaceRow, ...]


def ask(each: SurveyInput, request: Request, targets: TargetWords, version: str) -> Asked | FailureRow:
    """Read the input *each*; *request* has the options that all share, *version* is wheelcheck's own, which is part of the key."""
    with tempfile.TemporaryDirectory(prefix="wheelcheck-survey-") as scratch:
        words, top = each.words, each.top
        if each.text is not None:
            top = f"{scratch}/"
            Path(scratch, words[0]).write_text(each.text, encoding="utf-8")
            words = (top + words[0],)
        try:
            named = _targets(each, request.changed(words), targets)
            prepared = prepare_grid(request.changed(words), named.targets, SilentReporter())
        except WheelcheckError as error:
            return FailureRow(id=each.id, question="", reason=str(error).replace(top, "") if top else str(error))
    return Asked(
        id=each.id,
        question=Question(key=_key(prepared, named, version), prepared=_light(prepared), targets=named),
        places=tuple(_iter_places(each.id, prepared.read.inputs, top)),
    )


def _targets(each: SurveyInput, request: Request, words: TargetWords) -> LoadedTargets:
    settings = load_settings(Path(request.folder), request.environ)
    if not each.targets:
        return load_targets(words, settings, request, otherwise=("all",))
    pairs = [target.partition("/") for target in each.targets]
    found = [
        load_targets(
            TargetWords(platforms=(platform,), pythons=(python,) if python else words.pythons), settings, request
        )
        for platform, _, python in pairs
    ]
    return LoadedTargets(targets=tuple(dict.fromkeys(target for loaded in found for target in loaded.targets)))


def _light(prepared: Prepared) -> Prepared:
    """*prepared* without the client's environment, of which a worker needs what is in the configuration of the indexes already."""
    return replace(prepared, request=prepared.request.changed(folder=".", environ={}))


def _iter_places(asker: str, inputs: InputSet, top: str) -> Iterable[PlaceRow]:
    for each in inputs.requirements:
        if isinstance(each.origin, FileOrigin):
            yield PlaceRow(id=asker, name=each.name, file=each.origin.path.removeprefix(top), line=each.origin.line)


def _key(prepared: Prepared, targets: LoadedTargets, version: str) -> str:
    """The digest of the question; origins are no part of it, since they name who asks."""
    question, index = prepared.question, prepared.index
    said = [
        version,
        *sorted(f"{each.name}[{','.join(sorted(each.extras))}]{each.specifier};{each.marker}@{each.url}{each.hashes}"
                for each in question.requirements),
        *sorted(f"{each.name}{each.specifier};{each.marker}@{each.url}{each.hashes}" for each in question.constraints),
        *sorted(f"{each.kind} {each.text}" for each in question.unsupported),
        *map(_stable, (prepared.read.lock, prepared.read.extras, prepared.read.groups, prepared.repairs, prepared.imports,
                       prepared.options, question.policy, index.index_urls, index.tiers, index.strategy, index.find_links,
                       index.project_indexes)),
        *(f"{target.platform}/{target.python}" for target in targets.targets),
    ]  # fmt: skip
    return hashlib.sha256("\0".join(said).encode("utf-8", "backslashreplace")).hexdigest()[:_KEY]


def _stable(value: object) -> str:
    """*value* as a text that is the same in every process, and whoever asks: sets in order, and no places in files."""
    match value:
        case FileOrigin():
            return ""
        case Struct():
            fields = (name for name in value.__struct_fields__ if not (isinstance(value, Lock) and name == "path"))
            return f"{type(value).__name__}({','.join(f'{name}={_stable(getattr(value, name))}' for name in fields)})"
        case Mapping():
            return "{" + ",".join(sorted(f"{_stable(key)}:{_stable(each)}" for key, each in value.items())) + "}"
        case set() | frozenset():
            return "{" + ",".join(sorted(map(_stable, value))) + "}"
        case tuple() | list():
            return "(" + ",".join(map(_stable, value)) + ")"
        case Enum():
            return str(value.value)
        case _:  # numbers, texts, and what is written as it was read: versions, specifiers, markers, paths
            return repr(str(value))
