"""What each input asks, as a value that a worker answers without the input's files; equal questions are one.

``SurveyInput → Asked(places, Question) | FailureRow``. Reading is cheap and wants the client's files, settings and credentials;
resolving is dear and wants none of them. Two inputs ask the same if they require the same of the same indexes under the same
policy on the same targets and day, wherever they say it. What a question holds is packed once, by the client, and unpacked by
whoever answers it: the engine between them sees bytes.
"""

from __future__ import annotations

import hashlib
import pickle
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
from wheelcheck.settings.loading import Settings, load_settings, settings_over
from wheelcheck.survey.sources import SurveyInput
from wheelcheck.survey.tables import FailureRow, PlaceRow

_KEY = 20  # hex digits: 80 bits, of which a million inputs collide with a chance of 10**-13


class Question(Struct, frozen=True, kw_only=True):
    """What is asked: a ``Prepared`` and its ``LoadedTargets``, pickled; *key* is the digest of all that can change the answer."""

    key: str
    prepared: bytes
    targets: bytes


class Asked(Struct, frozen=True, kw_only=True):
    """What the input *id* asks by the *key* of the question, and where it names which project.

    *question* is ``None`` where an equal text has asked it before.
    """

    id: str
    key: str
    question: Question | None
    places: tuple[PlaceRow, ...]


class Asker:
    """Reads inputs; what they share is read once: the settings, the targets, and each of the texts that are equal."""

    def __init__(self, request: Request, targets: TargetWords, *, version: str, day: str, scratch: Path) -> None:
        """*request* has the options that all inputs share; wheelcheck's *version* and the *day* are part of each key.

        Texts are written below *scratch*, each alone, and removed once they are read.
        """
        self._scratch = scratch / "texts"
        self._scratch.mkdir()
        self._request = request
        self._words = targets
        self._said = (version, day)
        self._settings = load_settings(Path(request.folder), request.environ)
        self._targets: dict[tuple[str, ...], tuple[LoadedTargets, bytes]] = {}
        self._texts: dict[bytes, Asked | FailureRow] = {}

    def ask(self, each: SurveyInput) -> Asked | FailureRow:
        """What the input *each* asks, or why it could not be read."""
        if each.text is None:
            return self._read(each, each.words, each.top)
        said = repr((each.words, each.text, each.targets, sorted(each.settings.items())))
        digest = hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()
        found = self._texts.get(digest)
        if found is None:
            path = self._scratch / each.words[0]
            path.write_text(each.text, encoding="utf-8", errors="surrogatepass")
            found = self._read(each, (str(path),), f"{self._scratch}/")
            path.unlink()
            self._texts[digest] = replace(found, question=None) if isinstance(found, Asked) else found
            return found
        if isinstance(found, FailureRow):
            return replace(found, id=each.id)
        return replace(found, id=each.id, places=tuple(replace(place, id=each.id) for place in found.places))

    def _read(self, each: SurveyInput, words: tuple[str, ...], top: str) -> Asked | FailureRow:
        request = self._request.changed(words)
        try:
            settings = self._settings
            if each.settings:
                settings = settings_over(settings, each.settings, each.place, request.environ)
            named, packed = self._named(each, request, settings)
            prepared = prepare_grid(request, named.targets, SilentReporter(), settings)
        except WheelcheckError as error:
            return FailureRow(id=each.id, question="", reason=str(error).replace(top, "") if top else str(error))
        key = _key(prepared, named, self._said)
        # Of the client's environment a worker needs what is in the configuration of the indexes already.
        light = replace(prepared, request=prepared.request.changed(folder=".", environ={}))
        return Asked(
            id=each.id,
            key=key,
            question=Question(key=key, prepared=pickle.dumps(light), targets=packed),
            places=tuple(_iter_places(each.id, prepared.read.inputs, top)),
        )

    def _named(self, each: SurveyInput, request: Request, settings: Settings) -> tuple[LoadedTargets, bytes]:
        """The targets of *each*, and packed; read once for all that name the same, unless an input may say what it is for."""
        words = self._words
        is_shared = bool(each.targets or words.platforms or words.files or words.sources) and not each.settings
        if is_shared and each.targets in self._targets:
            return self._targets[each.targets]
        if each.targets:
            pairs = (target.partition("/") for target in each.targets)
            asked = (
                TargetWords(platforms=(platform,), pythons=(python,) if python else words.pythons)
                for platform, _, python in pairs
            )
            loaded = (load_targets(one, settings, request).targets for one in asked)
            found = LoadedTargets(targets=tuple(dict.fromkeys(target for targets in loaded for target in targets)))
        else:
            found = load_targets(words, settings, request, otherwise=("all",))
        named = found, pickle.dumps(found)
        if is_shared:
            self._targets[each.targets] = named
        return named


def _iter_places(asker: str, inputs: InputSet, top: str) -> Iterable[PlaceRow]:
    for each in inputs.requirements:
        if isinstance(each.origin, FileOrigin):
            yield PlaceRow(id=asker, name=each.name, file=each.origin.path.removeprefix(top), line=each.origin.line)


def _key(prepared: Prepared, targets: LoadedTargets, said_before: tuple[str, ...]) -> str:
    """The digest of the question; origins are no part of it, since they name who asks."""
    question, index = prepared.question, prepared.index
    said = [
        *said_before,
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
