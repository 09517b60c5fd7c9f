"""Recognises an embeddable package, standalone build or installation by its files, and refuses one that is not for the target.

Nothing is run and nothing unpacked. To add a kind: a test of the :class:`Survey` in ``_kind``, and the function for its system.
"""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path

from msgspec import Struct, field
from packaging.version import Version

from wheelcheck.environments.binaries import Binary, binary_in
from wheelcheck.environments.trees import iter_entries
from wheelcheck.errors import InputUnreadable, UsageProblem
from wheelcheck.model.distribution import as_version
from wheelcheck.model.environment import Layout, Runtime, RuntimeKind
from wheelcheck.model.target import Target
from wheelcheck.texts.archive_members import leads_outside

_SYSTEM_WORDS = {"windows": "Windows", "linux": "Linux with glibc", "musl": "Linux with musl", "macos": "macOS"}
_MACHINE = re.compile(
    r"win_(?P<win>\w+)|(?P<win32>win32)|macosx_\d+_\d+_(?P<mac>\w+)|(?:many|musl)?linux(?:\d+|_\d+_\d+)?_(?P<linux>\w+)"
)
_HINT = "give the official embeddable zip for Windows, a python-build-standalone archive, or an installation's folder"
_NO_MACHINES = frozenset({"universal2", "universal", "intel", "fat", "fat32", "fat64"})
WINDOWS_LAYOUT = Layout(
    executable="python.exe", site_packages="Lib/site-packages", scripts="Scripts", headers="Include", data="."
)
PLAIN_LAYOUT = Layout(executable="", site_packages=".", scripts="bin", headers="include", data=".")
_PATCHLEVEL = re.compile(r'^#define\s+PY_VERSION\s+"([^"+]+)\+?"', re.MULTILINE)
_SITE_LINE = "Lib\\site-packages"
_BYTECODE = re.compile(r"(?:^|/)__pycache__/|\.py[co]$")
_SITE_PACKAGES = re.compile(r"(?:Lib|lib/python3\.\d+t?)/site-packages/(?!README(?:\.txt)?$)")
# What the packages in site-packages put beside the interpreter: useless without them, full of their builder's paths, and in the
# place of the plan's own commands.
_SCRIPTS = re.compile(r"Scripts/|bin/(?!python|pydoc|idle|2to3)")
_STANDALONE_HINT = "use a python-build-standalone archive or the embeddable package instead"
_WINDOWS_PARTS = re.compile(r"[^/]+\.(?:exe|dll|txt)|(?:DLLs|Lib|libs|[Ii]nclude|tcl)/.*")
_UNIX_PARTS = re.compile(
    r"bin/python(?:3(?:\.\d+t?)?)?|lib/python3\.\d+t?/.*|lib/libpython3[^/]*|lib/(?:tcl|tk|itcl|thread|tdbc)\d[^/]*/.*"
    r"|lib/lib(?:tcl|tk)\d[^/]*|include/python3\.\d+t?/.*"
)
_TEST_SUITES = re.compile(r"(?:^|/)(?:test|tests|idle_test)/")
# Makefile and static library of the build: only compiling against this interpreter needs them, and they name its builder's folders.
_BUILD_LEFTOVERS = re.compile(r"lib/python3\.\d+t?/config-3[^/]*/")
_DEEPEST = 3
_BINARY_NAME = re.compile(
    r"(?:python3\d+t?\.dll|python(?:3\.\d+t?)?\.exe|python3\.\d+t?|libpython3\.\d+t?\.(?:so(?:\.1\.0)?|dylib))"
)
_TEXT_NAME = re.compile(r"(?:python3\d+t?\._pth|pyvenv\.cfg|PYTHON\.json|patchlevel\.h)")
_LARGEST_TEXT = 8 * 1024**2


class Survey(Struct, frozen=True, kw_only=True):
    """The paths in a runtime, its links with their targets, and by path the texts and binaries that show what it is."""

    path: Path
    paths: set[str] = field(default_factory=set)
    links: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    binaries: dict[str, Binary] = field(default_factory=dict)

    @property
    def is_folder(self) -> bool:
        """Whether it lies on disk as a folder, unpacked."""
        return self.path.is_dir()

    def matching(self, pattern: str) -> list[re.Match[str]]:
        """The paths that *pattern* matches in full, the shortest first."""
        compiled = re.compile(pattern)
        found = (compiled.fullmatch(path) for path in self.paths)
        return sorted(
            (match for match in found if match), key=lambda match: (match[0].count("/"), len(match[0]), match[0])
        )

    def text(self, name: str) -> str:
        """The text of the file *name*, empty where there is none."""
        return self.texts.get(name, "")


