"""Judges whether the environment or a clean system has every needed library, by the rules of each system's loader."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from types import MappingProxyType

from msgspec.structs import replace
from packaging.utils import NormalizedName

from wheelcheck.environments.binaries import Binary, Need, is_extension_name
from wheelcheck.environments.verify.library_index import LibraryCase, LibraryIndex, linked_paths, read_library_index
from wheelcheck.environments.verify.subject import Subject, is_outside, joined, owners, read_installed
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import Problem, ProblemKind
from wheelcheck.model.systems import AbsentLibrary, LibraryKnowledge, SystemKnowledge
from wheelcheck.texts.files import is_file

_PYTHON_DLL = re.compile(r"python3(\d*)(t?)(_d)?\.dll")
_COMPILER = re.compile(r"[.-]vc(\d{1,2})(?=\.dll$)", re.IGNORECASE)
"""The version of Microsoft's compiler in the name of a library."""
_OF_CONDA = "Library/bin"
"""conda's Python looks here too."""
_ORIGINS = {True: "runtime that was built", False: "wheel"}
_VERSION = re.compile(r"([A-Z]+)_(\d+(?:\.\d+)*)")
_EXTENSION_TAG = re.compile(r"\.(?:cp|cpython-)3(\d+)(t?)[-.]", re.IGNORECASE)


def judge_windows(case: LibraryCase) -> Iterator[Problem]:
    """The DLLs that the library of *case* imports and would not find.

    A ``.pyd`` finds DLLs in its own folder, beside python.exe and in folders that its package adds (``os.add_dll_directory``,
    ``*.libs``), which no reader of headers can tell: any place in the same distribution counts.
    """
    for need in case.binary.needs:
        name = need.library.lower()
        if matched := _PYTHON_DLL.fullmatch(name):
            yield from _python_dll(case, need, matched)
        elif not case.system.has(name) and not _is_near(case, name):
            if case.system.brings(name) and not case.subject.has_own_python:
                continue
            if need.late and case.system.absence(case.binary.name.lower()) is not None:
                continue  # what a bundled part of the Visual C++ runtime would load for parts that nobody uses
            yield case.elsewhere(need, name)


def _is_near(case: LibraryCase, name: str) -> bool:
    executable = case.subject.layout.executable
    root = joined(executable, "..") if executable else "."
    folders = (joined(case.binary.path, ".."), root, joined(root, _OF_CONDA))
    return any(joined(path, "..") in folders or case.index.owner(path) == case.owner for path in case.index.find(name))


def _python_dll(case: LibraryCase, need: Need, matched: re.Match[str]) -> Iterator[Problem]:
    python, library, executable = case.subject.runtime.python, need.library, case.subject.layout.executable
    again = "install the wheel for this Python"
    if matched[3]:
        fact = f"needs {library}, the debug build of Python"
        again = "take another wheel: this one was built for debugging"
    elif matched[1] and python is not None and int(matched[1]) != python.minor:
        fact = f"is for Python 3.{matched[1]} ({library}), the environment has {case.subject.python_minor}"
    elif matched[2] and not case.subject.runtime.free_threaded and python is not None:
        fact = f"is for the free-threaded Python ({library}), the environment has the usual one"
    elif case.subject.has_own_python and not _is_near(case, library.lower()):
        fact = f"needs {library}, which is not beside {executable}"
        again = f"copy {library} from the same release of Python beside {executable}"
    else:
        return
    yield case.problem(ProblemKind.PYTHON_LIBRARY, Severity.ERROR, library, fact, again)


def judge_linux(case: LibraryCase) -> Iterator[Problem]:
    """The libraries that the one of *case* needs and would not find, and symbol versions that the target is too old for."""
    for need in case.binary.needs:
        name = need.library.rpartition("/")[2]
        if _is_on_path(case, need) or case.system.has(name):
            continue
        if case.has_in_distribution(name) or case.has_in_runtime(name):
            continue
        yield case.elsewhere(Need(library=name, late=need.late), name)
    yield from _too_new(case)


def _is_on_path(case: LibraryCase, need: Need) -> bool:
    folder = joined(case.binary.path, "..")
    pairs = ((each, re.sub(r"\$ORIGIN|\$\{ORIGIN\}", folder, each)) for each in case.binary.folders)
    own = (place for each, place in pairs if "$" not in place and each != place)
    places = (joined(place, need.library) for place in own)
    return any(not is_outside(place) and is_file(case.subject.root / place) for place in places)


