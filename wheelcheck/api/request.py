"""A request: its inputs and a value for each option, refused where an option cannot have that value.

Of a folder among the inputs the file that lists what its project needs is chosen and named: ``Request → Request`` whose inputs are
files. The order is that of the tool that the folder belongs to: a lock, the project, then requirements files, then conda's
environment. No requirement is read.
"""

from __future__ import annotations

import itertools
import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Unpack, cast

from wheelcheck.errors import FolderWithoutInput, InputUnreadable, UsageProblem
from wheelcheck.options import OPTIONS, RequestOptions
from wheelcheck.settings.loading import Settings
from wheelcheck.texts.files import is_folder, is_there
from wheelcheck.texts.places import LineUnreadable, is_web_url, local_path_of

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


_KINDS = "lock, pyproject.toml with dependencies, setup.cfg, setup.py, requirements file or environment.yml"
_NAMED = 3
_MOST_ENTRIES = 1000
_MOST_CHARACTERS = 5_000_000
_INSTALLING = re.compile(r"[%!](?:\w[\w.]* -m )?(?:uv )?pip3? install ((?:[^\"\\]|\\\")*)")
_REQUIREMENT = re.compile(r"[A-Za-z0-9][\w.-]*(?:\[[\w,-]+\])?(?:[<>=!~]=?[\w.*,<>=!~]+)?")
_WAYS = {
    "pixi.toml": "lock it first: pixi lock",
    "Pipfile": "lock it first: pipenv lock; then give Pipfile.lock",
}


def with_files(request: Request) -> tuple[Request, tuple[str, ...]]:
    """*request* with the file of each folder in its place and the extras of ``folder[extra]``, and a sentence on each file.

    Raises ``InputUnreadable`` for a folder without such a file, or with one that cannot be read.
    """
    inputs, extras, notes = [], [], []
    for word in request.inputs:
        folder, asked = _folder_of(word)
        if folder is None:
            inputs.append(word)
            continue
        path, note = file_of(folder, word)
        inputs.append(str(path))
        extras += asked
        notes.append(f"{word}: {note}")
    if not notes:
        return request, ()
    return request.changed(tuple(inputs), extras=(*request.options["extras"], *extras)), tuple(notes)


def file_of(folder: Path, word: str = "") -> tuple[Path, str]:
    """The file of *folder*, called *word* in messages, and a sentence on what was taken. Raises ``InputUnreadable``."""
    from wheelcheck.locks.discovery import discover

    found = discover(folder)
    if found.unreadable:
        path, reason = found.unreadable[0]
        raise InputUnreadable(
            f"cannot be read: {reason}", address=str(path), hint="correct it, or name the file as INPUT"
        )
    if found.taken is None:
        raise FolderWithoutInput(f"no {_KINDS}", address=word or str(folder.resolve()), hint=_way_out(folder, word))
    others = ", ".join(path.relative_to(folder).as_posix() for path in found.others)
    taken = found.taken.relative_to(folder).as_posix()
    return found.taken, f"{taken} was taken{f', and not {others}' if others else ''}"


def _folder_of(word: str) -> tuple[Path | None, list[str]]:
    """The folder that *word* names, with the extras in brackets behind it; ``None`` where it names none."""
    if word == "-" or is_web_url(word) or not word.strip():
        return None, []
    matched = re.fullmatch(r"([./\\~].*|.*[/\\])\[([^\]]*)\]", word)
    try:
        for text, extras in ((word, ""), *([(matched[1], matched[2])] if matched else [])):
            path = local_path_of(text)
            if is_folder(path):
                return path, [extra.strip() for extra in extras.split(",") if extra.strip()]
    except (OSError, ValueError, LineUnreadable):
        pass
    return None, []


def _way_out(folder: Path, word: str) -> str:
    names = sorted(path.name for path in folder.iterdir())
    notebooks = [name for name in names if name.endswith(".ipynb")]
    known = next((way for name, way in _WAYS.items() if name in names), "")
    if not known and notebooks:
        known = _way_out_of_notebooks(folder, notebooks)
    if not known and (below := list(_iter_below(folder))):
        known = f"name the folder within it: {' or '.join(below[:_NAMED])}"
    is_name = re.fullmatch(r"[\w.-]*\w", word) is not None
    named = f'; a project of that name is asked for with "{word}>=0"' if is_name else ""
    return (known or "name the file that lists what is needed, or a requirement") + named


def _iter_below(folder: Path) -> Iterator[str]:
    """The folders up to two levels below *folder* that list dependencies, in the words of a user."""
    from wheelcheck.locks.discovery import discover

    looked_at = (path for pattern in ("*", "*/*") for path in sorted(folder.glob(pattern)))
    for path in itertools.islice(looked_at, _MOST_ENTRIES):
        is_hidden = any(
            part.startswith((".", "_")) or part == "node_modules" for part in path.relative_to(folder).parts
        )
        if is_hidden or not is_folder(path) or is_there(path / "pyvenv.cfg"):
            continue
        if discover(path).taken is not None:
            yield str(path)


def _way_out_of_notebooks(folder: Path, notebooks: list[str]) -> str:
    installed = list(dict.fromkeys(word for name in notebooks for word in _iter_installed(folder / name)))
    if installed:
        return f"its notebooks install these: wheelcheck plan {shlex.join(installed)}"
    subject = f"{notebooks[0]} needs" if len(notebooks) == 1 else f"its {len(notebooks)} notebooks need"
    return (
        f"what {subject} stands in no file: write it into requirements.txt beside, where they run: "
        "pip list --format=freeze > requirements.txt"
    )


def _iter_installed(notebook: Path) -> Iterator[str]:
    """The requirements that the cells of *notebook* have pip install (``%pip install`` and its like)."""
    try:
        with notebook.open(encoding="utf-8") as stream:
            text = stream.read(_MOST_CHARACTERS)
    except (OSError, UnicodeDecodeError):
        return
    for written in _INSTALLING.findall(text):
        # The quotes are escaped in JSON; a list that a notebook names belongs to another file.
        words = re.sub(r"(?:^|\s)-\S+ \S+\.(?:txt|in)\b", " ", written.replace('\\"', " ").replace("'", " ")).split()
        yield from (word for word in words if _REQUIREMENT.fullmatch(word))
