"""A request with a repair applied, by the very words that a person would add to the command; judges no repair."""

from __future__ import annotations

from collections.abc import Iterator

from wheelcheck.api.request import Request
from wheelcheck.model.repair import Repair

_LISTS = {
    "--override": "overrides",
    "--replace": "replacements",
    "--exclude": "excludes",
    "-c": "constraints",
    "--source": "sources",
}
_SINGLES = {"--python": "python", "--platform": "platform", "--exclude-newer": "exclude_newer"}


def repaired_request(request: Request, repair: Repair) -> Request:
    """*request* with the options of *repair* after its own; what can be given once takes the repair's value."""
    options = request.options
    lists: dict[str, tuple[str, ...]] = {
        "overrides": options["overrides"],
        "replacements": options["replacements"],
        "excludes": options["excludes"],
        "constraints": options["constraints"],
        "sources": options["sources"],
    }
    singles: dict[str, str] = {}
    inputs = request.inputs
    for option, value in _iter_options(repair.options):
        if not option:
            inputs = (*inputs, value)
        elif option in _LISTS:
            lists[_LISTS[option]] += (value,)
        else:
            singles[_SINGLES[option]] = value
    return request.changed(
        inputs,
        overrides=lists["overrides"],
        replacements=lists["replacements"],
        excludes=lists["excludes"],
        constraints=lists["constraints"],
        sources=lists["sources"],
        python=singles.get("python", request.options["python"]),
        platform=singles.get("platform", request.options["platform"]),
        exclude_newer=singles.get("exclude_newer", request.options["exclude_newer"]),
        fix=None,
    )


def _iter_options(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Each option with its value; a word that belongs to none is an input, given as the value of an empty option."""
    rest = iter(words)
    for word in rest:
        yield (word, next(rest)) if word.startswith("-") else ("", word)