def survey_runtime(path: Path) -> Survey:
    """Go once through the archive or folder *path*; raises as ``iter_entries`` does."""
    survey = Survey(path=path)
    for entry in iter_entries(path):
        survey.paths.add(entry.path)
        if entry.link:
            survey.links[entry.path] = entry.link
            continue
        name = entry.path.rpartition("/")[2]
        if name == "patchlevel.h" or (entry.path.count("/") <= _DEEPEST and _TEXT_NAME.fullmatch(name)):
            if entry.size <= _LARGEST_TEXT:
                survey.texts[entry.path] = entry.read().decode("utf-8", "replace")
        elif entry.path.count("/") > _DEEPEST or not _BINARY_NAME.fullmatch(name):
            continue
        elif (binary := binary_in(entry.read())) is not None:
            survey.binaries[entry.path] = binary
    return survey


class RuntimeSource(Struct, frozen=True, kw_only=True):
    """A runtime that was recognised, not yet laid down; ``path`` is ``None`` for kind ``NONE``.

    ``prefix`` is the folder inside ``path`` that becomes the environment's root, with a ``/`` at its end or empty.
    ``windowed`` says whether it has an interpreter without a console window. ``warnings`` are sentences about what may not work in
    the environment.
    """

    path: Path | None
    runtime: Runtime
    layout: Layout
    prefix: str = ""
    windowed: bool = False
    warnings: tuple[str, ...] = ()


def recognise_runtime(path: Path) -> RuntimeSource:
    """Recognise the runtime in *path*, an archive (zip, tar.gz, tar.zst, tar.xz) or a folder, without running any of it.

    Costs one pass of decompression. Raises ``InputUnreadable`` where no runtime is recognised, and ``ArchiveRefused`` for a
    hostile archive.
    """
    if not path.exists():
        raise InputUnreadable("no such file or folder", address=str(path), hint=_HINT)
    survey = survey_runtime(path)
    found = _outermost_prefix(survey)
    if found is None or found[1].kind is RuntimeKind.INSTALLATION:
        _refuse_dependents(survey)
    if found is not None and (found[1].kind is not RuntimeKind.INSTALLATION or not found[0]):
        prefix, runtime, layout = found
        windowed = f"{prefix}pythonw.exe" in survey.paths
        return RuntimeSource(path=path, runtime=runtime, layout=layout, prefix=prefix, windowed=windowed)
    raise InputUnreadable(
        f"no Python runtime in these {len(survey.paths)} files: looked for python3XY._pth beside python.exe and python3XY.dll "
        "(embeddable package), for python.exe beside python3XY.dll, and for bin/python3.X, in the root or one or two folders deep "
        "(standalone build, installation)",
        address=str(path),
        hint=_HINT,
    )


def plain_source(target: Target) -> RuntimeSource:
    """The source without a runtime: the environment is a folder of site-packages for *target*."""
    runtime = Runtime(kind=RuntimeKind.NONE, python=None, system=system_of(target), machine=None)
    return RuntimeSource(path=None, runtime=runtime, layout=PLAIN_LAYOUT)


def system_of(target: Target) -> str:
    """The system of *target* in the words of ``Runtime``."""
    platforms = [platform for _, _, platform in target.tags]
    if any(platform.startswith("win") for platform in platforms):
        return "windows"
    if any(platform.startswith("macosx") for platform in platforms):
        return "macos"
    return "musl" if any(platform.startswith("musllinux") for platform in platforms) else "linux"


def machine_of(target: Target) -> str:
    """The machine of *target* as wheel tags spell it; empty where its tags name none."""
    for _, _, platform in target.tags:
        found = _MACHINE.fullmatch(platform)
        machine = next((word for word in found.groups() if word), "") if found else ""
        if machine and machine not in _NO_MACHINES:
            return machine
    return ""


def is_free_threaded(target: Target) -> bool:
    """Whether *target* is a build without the global lock."""
    return any(re.fullmatch(r"cp3\d+t", abi) for _, abi, _ in target.tags)