def _too_new(case: LibraryCase) -> Iterator[Problem]:
    """The newest version of each family that the floor does not have: one problem for each."""
    if not case.floor or case.subject.runtime.system != "linux":
        return
    ceilings = {**case.knowledge.ceiling(case.floor), "GLIBC": case.floor}
    newest: dict[str, tuple[tuple[int, ...], str]] = {}
    for library, version in case.binary.versions:
        matched = _VERSION.fullmatch(version)
        if matched is None or matched[1] not in ceilings or case.index.find(library):
            continue
        numbers = tuple(int(part) for part in matched[2].split("."))
        if numbers > ceilings[matched[1]] and numbers > newest.get(matched[1], ((), ""))[0]:
            newest[matched[1]] = numbers, library
    glibc = ".".join(map(str, case.floor))
    for family, (numbers, library) in newest.items():
        asked, there = ".".join(map(str, numbers)), ".".join(map(str, ceilings[family]))
        fact = f"needs {family}_{asked} of {library}; a target with glibc {glibc} has {family}_{there}"
        origin = _ORIGINS[case.owner is None]
        remedy = f"take a {origin} for an older glibc, or plan for a newer one (--platform manylinux_2_…)"
        yield case.problem(ProblemKind.SYSTEM_TOO_OLD, Severity.ERROR, library, fact, remedy)


def judge_macos(case: LibraryCase) -> Iterator[Problem]:
    """The libraries that the one of *case* loads and would not find, and a release of macOS newer than the target's."""
    for need in case.binary.needs:
        if case.system.has(need.library) or need.late:
            continue
        if any(not is_outside(at) and is_file(case.subject.root / at) for at in _places(case, need.library)):
            continue
        name = need.library.rpartition("/")[2]
        if not need.library.startswith("/"):
            if case.has_in_distribution(name) or case.has_in_runtime(name):
                continue
            yield case.elsewhere(need, name)
        else:
            yield _absolute(case, need)
    if case.floor and case.binary.system > case.floor:
        asked, there = ".".join(map(str, case.binary.system)), ".".join(map(str, case.floor))
        fact = f"was built for macOS {asked} and newer, the target is macOS {there}"
        remedy = "take a wheel for an older macOS, or plan for a newer one (--platform macosx_…)"
        # The loader of macOS does not hold libraries to it: what fails is a function that the older release does not have.
        yield case.problem(ProblemKind.SYSTEM_TOO_OLD, Severity.WARNING, f"macOS {asked}", fact, remedy)


def _places(case: LibraryCase, library: str) -> Iterator[str]:
    head, _, rest = library.partition("/")
    if head == "@rpath":
        folders = (_expanded(case, folder) for folder in case.binary.folders)
        yield from (joined(folder, rest) for folder in folders if folder is not None)
    elif (expanded := _expanded(case, library)) is not None:
        yield expanded


def _expanded(case: LibraryCase, path: str) -> str | None:
    """*path* relative to the root; ``None`` where it is not relative to the library or the program."""
    head, _, rest = path.partition("/")
    if head == "@loader_path":
        return joined(case.binary.path, "..", rest)
    if head == "@executable_path" and case.subject.layout.executable:
        return joined(case.subject.layout.executable, "..", rest)
    return None


def _absolute(case: LibraryCase, need: Need) -> Problem:
    absence, library = case.system.absence(need.library), need.library
    owner = absence.owner if absence is not None else "the machine that it was built on"
    remedy = absence.remedy if absence is not None else "take another wheel: this one is not self-contained"
    fact = f"loads {library}, a path that comes with {owner}"
    return case.problem(ProblemKind.LIBRARY_MISSING, Severity.ERROR, library, fact, remedy)


RULES: Mapping[str, Callable[[LibraryCase], Iterator[Problem]]] = MappingProxyType(
    {"windows": judge_windows, "linux": judge_linux, "musl": judge_linux, "macos": judge_macos}
)
"""The rules by the system of a runtime."""


