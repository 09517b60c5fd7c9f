"""The few functions of Python that scripts decide by, on values that are known; calls none of a script's own."""

from __future__ import annotations

from wheelcheck.archives.setup_reading import Stop
from wheelcheck.archives.setup_values import UNKNOWN, Value, truth
from wheelcheck.values import dataclass


@dataclass(frozen=True, slots=True)
class Known:
    """A value that is known, ``None`` included."""

    value: Value


def called_builtin(dotted: str, arguments: list[Value]) -> Known | None:
    """What calling *dotted* gives, or ``None`` where that is not known; raises ``Stop`` where it ends the script."""
    match dotted, arguments:
        case (("os.getenv" | "os.environ.get" | "environ.get"), [_, default]):
            return Known(default)
        case (("os.getenv" | "os.environ.get" | "environ.get"), [_]):
            return Known(None)
        case "bool", [value]:
            known = truth(value)
            return Known(UNKNOWN if known is None else known)
        case "int", [str() as text] if text.isdigit():
            return Known(int(text))
        case (("list" | "tuple" | "sorted" | "set"), [list() as values]):
            return Known(list(values))
        case (("list" | "tuple" | "set"), []):
            return Known([])
        case "len", [list() | str() | dict() as value]:
            return Known(len(value))
        case "str", [str() as text]:
            return Known(text)
        case (("sys.exit" | "exit" | "quit"), _):
            raise Stop
    return None