def refuse_mismatch(source: RuntimeSource, target: Target) -> None:
    """Raise ``UsageProblem`` with both facts where the runtime of *source* cannot use what was planned for *target*."""
    runtime = source.runtime
    if runtime.python is None:
        return
    minor = f"{target.python_full.major}.{target.python_full.minor}"
    digits = minor.replace(".", "")
    threads = is_free_threaded(target)
    planned_python = f"CPython {minor}{' free-threaded' if threads else ''} (cp{digits}{'t' if threads else ''} wheels)"
    own_python = f"{runtime.python}{' free-threaded' if runtime.free_threaded else ''}"
    planned_machine, own_machine = machine_of(target), runtime.machine or ""
    planned_system, own_system = system_of(target), runtime.system
    if target.implementation != "cpython":
        _refuse(source, f"{target.implementation} {minor}", f"CPython {own_python}")
    if (runtime.python.major, runtime.python.minor) != (target.python_full.major, target.python_full.minor):
        _refuse(source, planned_python, own_python)
    if runtime.free_threaded != threads:
        _refuse(source, planned_python, own_python if runtime.free_threaded else f"{own_python} with its GIL")
    if planned_system != own_system:
        _refuse(source, _SYSTEM_WORDS[planned_system], f"for {_SYSTEM_WORDS.get(own_system, own_system)}")
    if planned_machine and own_machine not in {planned_machine, "universal2"}:
        _refuse(source, f"{planned_machine} ({target.platform})", f"for {own_machine}")


def _refuse(source: RuntimeSource, planned: str, found: str) -> None:
    raise UsageProblem(
        f"the plan is for {planned}, the runtime is {found}",
        address=str(source.path or ""),
        hint="give the runtime that the plan is for, or plan again for this one (--platform, --python)",
    )


def unix_layout(python: str) -> Layout:
    """The layout of a Unix prefix for *python*, a minor version such as ``3.13t``."""
    return Layout(
        executable=f"bin/python{python}",
        site_packages=f"lib/python{python}/site-packages",
        scripts="bin",
        headers=f"include/site/python{python}",
        data=".",
    )


def windows_runtime(survey: Survey, prefix: str, kind: RuntimeKind) -> Runtime | None:
    """The runtime whose ``python.exe`` and ``python3XY.dll`` lie in *prefix*; ``None`` where one of them is missing."""
    libraries = survey.matching(re.escape(prefix) + r"python3(\d+)(t?)\.dll")
    if not libraries or f"{prefix}python.exe" not in survey.paths:
        return None
    library = libraries[0]
    binary = survey.binaries.get(library[0]) or survey.binaries.get(f"{prefix}python.exe")
    if binary is None or binary.form != "pe":
        return None
    return Runtime(
        kind=kind,
        python=_whole_version(survey, prefix) or binary.version or Version(f"3.{library[1]}"),
        system="windows",
        machine=binary.machine,
        free_threaded=bool(library[2]),
    )


def unix_runtime(survey: Survey, prefix: str, python: str, kind: RuntimeKind) -> Runtime | None:
    """The runtime whose executable is ``bin/python…`` of *python* in *prefix*; ``None`` where that is no known binary."""
    escaped = re.escape(prefix)
    shared = survey.matching(rf"{escaped}lib/libpython{re.escape(python)}\.(?:so.*|dylib)")
    places = (f"{prefix}bin/python{python}", *(found[0] for found in shared))
    binary = next((survey.binaries[place] for place in places if place in survey.binaries), None)
    if binary is None or binary.form == "pe":
        return None
    return Runtime(
        kind=kind,
        python=_whole_version(survey, prefix) or Version(python.removesuffix("t")),
        system="macos" if binary.form == "macho" else _linux(survey, prefix, python, binary.interpreter),
        machine=binary.machine,
        free_threaded=python.endswith("t"),
    )


def _linux(survey: Survey, prefix: str, python: str, loader: str) -> str:
    # A static executable names no loader; the build wrote its triplet into this file's name.
    build = survey.matching(rf"{re.escape(prefix)}lib/python{re.escape(python)}/_sysconfigdata_.*\.py")
    names = [loader] if loader else [found[0] for found in build]
    return "musl" if any("musl" in name for name in names) else "linux"


def _whole_version(survey: Survey, prefix: str) -> Version | None:
    """The whole version, from the header that every complete installation has, or from the description of a standalone build."""
    headers = survey.matching(rf"{re.escape(prefix)}(?:include/python[^/]+|[Ii]nclude)/patchlevel\.h")
    found_texts = [found[1] for header in headers if (found := _PATCHLEVEL.search(survey.text(header[0])))]
    for name in (f"{prefix}PYTHON.json", f"{prefix.removesuffix('install/')}PYTHON.json"):
        if name in survey.texts:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                found_texts.append(str(json.loads(survey.texts[name])["python_version"]))
    return next((version for text in found_texts if (version := as_version(text)) is not None), None)


def is_path_file(path: str) -> bool:
    """Whether *path*, relative to the environment's root, is the ``._pth`` file that decides what is importable."""
    return "/" not in path and path.startswith("python") and path.endswith("._pth")