def iter_lacking_runtimes(subject: Subject, knowledge: LibraryKnowledge) -> Iterator[str]:
    """A sentence for each part that installers bring and that the wheels of *subject* need, such as the Visual C++ runtime."""
    needed: dict[AbsentLibrary, tuple[set[str], set[str]]] = {}
    for absence, name, library in lacking_parts(subject, knowledge):
        names, libraries = needed.setdefault(absence, (set(), set()))
        names.add(name or "the runtime")
        libraries.add(library)
    for absence, (names, libraries) in needed.items():
        yield absence.sentence(names, libraries)


def lacking_parts(subject: Subject, knowledge: LibraryKnowledge) -> Iterator[tuple[AbsentLibrary, str, str]]:
    """Parts that installers bring and that *subject* lacks: each with the distribution that needs it and the library's name.

    Reads the headers of all libraries, and judges nothing else.
    """
    system = knowledge.systems.get(subject.runtime.system)
    if system is None:
        return
    installed = read_installed(subject)
    index = read_library_index(subject, owners(subject, installed))
    requires = {each.name: each.requires for each in installed}
    for problem in judge_libraries(subject, index, knowledge, (), requires):
        absence = system.absence(problem.library) if problem.library else None
        if absence is not None and absence.bundled and problem.severity is Severity.ERROR:
            yield absence, problem.distribution or "", problem.library or ""


def judge_libraries(
    subject: Subject,
    index: LibraryIndex,
    knowledge: LibraryKnowledge,
    floor: tuple[int, ...],
    requires: Mapping[NormalizedName, Set[NormalizedName]],
) -> Iterator[Problem]:
    """Yield a problem for every needed library that would not be found, and for every library of another machine.

    *floor* is the oldest release of glibc or macOS that counts, empty where none is known. *requires* are the declared
    requirements of each distribution: it knows how to load the libraries of those.
    """
    yield from index.unreadable
    system = knowledge.systems.get(subject.runtime.system)
    linked = linked_paths(index)
    for binary in index.binaries:
        if is_for_another_python(binary.path, subject) or _has_newer_build(binary, index):
            continue
        if binary.path in index.foreign:
            yield from _of_another_machine(binary, subject, index)
        elif system is not None:
            owner = index.owner(binary.path)
            case = LibraryCase(
                subject=subject,
                index=index,
                system=system,
                binary=binary,
                knowledge=knowledge,
                floor=floor,
                required=frozenset() if owner is None else requires.get(owner, frozenset()),
            )
            for problem in _of_a_card(list(RULES[subject.runtime.system](case)), binary, system):
                found = problem if binary.path in linked else _of_a_plug_in(problem, subject, system)
                absence = system.absence(found.library or "")
                # What belongs into the environment is missed in any process, also in those that these parts are made for.
                is_missed = absence is not None and absence.bundled
                yield _beside_a_copy(found if is_missed else _softened(found, binary, knowledge), binary, index, case)


def has_library_for(index: LibraryIndex, system: SystemKnowledge, names: Iterable[str], *, is_needed: bool) -> bool:
    """Whether one of *names*, as ``ctypes`` or ``cffi`` is given them (``cairo``, ``libcairo.so.2``), is there, wherever it lies.

    Where it is not needed, a library of a longer name (``libsndfile_x64.dll`` for ``sndfile``) is taken for the one that is meant.
    """
    for name in names:
        plain = name.replace("\\", "/").rpartition("/")[2]
        if not is_needed and any(plain.lower() in each.lower() for each in index.places):
            return True
        if index.ignores_case:
            exact = [plain.lower(), f"{plain.lower()}.dll"]
        elif ".so" in plain:
            exact = [plain]
        else:
            # find_library asks for the name without what stands around it, whatever its version.
            start = f"lib{plain}.so"
            exact = [start, *(each for each in (*index.places, *system.present) if each.startswith(f"{start}."))]
        if any(index.find(each) or system.has(each) or system.brings(each) for each in exact):
            return True
    return False


def _of_a_plug_in(problem: Problem, subject: Subject, system: SystemKnowledge) -> Problem:
    """*problem* of a library that no module imports: a warning, but for the runtime of Windows, which no user has by chance."""
    absence = system.absence(problem.library or "")
    everybodys = subject.runtime.system == "windows" and absence is not None and not absence.unobtainable
    if problem.kind is not ProblemKind.LIBRARY_MISSING or problem.severity is not Severity.ERROR or everybodys:
        return problem
    name = (problem.file or "").rpartition("/")[2].lower()
    is_program = name.endswith(".exe") or "." not in name
    what = "a program beside the modules" if is_program else "a plug-in, which no module of Python links to"
    message = f"{problem.message}; it is {what}"
    remedy = f"nothing, if the program does not use it; else {problem.remedy}"
    return replace(problem, severity=Severity.WARNING, message=message, remedy=remedy)


