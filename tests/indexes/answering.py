"""What wheelcheck makes of the situations, read as an installer reads them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from tests.indexes.situations import INDEXES, Served, Situation, hash_of
from tests.indexes.tools import FAILS, Answers
from wheelcheck.api.edges import index_config, open_store
from wheelcheck.api.request import Request
from wheelcheck.errors import IndexUnavailable
from wheelcheck.model.distribution import FROM_SOURCE, Installability
from wheelcheck.model.requirement import FileOrigin, HashPin, IndexOptions, IndexSource, NamedIndex, Requirement
from wheelcheck.model.resolution import Policy, Resolution
from wheelcheck.ports import SilentReporter
from wheelcheck.resolver.passes import resolve
from wheelcheck.resolver.question import Question
from wheelcheck.settings.loading import Settings
from wheelcheck.targets.targets import host_target

if TYPE_CHECKING:
    from wheelcheck.index.store import IndexStore
    from wheelcheck.model.requirement import Installer
    from wheelcheck.options import IndexStrategy

_ORIGIN = FileOrigin(path="requirements.txt", line=1)


def answers(
    indexes: Served, situations: Iterable[Situation], installer: Installer, strategy: IndexStrategy | None = None
) -> Answers:
    """What each of *situations* gives where the input is one of *installer*."""
    sources = [
        IndexSource(project=canonicalize_name(each.name), index=each.pinned_to, origin=_ORIGIN)
        for each in situations
        if each.pinned_to
    ]
    main, *others = INDEXES
    options = IndexOptions(
        indexes=(
            *(NamedIndex(name=name, url=indexes.urls[name]) for name in others),
            NamedIndex(name=main, url=indexes.urls[main], role="default"),
        ),
        sources=tuple(sources),
        installer=installer,
    )
    request = Request(
        inputs=(),
        no_cache=True,
        index_strategy=strategy,
        environ={"PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0"},
    )
    with open_store(index_config(request, Settings(), options), SilentReporter()) as store:
        return {each.name: _answer(each, store, indexes) for each in situations}


def _answer(situation: Situation, store: IndexStore, indexes: Served) -> str:
    digest = hash_of(situation)
    hashes = (HashPin(algorithm="sha256", digest=digest),) if digest else ()
    question = Question(
        requirements=(Requirement.parse(situation.line, _ORIGIN, hashes=hashes),),
        target=host_target(),
        policy=Policy(
            allowed=FROM_SOURCE | {Installability.WHEEL},
            only_binary=frozenset({situation.name} if situation.only_binary else ()),
        ),
    )
    try:
        outcome = resolve(question, projects=store)
    except IndexUnavailable:
        return FAILS
    if not isinstance(outcome, Resolution) or outcome.absent:
        return FAILS
    if any(pin.distribution is None for pin in outcome.pins.values()):
        return FAILS
    names = (situation.name, *sorted(situation.others))
    pins = [outcome.pins[canonicalize_name(name)] for name in names if canonicalize_name(name) in outcome.pins]
    return ", ".join(
        f"{pin.name} {pin.version} {indexes.index_of(pin.distribution.at.url)}"
        for pin in pins
        if pin.distribution is not None
    )