def open_site_packages(content: bytes) -> bytes:
    r"""Make a ``._pth`` file find ``Lib\site-packages`` and run ``site``, so that ``.pth`` files of packages work.

    Other lines and line ends stay as they are, and a file that does both already stays unchanged. The interpreter reads it as
    UTF-8 (CPython's ``getpath.py``).
    """
    text = content.decode("utf-8-sig")
    end = "\r\n" if "\r\n" in text or "\n" not in text else "\n"
    lines = text.splitlines()
    plain = [line.strip().replace("/", "\\").lower() for line in lines]
    if _SITE_LINE.lower() not in plain:
        # After the last path: what is below may be comments and the line that imports site.
        places = [number for number, line in enumerate(plain) if line and not line.startswith(("#", "import "))]
        at = places[-1] + 1 if places else 0
        lines.insert(at, _SITE_LINE)
    if "import site" not in plain:
        commented = [number for number, line in enumerate(lines) if line.strip().lstrip("#").strip() == "import site"]
        if commented:
            lines[commented[0]] = "import site"
        else:
            lines.append("import site")
    return "".join(line + end for line in lines).encode()


def _outermost_prefix(survey: Survey) -> tuple[str, Runtime, Layout] | None:
    """The outermost prefix of a Python in *survey*, two folders deep at most, with its runtime and layout."""
    for found in survey.matching(r"((?:[^/]+/){0,2})(?:python\.exe|bin/python(3\.\d+t?))"):
        prefix, python = found[1], found[2]
        kind = _kind(survey, prefix)
        if python is None:
            runtime, layout = windows_runtime(survey, prefix, kind), WINDOWS_LAYOUT
        else:
            runtime, layout = unix_runtime(survey, prefix, python, kind), unix_layout(python)
        if runtime is not None:
            return prefix, runtime, layout
    return None


def _kind(survey: Survey, prefix: str) -> RuntimeKind:
    """Any archive of a whole *prefix* is a standalone build, because it was packed to be moved; so is its folder."""
    if prefix.count("/") <= 1 and survey.matching(re.escape(prefix) + r"python3\d+t?\._pth"):
        return RuntimeKind.EMBEDDABLE
    is_packed = not survey.is_folder or prefix.startswith("python/")
    return RuntimeKind.STANDALONE if is_packed else RuntimeKind.INSTALLATION


def keeps_of_prefix(path: str) -> bool:
    """Whether the file at *path*, relative to the prefix, belongs into an environment.

    Byte code does not: it holds the paths and times of its build. Installed packages do not: the wheels of the plan take their
    place.
    """
    return not (_BYTECODE.search(path) or _SITE_PACKAGES.match(path) or _SCRIPTS.match(path))


def _refuse_dependents(survey: Survey) -> None:
    """Raise ``InputUnreadable`` for a folder whose Python does not stand on its own, with what to use instead."""
    outside = (path for path, link in sorted(survey.links.items()) if leads_outside(path, link))
    fact, hint = "", _STANDALONE_HINT
    if "pyvenv.cfg" in survey.paths:
        home = re.search(r"^home\s*=\s*(.+)$", survey.text("pyvenv.cfg"), re.MULTILINE)
        fact = "a virtual environment: its interpreter and standard library lie elsewhere"
        # It names the folder with the interpreter, which on Unix is ``bin`` in the installation's.
        if home:
            prefix = re.sub(r"(?<=.)/bin/?$", "", home[1].strip())
            hint = f"give the installation that it was made from ({prefix})"
    elif any(path.startswith("conda-meta/") for path in survey.paths):
        fact = "a conda environment: its libraries have its own path compiled in"
    elif survey.matching(r"lib/python3(?:\.\d+)?/(?:EXTERNALLY-MANAGED|dist-packages/.*)"):
        fact = (
            "an operating system's Python: its parts lie all over the system, and it does not look into site-packages"
        )
    elif path := next(filter(keeps_of_installation, outside), ""):
        fact = f"{path!r} is a link to {survey.links[path]}, outside of this folder"
    if fact and survey.is_folder:
        raise InputUnreadable(fact, address=str(survey.path), hint=hint)


def keeps_of_installation(path: str) -> bool:
    """Whether the file at *path*, relative to the prefix, is part of the interpreter: no packages, scripts, byte code or tests."""
    if not (_WINDOWS_PARTS.fullmatch(path) or _UNIX_PARTS.fullmatch(path)):
        return False
    return keeps_of_prefix(path) and not _TEST_SUITES.search(path) and not _BUILD_LEFTOVERS.match(path)
