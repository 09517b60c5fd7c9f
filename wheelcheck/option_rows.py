"""The classes of a row in the table of options: the option, its words in one command, and its key in the settings."""

from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

# The commands that take an option, from those that resolve one target to those that only ask an index.
PLAN = ("plan", "config")
ONE_TARGET = (*PLAN, "why", "tree")
GRIDS = ("overview", "matrix", "survey")
RESOLVING = (*ONE_TARGET, "check", "diff", *GRIDS)
EXPLAINING = (*RESOLVING, "explain")
ASKING = (*EXPLAINING, "wheels")
CONNECTING = (*ASKING, "fetch", "bundle")
CACHING = (*CONNECTING, "runtime", "doctor")


class Key:
    """A key of ``[tool.wheelcheck]``: *reads* is the way in which its value is read (a row of settings/loading.py).

    *default* is what counts without it, in words, where there is something to say. Where it *adds*, all that several places say
    counts; else the first place that says something.
    """

    def __init__(self, name: str, reads: str, sentence: str, default: str = "", *, adds: bool = False) -> None:
        self.name = name
        self.reads = reads
        self.sentence = sentence
        self.default = default
        self.adds = adds


class Words:
    """How one command explains an option in its own way; what is empty is as for the others."""

    def __init__(self, help: str, metavar: str = "", flags: str = "") -> None:
        self.help = help
        self.metavar = metavar
        self.flags = flags


class Option:
    """The row of an option; its field in the typed dictionary gives the name and the type.

    *flags* are its words on the command line, separated by spaces; empty where only the library or the settings have it. The
    *commands* take it with *help*; those in *own* explain it themselves. A *recorded* option is kept in plans and stands in the
    command that repeats one, unless its value is *plain*. One that is *per_project* can be said once for each project.
    One with *commas* takes several values in one word.
    """

    name = ""
    type: Any = str

    def __init__(
        self,
        flags: str = "",
        metavar: str = "",
        help: str = "",
        commands: tuple[str, ...] = RESOLVING,
        *,
        own: Mapping[str, Words] | None = None,
        key: Key | None = None,
        recorded: bool = False,
        plain: object = None,
        per_project: bool = False,
        commas: bool = False,
        default: object = None,
    ) -> None:
        self.declared = flags
        self.metavar = metavar
        self.help = help
        self.commands = commands
        self.own = own or {}
        self.key = key
        self.recorded = recorded
        self.plain = plain
        self.per_project = per_project
        self.commas = commas
        self._default = default

    @property
    def flags(self) -> tuple[str, ...]:
        """Its words on the command line, such as ``-c`` and ``--constraint``."""
        return tuple(self.declared.replace("/", " ").split())

    @property
    def flag(self) -> str:
        """The first long one of them."""
        return next((flag for flag in self.flags if flag.startswith("--")), "")

    @property
    def is_switch(self) -> bool:
        """Whether it takes no value on the command line."""
        return self.type is bool

    @property
    def takes_word(self) -> bool:
        """Whether the word that follows on the command line is its value; that of ``--fix`` stands behind an equals sign."""
        return bool(self.declared) and not self.is_switch and not self.metavar.startswith("[=")

    @property
    def repeats(self) -> bool:
        """Whether it may be given several times."""
        return get_origin(self.type) is tuple

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that it takes; empty for any."""
        return get_args(self.type) if get_origin(self.type) is Literal else ()

    @property
    def default(self) -> object:
        """Its value where nobody gives one."""
        return () if self.repeats else self._default
