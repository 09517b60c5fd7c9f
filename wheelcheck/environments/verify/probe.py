"""The program that runs inside the environment that is looked at: imports modules, tells how it went and what came from where.

It is sent to any Python from 3.8 on as text, so it stands for itself: it imports nothing of ours, and writes nothing but lines
of JSON that begin with a mark, for what it imports may print as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

SOURCE = r"""
import os, sys
mark, adds = sys.argv[1], sys.argv[2]
names = sys.argv[3:]
sys.argv = ["-c"]
sys.dont_write_bytecode = True
sys.path[:] = [each for each in sys.path if each not in ("", os.getcwd())]
import json, time
stream = os.fdopen(os.dup(1), "wb", 0)
def say(**told):
    stream.write((chr(10) + mark + json.dumps(told) + chr(10)).encode("ascii"))
if adds:
    import site
    site.addsitedir(adds)
import importlib
for name in names:
    say(begin=name)
    start = time.perf_counter()
    try:
        importlib.import_module(name)
    except BaseException as problem:
        text = str(problem).strip().splitlines()
        kind = type(problem).__name__
        say(end=name, seconds=time.perf_counter() - start, error=kind + (": " + text[-1] if text else ""))
    else:
        say(end=name, seconds=time.perf_counter() - start, error="")
import sysconfig
def place(module):
    try:
        return getattr(module, "__file__", None) or ""
    except Exception:
        return ""
say(
    executable=sys.executable, prefix=sys.prefix, base=sys.base_prefix, path=[str(each) for each in sys.path],
    stdlib=[sysconfig.get_path("stdlib") or "", sysconfig.get_path("platstdlib") or ""],
    modules=sorted([name, str(place(module))] for name, module in list(sys.modules.items()) if place(module)),
)
stream.flush()
os._exit(0)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbedImport:
    """What the probe told of one module: ``error`` is empty where it was imported, ``None`` where it never came back."""

    module: str
    seconds: float
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbedPlaces:
    """Where the process took things from, in that system's spelling: ``path`` is ``sys.path``, ``modules`` names with files."""

    executable: str
    prefix: str
    base: str
    path: tuple[str, ...]
    stdlib: tuple[str, ...]
    modules: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """All that the probe told; ``places`` is ``None`` where it did not live to say it."""

    imports: tuple[ProbedImport, ...]
    places: ProbedPlaces | None


def parse_probed(output: bytes, mark: str) -> Probed:
    """Understand the *output* of the probe that was given *mark*; what is not its own is passed over."""
    imports: dict[str, ProbedImport] = {}
    places: ProbedPlaces | None = None
    for told in _iter_told(output, mark):
        if isinstance(name := told.get("begin"), str):
            imports[name] = ProbedImport(module=name, seconds=0.0, error=None)
        elif isinstance(name := told.get("end"), str):
            seconds = told.get("seconds")
            imports[name] = ProbedImport(
                module=name,
                seconds=float(seconds) if isinstance(seconds, (int, float)) else 0.0,
                error=str(told.get("error", "")),
            )
        elif "path" in told:
            places = _places(told)
    return Probed(imports=tuple(imports.values()), places=places)


def _iter_told(output: bytes, mark: str) -> Iterator[dict[str, object]]:
    for line in output.decode("utf-8", "replace").splitlines():
        if line.startswith(mark):
            try:
                told = json.loads(line[len(mark) :])
            except (ValueError, RecursionError):
                continue
            if isinstance(told, dict):
                yield told


def _places(told: dict[str, object]) -> ProbedPlaces:
    modules = told.get("modules")
    pairs = [pair for pair in modules if isinstance(pair, list) and len(pair) == 2] if isinstance(modules, list) else []
    return ProbedPlaces(
        executable=str(told.get("executable", "")),
        prefix=str(told.get("prefix", "")),
        base=str(told.get("base", "")),
        path=_texts(told.get("path")),
        stdlib=tuple(each for each in _texts(told.get("stdlib")) if each),
        modules=tuple((str(name), str(file)) for name, file in pairs),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list) else ()
