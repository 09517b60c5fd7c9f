"""Folders among the inputs: the file of each that lists what its project needs is chosen and named; reads no requirement.

``Request → Request`` whose inputs are files. The order is that of the tool that the folder belongs to: a lock, the project, then
requirements files, then conda's environment.
"""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from wheelcheck.api.request import Request
from wheelcheck.errors import FolderWithoutInput, InputUnreadable
from wheelcheck.texts.files import is_folder, is_there
from wheelcheck.texts.places import LineUnreadable, is_web_url, local_path_of

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
