"""A request: its inputs and a value for each option, refused where an option cannot have that value; opens nothing."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from typing import Final, Unpack, cast

from wheelcheck.errors import UsageProblem
from wheelcheck.options import OPTIONS, RequestOptions
from wheelcheck.settings.loading import Settings

_FIX = r"low|medium|high|R[1-9][0-9]*"


class StandardInput:
    """The text of standard input. It can be read only once, and repaired requirements need it again, so it is kept."""

    __slots__ = ("_text",)

    def __init__(self) -> None:
        self._text: str | None = None

    def text(self) -> str:
        """All of it as UTF-8, whatever the locale; raises ``UnicodeDecodeError``, which the readers of inputs handle."""
        if self._text is None:
            stream = getattr(sys.stdin, "buffer", None)
            if stream is not None:
                self._text = stream.read().decode("utf-8-sig")
            else:
                self._text = sys.stdin.read() if sys.stdin is not None else ""
        return self._text


class Request:
    """One question to :func:`plan`; what is ``None`` or empty is taken from the settings, then from pip's, then the default.

    ``inputs`` are files, ``-`` or requirements. ``options`` has a value for every option of
    :class:`~wheelcheck.options.RequestOptions`, as given or else its default. ``folder`` is where settings are looked
    for, ``environ`` stands in for the process's environment. ``stdin`` is what ``-`` reads, shared by the requests that were
    :meth:`changed` from this one.
    """

    __slots__ = ("environ", "folder", "inputs", "options", "stdin")

    def __init__(self, *, inputs: tuple[str, ...], **options: Unpack[RequestOptions]) -> None:
        """Raises ``TypeError`` for an option that there is not, and for one string where several are meant."""
        refuse_misspelt("Request", inputs, options, RequestOptions)
        self.inputs: Final = inputs
        self.options: Final = cast("RequestOptions", {name: options.get(name, _DEFAULTS[name]) for name in _DEFAULTS})
        self.folder: Final = options.get("folder", ".")
        self.environ: Final[Mapping[str, str]] = options["environ"] if "environ" in options else dict(os.environ)
        self.stdin = StandardInput()

    def changed(self, inputs: tuple[str, ...] | None = None, **options: Unpack[RequestOptions]) -> Request:
        """The same question with other *inputs*, where they are given, and with *options* in place of its own."""
        kept: RequestOptions = {**self.options, "folder": self.folder, "environ": self.environ}
        kept.update(options)
        request = Request(inputs=self.inputs if inputs is None else inputs, **kept)
        request.stdin = self.stdin
        return request


def refuse_misspelt(call: str, inputs: object, options: Mapping[str, object], known: type) -> None:
    """Raise ``TypeError`` for an option of *call* that *known* has not, and for one string where several are meant.

    A lone string is a sequence too, of letters: a slip that a type checker sees and a script does not.
    """
    for name, value in (("inputs", inputs), *options.items()):
        if name != "inputs" and name not in known.__annotations__:
            hint = f"; did you mean {name}s=(…,)?" if f"{name}s" in known.__annotations__ else ""
            raise TypeError(f"{call}() got an unexpected keyword argument {name!r}{hint}")
        if isinstance(value, str) and (name == "inputs" or (name in OPTIONS and OPTIONS[name].repeats)):
            raise TypeError(f"{name} takes a tuple of strings, not one string")


_DEFAULTS = {name: OPTIONS[name].default for name in RequestOptions.__annotations__ if name in OPTIONS}


def completed(request: Request, settings: Settings) -> RequestOptions:
    """The options of *request* with what *settings* say: beside its own where several add up, else where it says nothing."""
    found = dict(request.options)
    for name, said in settings.options.items():
        key, given = OPTIONS[name].key, found[name]
        if key is not None and key.adds:
            # Those of the settings come first, since the later one counts where two are about one project.
            found[name] = (*cast("tuple[str, ...]", said), *cast("tuple[str, ...]", given))
        elif given in (None, ()):
            found[name] = said
    return cast("RequestOptions", found)


def refuse_empty(request: Request) -> None:
    """Raise ``UsageProblem`` for empty values, which are most often unset variables, and for numbers without a meaning."""
    for name, value in request.options.items():
        if name not in OPTIONS:
            continue
        flag = OPTIONS[name].flag
        if value == "" or (isinstance(value, tuple) and "" in value):
            raise UsageProblem(f"{flag} is empty", hint="give a value or leave the option out; is a variable unset?")
        if OPTIONS[name].type is float and value is not None and not cast("float", value) >= 0:
            raise UsageProblem(f"{flag} {value} is no time", hint="give seconds, 0 or more")
    if request.options["offline"] and request.options["refresh"]:
        raise UsageProblem("--refresh asks the index, and --offline forbids it", hint="give one or the other")
    repairs, fix = request.options["repairs"], request.options["fix"]
    if repairs is not None and repairs < 0:
        raise UsageProblem(f"--repairs {repairs} is no number of repairs", hint="give 0 or more")
    if fix is None:
        return
    if not re.fullmatch(_FIX, fix):
        raise UsageProblem(
            f"--fix={fix} is neither a risk nor the id of a repair",
            hint="write --fix=low, --fix=medium, --fix=high or an id such as --fix=R2",
        )
    if repairs == 0:
        raise UsageProblem(f"--fix={fix} applies a repair, and none are to be looked for", hint="take --no-repair out")