def _of_a_card(problems: Sequence[Problem], binary: Binary, system: SystemKnowledge) -> Iterator[Problem]:
    """*problems* of one library: what it lacks besides a card's driver or toolkit concerns those alone who have such a card.

    A module that is imported cannot do without; of other libraries a package loads the one that fits the machine.
    """
    absences = (system.absence(each.library or "") for each in problems if each.kind is ProblemKind.LIBRARY_OPTIONAL)
    card = next((each for each in absences if each is not None and each.accelerator), None)
    for each in problems:
        is_of_it = each.kind is ProblemKind.LIBRARY_MISSING and system.absence(each.library or "") is None
        if card is None or is_extension_name(binary.name) or not is_of_it:
            yield each
        else:
            message = f"{each.message}; this library also needs what comes with {card.owner}"
            yield replace(each, severity=Severity.WARNING, message=message, remedy=card.remedy)


def _beside_a_copy(problem: Problem, binary: Binary, index: LibraryIndex, case: LibraryCase) -> Problem:
    """*problem* of a library that is there a second time, and whole: a warning, since whoever needs it may get the other one."""
    is_severe = problem.kind is ProblemKind.LIBRARY_MISSING and problem.severity is Severity.ERROR
    if not is_severe or is_extension_name(binary.name):
        return problem
    copies = [path for path in index.find(binary.name) if path != binary.path and index.owner(path) == case.owner]
    judge = RULES[case.subject.runtime.system]
    for path in copies:
        other = next(replace(case, binary=each) for each in index.binaries if each.path == path)
        if not any(judge(other)):
            message = f"{problem.message}; {path} is a copy that lacks nothing"
            return replace(problem, severity=Severity.WARNING, message=message)
    return problem


def _softened(problem: Problem, binary: Binary, knowledge: LibraryKnowledge) -> Problem:
    exemption = knowledge.exemption(problem.distribution, binary.name.partition(".")[0])
    if exemption is None or problem.severity is not Severity.ERROR:
        return problem
    return replace(problem, severity=Severity.WARNING, message=f"{problem.message}; {exemption.reason}")


def _has_newer_build(binary: Binary, index: LibraryIndex) -> bool:
    """Whether the same library is there for a newer compiler: ``glut.vc14.dll`` beside ``glut.vc10.dll``."""
    built = _COMPILER.search(binary.name)
    if built is None:
        return False
    plain = _COMPILER.sub("", binary.name.lower())
    others = (each for name in index.places if (each := _COMPILER.search(name)) and _COMPILER.sub("", name) == plain)
    return any(int(each[1]) > int(built[1]) for each in others)


def is_for_another_python(path: str, subject: Subject) -> bool:
    """Whether the file at *path* is an extension module that this Python would pass over, by the tag in its name."""
    matched = _EXTENSION_TAG.search(path) if path.lower().endswith((".pyd", ".so")) else None
    python = subject.runtime.python
    if matched is None or python is None:
        return False
    return int(matched[1]) != python.minor or (matched[2] == "t") != subject.runtime.free_threaded


def _of_another_machine(binary: Binary, subject: Subject, index: LibraryIndex) -> Iterator[Problem]:
    # Packages may carry helpers for several machines; what Python imports has to be for this one.
    if not is_extension_name(binary.name):
        return
    runtime = subject.runtime
    right_form = {"pe": "windows", "elf": "linux", "macho": "macos"}[binary.form]
    same_system = right_form == runtime.system or (binary.form == "elf" and runtime.system == "musl")
    there = ", ".join(binary.machines) if same_system else f"{right_form} {', '.join(binary.machines)}"
    here = runtime.machine or runtime.system if same_system else f"{runtime.system} {runtime.machine or ''}".strip()
    severity, path = Severity.ERROR if same_system else Severity.WARNING, binary.path
    message, remedy = f"{path} is for {there}, the environment is {here}", "install the wheel for this machine"
    yield Problem.of(ProblemKind.MACHINE, severity, message, remedy, distribution=index.owner(path), file=path)
