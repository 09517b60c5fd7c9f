"""Takes the text of a requirements file apart into requirements and options, by pip's file format; reads no file.

One requirement is taken apart as it was written: hashes, marker, extras.
Our own reader, because none of those at hand fits. ``pip-requirements-parser`` (32.0.1, its last release, of 2022) leaves
``${NAME}`` as it is, follows an include cycle until Python's recursion limit, opens no URL, ends in ``UnicodeDecodeError``
on bytes that are no text, and costs 36 ms to import where this module costs 3; it serves as the reference in our tests.
``requirements-parser`` (0.13.1) passes over ``-c``, ``--only-binary`` and index options with credentials, saying so in
warnings only, and keeps no hashes and no lines. ``unearth`` (0.19.0) finds files on indexes and reads no requirements files;
``pdm``'s reader is part of an application, not a library.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct
from packaging.markers import InvalidMarker, Marker
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.errors import did_you_mean
from wheelcheck.model.requirement import HashPin, Origin
from wheelcheck.model.urls import masked_within
from wheelcheck.texts.places import LineUnreadable, project_name

HASH_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_MARKER_HINT = """write a variable, an operator and a quoted value: name ; sys_platform == "win32" """.strip()


class WrittenRequirement(Struct, frozen=True, kw_only=True):
    """One requirement to understand: its *text*, the text to show (*written*), its *origin*, and where local paths start.

    As in pip, a relative path starts at the current folder; where nothing is there, at *folder*, that of the file. *known* is the
    name and version that a comment tells of a folder on another machine.
    """

    text: str
    written: str = ""
    origin: Origin
    folder: Path | None = None
    hashes: tuple[HashPin, ...] = ()
    known: str = ""

    @property
    def shown(self) -> str:
        """The text for messages, without credentials."""
        return masked_within(self.written or self.text)


def parse_hash(text: str) -> HashPin:
    """Read the value of ``--hash``; raises ``LineUnreadable`` for an algorithm that pip refuses or a digest that is none."""
    algorithm, _, digest = text.strip().partition(":")
    algorithm, digest = algorithm.lower(), digest.lower()
    if algorithm not in HASH_LENGTHS:
        raise LineUnreadable(f"--hash of an unusable kind: {algorithm!r}", f"use {', '.join(HASH_LENGTHS)}")
    if not re.fullmatch(rf"[0-9a-f]{{{HASH_LENGTHS[algorithm]}}}", digest):
        raise LineUnreadable(
            f"--hash is not a {algorithm} digest in hex: {digest[:80]!r}", "write the hashes again: pip hash FILE"
        )
    return HashPin(algorithm=algorithm, digest=digest)


def looks_like_path(text: str) -> bool:
    """Whether *text* reads as a path rather than a name: it has a separator or begins with a dot."""
    return "/" in text or "\\" in text or text.startswith(".")


def split_marker(text: str) -> tuple[str, str]:
    """Split ``target ; marker``; in a URL only a semicolon with a blank next to it begins a marker (PEP 508)."""
    target, *marker = re.split(r"\s+;|;\s+" if "://" in text else ";", text, maxsplit=1)
    return target.strip(), marker[0].strip() if marker else ""


def parse_marker_text(text: str) -> Marker | None:
    """*text* as a marker, ``None`` for an empty one. Raises ``LineUnreadable``."""
    if not text:
        return None
    try:
        return Marker(text)
    except InvalidMarker as problem:
        reason = str(problem).partition("\n")[0]
        raise LineUnreadable(f"no environment marker: {text!r} ({reason})", _MARKER_HINT) from None


def split_extras(text: str) -> tuple[str, str]:
    """Split ``target[extras]``; the second part is empty without brackets."""
    head, _, extras = text.removesuffix("]").rpartition("[")
    return (head.rstrip(), extras) if head and text.endswith("]") and "]" not in extras else (text, "")


def parse_extras(text: str) -> frozenset[NormalizedName]:
    """The extras between the commas of *text*. Raises ``LineUnreadable``."""
    names = [word.strip() for word in text.split(",") if word.strip()]
    for name in names:
        if project_name(name) is None:
            raise LineUnreadable(f"no extra is named {name!r}", "write names between commas: name[one,two]")
    return frozenset(canonicalize_name(name) for name in names)


_COMMENT = re.compile(r"(^|(?<!\s)\s+)#.*$")
_EDITABLE = re.compile(r"((?:-e|--editable)\b[^;]*?)\s*(;.+)", re.DOTALL)
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")

_TAKES_VALUE = frozenset(
    {
        "--index-url", "--extra-index-url", "--find-links", "--requirement", "--constraint", "--editable", "--no-binary",
        "--only-binary", "--trusted-host", "--use-feature", "--hash", "--config-settings", "--global-option",
        "--install-option", "--build-option", "--all-releases", "--only-final",
    }
)  # fmt: skip
_FLAGS = frozenset({"--no-index", "--pre", "--prefer-binary", "--require-hashes", "--always-unzip", "--use-wheel"})
_SHORT = {
    "-i": "--index-url",
    "-f": "--find-links",
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-C": "--config-settings",
    "-Z": "--always-unzip",
}
_OTHER_SPELLINGS = {
    "--pypi-url": "--index-url",
    "--requirements": "--requirement",
    "--constraints": "--constraint",
    "--config-setting": "--config-settings",
}
_KNOWN = _TAKES_VALUE | _FLAGS | _OTHER_SPELLINGS.keys()


_OPTIONS_HINT = "give options of pip to pip; a requirements file has those that say what to install, and from where"


class LogicalLine(Struct, frozen=True, kw_only=True):
    """A line after joining continuations: *number* is its first physical one, *written* lacks only the comment.

    ``text`` has ``${NAME}`` replaced from the environment, so it may hold secrets that *written* does not. ``comment`` is the part
    taken off, with the blanks before it.
    """

    number: int
    written: str
    text: str
    comment: str = ""


class ParsedLine(Struct, frozen=True, kw_only=True):
    """The requirement (empty where the line has none) and the options after it, by their long names, in order."""

    requirement: str
    options: tuple[tuple[str, str], ...]

    def values(self, option: str) -> tuple[str, ...]:
        """The value of each use of *option*."""
        return tuple(value for name, value in self.options if name == option)


def iter_logical_lines(text: str, environ: Mapping[str, str]) -> Iterator[LogicalLine]:
    """Yield the lines of *text* that say something; an undefined or empty variable stays as written, as in pip."""
    for number, joined in _joined(text):
        comment = _COMMENT.search(joined)
        written = joined[: comment.start()].strip() if comment is not None else joined.strip()
        if written:
            expanded = _VARIABLE.sub(lambda name: environ.get(name[1]) or name[0], written)
            yield LogicalLine(
                number=number,
                written=written,
                text=expanded,
                comment=comment[0].rstrip() if comment is not None else "",
            )


def _joined(text: str) -> Iterator[tuple[int, str]]:
    pending: list[str] = []
    first = 0
    for number, line in enumerate(text.splitlines(), start=1):
        is_comment = _COMMENT.match(line) is not None
        if line.endswith("\\") and not is_comment:
            first = first if pending else number
            pending.append(line.rstrip("\\"))
            continue
        # A comment line ends a continuation; the blank keeps its "#" from sticking to the word before.
        yield (first if pending else number), "".join((*pending, " " + line if is_comment else line))
        pending.clear()
    if pending:
        yield first, "".join(pending)


def iter_groups(text: str) -> Iterator[str]:
    """Yield *text* in pieces, each the physical lines of one logical line with their endings, so that they join to *text*."""
    pending = ""
    for line in text.splitlines(keepends=True):
        pending += line
        plain = line.splitlines()[0]
        if not plain.endswith("\\") or _COMMENT.match(plain):
            yield pending
            pending = ""
    if pending:
        yield pending


def unexpanded(message: str, written: str, environ: Mapping[str, str]) -> str:
    """*message* with the values that *written* takes from the environment replaced by their ``${NAME}``: they may be secrets."""
    for name in _VARIABLE.findall(written):
        message = message.replace(environ.get(name) or "\0", f"${{{name}}}")
    return message


def parse_line(text: str) -> ParsedLine:
    """Split a logical line at its first option and read the options.

    Raises ``LineUnreadable`` for an option that no requirements file has, one without its value, and open quotes.
    """
    words = text.split(" ")
    start = next((position for position, word in enumerate(words) if word.startswith("-")), len(words))
    return ParsedLine(requirement=" ".join(words[:start]).strip(), options=_options(" ".join(words[start:])))


def _options(text: str) -> tuple[tuple[str, str], ...]:
    if not text:
        return ()
    if (editable := _EDITABLE.fullmatch(text)) is not None:
        # As in uv; pip passes over a marker behind -e.
        return (("--editable", f"{_options(editable[1])[0][1]} {editable[2]}"),)
    import shlex

    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters = True, ""
    if re.search(r"\\[^\s\"'\\]", text):
        lexer.escape = ""  # a path of Windows: where pip sees an escape, it finds no such file
    try:
        words = iter(list(lexer))
    except ValueError as problem:
        raise LineUnreadable(f"{str(problem).lower()} in the options", "close the quotation, or write none") from None
    found = []
    for word in words:
        name, value = _option(word)
        if name in _FLAGS:
            if value is not None:
                raise LineUnreadable(f"{name} takes no value", f"write {name} alone")
            value = ""
        elif value is None:
            value = next(words, None)
        if value is None:
            raise LineUnreadable(f"{name} lacks its value", "write it behind the option, on the same line")
        found.append((name, value))
    return tuple(found)


def _option(word: str) -> tuple[str, str | None]:
    """The long name of the option that *word* is, and the value that is part of the word."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return _long_name(name), value if equals else None
    if word[:2] in _SHORT:
        return _SHORT[word[:2]], word[2:] or None
    if not word.startswith("-"):
        raise LineUnreadable(f"{word!r} follows an option that takes one value", "one option and its value per line")
    raise LineUnreadable(f"no such option in requirements files: {word}", _OPTIONS_HINT)


def _long_name(name: str) -> str:
    if name not in _KNOWN:
        # pip's option parser takes any prefix that is unique.
        whole = [known for known in sorted(_KNOWN) if known.startswith(name)]
        if len({_OTHER_SPELLINGS.get(known, known) for known in whole}) != 1:
            raise LineUnreadable(
                f"no such option in requirements files: {name}", did_you_mean(name, sorted(_KNOWN), _OPTIONS_HINT)
            )
        name = whole[0]
    return _OTHER_SPELLINGS.get(name, name)
