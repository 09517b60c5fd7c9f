"""The options of :func:`wheelcheck.check` by keyword, and the request made of them; refuses what is misspelt, answers nothing."""

from __future__ import annotations

from typing import cast

from wheelcheck.api.checking import CheckRequest
from wheelcheck.api.request import Request
from wheelcheck.api.targets import TargetWords
from wheelcheck.options import CheckOptions, RequestOptions


def check_request(inputs: tuple[str, ...], options: CheckOptions) -> CheckRequest:
    """Put *inputs* and *options* as one question.

    Raises ``TypeError`` for an option that there is not and for one string where several are meant, ``SettingsInvalid`` for a code
    that no finding has.
    """
    for name in options:
        if name not in CheckOptions.__annotations__:
            hint = f"; did you mean {name}s=(…,)?" if name in ("platform", "python") else ""
            raise TypeError(f"check() got an unexpected keyword argument {name!r}{hint}")
    rest = {name: value for name, value in options.items() if name in RequestOptions.__annotations__}
    return CheckRequest(
        request=Request(inputs=inputs, **cast("RequestOptions", rest)),
        targets=TargetWords(
            platforms=_several("platforms", options.get("platforms", ())),
            pythons=_several("pythons", options.get("pythons", ())),
            files=_several("target_files", options.get("target_files", ())),
            sources=_several("targets_from", options.get("targets_from", ())),
        ),
        fail_on=_codes("fail_on", options.get("fail_on", ())),
        warn_only=_codes("warn_only", options.get("warn_only", ())),
        baseline=options.get("baseline"),
        relock=options.get("relock", False),
        today=options.get("today", ""),
    )


def _several(name: str, words: tuple[str, ...]) -> tuple[str, ...]:
    # As in Request: a lone string is a sequence too, of letters.
    if isinstance(words, str):
        raise TypeError(f"{name} takes a tuple of strings, not one string")
    return tuple(words)


def _codes(name: str, words: tuple[str, ...]) -> tuple[str, ...]:
    from wheelcheck.settings.allowances import known_code

    return tuple(known_code(word, "", name) for word in _several(name, words))
