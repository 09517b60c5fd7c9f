"""The program that imports modules inside the environment that is verified, the reader of its output, and what it shows.

The program (``probe_program.txt``) is sent as text to any Python from 3.8 on, so it imports nothing of ours. It writes lines of
JSON that begin with a mark, because the modules that it imports may print as well.
"""

from __future__ import annotations

import json
import ntpath
import sys
from collections.abc import Iterable, Iterator
from importlib.resources import files

from msgspec import Struct, convert
from packaging.utils import NormalizedName

from wheelcheck.environments.verify.subject import Subject
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import ImportTrial, Problem, ProblemKind, TrialOutcome

SOURCE = files("wheelcheck.environments.verify").joinpath("probe_program.txt").read_text(encoding="utf-8")


class ProbedPlaces(Struct, frozen=True, kw_only=True):
    """Where the process took things from, in that system's spelling: ``path`` is ``sys.path``, ``modules`` names with files.

    ``native`` are the files of machine code that were loaded, also those that no name leads to any more.
    """

    path: tuple[str, ...]
    executable: str = ""
    base: str = ""
    stdlib: tuple[str, ...] = ()
    modules: tuple[tuple[str, str], ...] = ()
    native: tuple[str, ...] = ()


class Probed(Struct, frozen=True, kw_only=True):
    """The whole output of the probe: ``imports`` that ended, by module; the one that had ``begun`` where the process died in it.

    ``places`` is ``None`` where the process died before it wrote them.
    """

    imports: dict[str, ImportTrial]
    begun: str
    places: ProbedPlaces | None


class _Line(Struct, frozen=True, kw_only=True):
    begin: str = ""
    end: str = ""
    seconds: float = 0.0
    error: str = ""


def parse_probed(output: bytes, mark: str) -> Probed:
    """Understand the *output* of the probe that was given *mark*; what is not its own is passed over."""
    imports: dict[str, ImportTrial] = {}
    begun, places = "", None
    for text in output.decode("utf-8", "replace").splitlines():
        if not text.startswith(mark):
            continue
        try:
            # Not msgspec's own decoder: the names of files may have lone surrogates.
            document = json.loads(text[len(mark) :])
            line = convert(document, _Line)
            if line.begin or line.end:
                begun = line.begin
            else:
                places = convert(document, ProbedPlaces)
        except (ValueError, RecursionError):
            continue  # msgspec's errors are ValueErrors too
        if line.end:
            outcome, seconds = TrialOutcome.FAILED if line.error else TrialOutcome.IMPORTED, round(line.seconds, 3)
            imports[line.end] = ImportTrial(
                module=line.end, outcome=outcome, seconds=seconds, detail=line.error or None
            )
    return Probed(imports=imports, begun=begun, places=places)


class Trials(Struct, frozen=True, kw_only=True):
    """The imports of one distribution; ``places`` are where its processes took things from."""

    name: NormalizedName
    imports: tuple[ImportTrial, ...]
    places: tuple[ProbedPlaces, ...]

    def loaded(self, native: Iterable[str]) -> frozenset[str]:
        """Those of the *native* modules that were loaded, known by the ends of their files' paths: ``x/y.pyd`` is ``x.y``."""
        files = (file.replace("\\", "/") for each in self.places for file in each.native)
        stems = [
            "/".join((folder, name.partition(".")[0])) for folder, _, name in (file.rpartition("/") for file in files)
        ]
        return frozenset(each for each in native if any(stem.endswith("/" + each.replace(".", "/")) for stem in stems))


def find_outsiders(subject: Subject, done: tuple[Trials, ...]) -> Iterator[Problem]:
    """Yield a problem for each folder on ``sys.path`` and each module that the processes took from outside the environment."""
    paths: dict[str, NormalizedName] = {}
    modules: dict[str, tuple[str, NormalizedName]] = {}
    for trials in done:
        for places in trials.places:
            inside = _Inside(subject, places)
            for path in places.path:
                if not inside.holds(path):
                    paths.setdefault(path, trials.name)
            for name, file in places.modules:
                if not inside.holds(file) and "." not in name:
                    modules.setdefault(name, (file, trials.name))
    on_windows = subject.runtime.system == "windows"
    how = (
        "isolate the environment, as ._pth does"
        if on_windows
        else "start programs with `python -I`, which passes it over"
    )
    for path in paths:
        message = f"Python looks for packages in {path}, outside the environment ({_kind_of(path)})"
        remedy = "what is there counts on this machine and not on your users': " + how
        yield Problem.of(ProblemKind.OUTSIDE_PATH, Severity.ERROR, message, remedy, library=path)
    for name, (file, distribution) in modules.items():
        message = f"{distribution} imported {name} from {file}, outside the environment"
        remedy, kind = f"add the project that has {name} to the requirements", ProblemKind.OUTSIDE_MODULE
        yield Problem.of(kind, Severity.ERROR, message, remedy, distribution=distribution, file=file, library=name)


class _Inside:
    """The places that belong to the environment, as its own process spells them."""

    def __init__(self, subject: Subject, places: ProbedPlaces) -> None:
        self._windows = subject.runtime.system == "windows"
        executable = subject.layout.executable
        roots = {str(subject.root), str(subject.root.absolute()), str(subject.root.resolve())}
        if executable and self._windows and not sys.platform.startswith("win"):
            # Under a runner the same folder has another path there (Z:\\…), which only the program itself knows.
            depth = executable.count("/") + 1
            own = places.executable
            for _ in range(depth):
                own = ntpath.dirname(own)
            roots.add(own)
        self._roots = tuple(self._folded(root) for root in roots if root)
        # A virtual environment and a bare folder borrow the standard library of another Python, and nothing else of it.
        borrowed = () if subject.has_own_python else places.stdlib
        self._borrowed = tuple(self._folded(each) for each in borrowed if each)
        self._archive = self._folded(places.base) if self._borrowed else ""

    def holds(self, path: str) -> bool:
        """Whether *path* is within the environment, or in the standard library that it borrows."""
        folded = self._folded(path)
        if not ntpath.isabs(path) and not path.startswith("/"):
            return True  # frozen modules, and the hooks that editables put on sys.path, which are found by their files
        if any(folded == root or folded.startswith(root + "/") for root in self._roots):
            return True
        for root in self._borrowed:
            if folded == root or (folded.startswith(root + "/") and "/site-packages" not in folded[len(root) :]):
                return True
        return bool(self._archive) and folded.startswith(self._archive + "/") and folded.endswith(".zip")

    def _folded(self, path: str) -> str:
        folded = path.replace("\\", "/") if self._windows else path
        return (folded.lower() if self._windows else folded).rstrip("/")


def _kind_of(path: str) -> str:
    lowered = path.replace("\\", "/").lower()
    if "/.local/" in lowered or "/appdata/roaming/python" in lowered or "/library/python/" in lowered:
        return "the user's own packages"
    if "site-packages" in lowered or "dist-packages" in lowered:
        return "another Python's packages"
    return "by PYTHONPATH, a path file or the registry"
