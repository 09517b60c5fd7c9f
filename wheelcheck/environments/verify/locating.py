"""Finds Python, its packages, system and machine in a folder by names and headers; runs nothing."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace
from packaging.version import Version

from wheelcheck.environments.binaries import BinaryUnreadable, is_extension_name, is_library_name, read_binary
from wheelcheck.environments.trees import iter_paths
from wheelcheck.environments.verify.subject import Subject, is_outside, joined, names_of, text_of
from wheelcheck.errors import InputUnreadable
from wheelcheck.model.distribution import as_version
from wheelcheck.model.environment import Layout, Manifest, Runtime, RuntimeKind
from wheelcheck.texts.files import is_file, is_folder

_DLL = re.compile(r"python(\d)(\d+)(t?)\.dll", re.IGNORECASE)
_LIBRARY_FOLDER = re.compile(r"(?:python|pypy)(\d\.\d+)(t?)")
WINDOWS_PLATFORMS = {"amd64": "win_amd64", "arm64": "win_arm64", "x86": "win32", "win32": "win32"}
"""The platform tag of each machine."""
_PLATFORM = re.compile(r"(manylinux|musllinux|macosx|linux)_(?:\d+_\d+_)?(\w+)")
_FAMILIES = {"manylinux": "linux", "linux": "linux", "musllinux": "musl", "macosx": "macos"}
_PYTHON_TAG = re.compile(r"cp(\d)(\d+)")
_SYSTEMS = {"pe": "windows", "elf": "linux", "macho": "macos"}
_HINT = (
    "give a bundle (its folder, archive or manifest's folder), a virtual environment, an unpacked embeddable Python, "
    "or a folder with *.dist-info in it"
)


def locate(root: Path, given: str, manifest: Manifest | None = None) -> Subject:
    """The environment in *root*, which the user calls *given*; *manifest* describes that of a bundle.

    Raises ``InputUnreadable`` where there is none.
    """
    if manifest is not None:
        sites = _sites_by_path_file(root, manifest.layout.executable) or ()
        return Subject(
            given=given,
            root=root,
            runtime=_runtime_of(manifest),
            layout=manifest.layout,
            site_packages=tuple(dict.fromkeys((manifest.layout.site_packages, *sites))),
            manifest=manifest,
        )
    for look in (_virtual, _windows, _posix, _plain):
        subject = look(root, given)
        if subject is not None:
            return subject
    raise InputUnreadable("holds no Python environment and no bundle", address=given, hint=_HINT)


def _runtime_of(manifest: Manifest) -> Runtime:
    """The runtime of *manifest*; where it has none, the target's, which its packages have to fit."""
    runtime = manifest.runtime
    if runtime.kind is not RuntimeKind.NONE:
        return runtime
    system, machine = system_of(manifest.target.platform)
    return Runtime(
        kind=RuntimeKind.NONE,
        python=runtime.python or _version(manifest.target.python),
        system=runtime.system or system,
        machine=runtime.machine or machine or None,
        free_threaded=runtime.free_threaded or manifest.target.python.endswith("t"),
    )


def system_of(platform: str) -> tuple[str, str]:
    """System and machine of a platform tag, in the words of a runtime; empty ones where it is none."""
    if machine := next((each for each, word in WINDOWS_PLATFORMS.items() if word == platform), ""):
        return "windows", machine
    matched = _PLATFORM.fullmatch(platform)
    return (_FAMILIES[matched[1]], matched[2]) if matched else ("", "")


def has_environment(root: Path) -> bool:
    """Whether *root* looks like an environment at all."""
    try:
        locate(root, "")
    except InputUnreadable:
        return False
    return True


def _virtual(root: Path, given: str) -> Subject | None:
    configuration = root / "pyvenv.cfg"
    if not is_file(configuration):
        return None
    pairs = (line.partition("=") for line in text_of(configuration).splitlines())
    settings = {key.strip().lower(): value.strip() for key, _, value in pairs}
    on_windows = is_file(root / "Scripts" / "python.exe") or is_folder(root / "Lib" / "site-packages")
    executable = _first(root, ("Scripts/python.exe",) if on_windows else ("bin/python", "bin/python3"))
    site, python, free = ("Lib/site-packages", "", False) if on_windows else _posix_site(root)
    if not site or not is_folder(root / site):
        return None
    stated = settings.get("version_info") or settings.get("version") or ""
    subject = _subject(
        root,
        given,
        RuntimeKind.INSTALLATION,
        executable,
        (site,),
        python=_version(stated) or _version(python),
        scripts="Scripts" if on_windows else "bin",
        free_threaded=free,
        system="windows" if on_windows else "",
    )
    sees_host = settings.get("include-system-site-packages", "").lower() == "true"
    return replace(subject, home=settings.get("home", "") or "another Python", sees_host=sees_host)


def _windows(root: Path, given: str) -> Subject | None:
    if not is_file(root / "python.exe"):
        return None
    found = [matched for name in names_of(root) if (matched := _DLL.fullmatch(name))]
    embeddable = any(re.fullmatch(r"python3\d+t?(\._pth|\.zip)", name, re.IGNORECASE) for name in names_of(root))
    usual = ("Lib/site-packages",)
    sites = _sites_by_path_file(root, "python.exe")
    existing = tuple(site for site in (usual if sites is None else sites) if is_folder(root / site)) or usual
    main = next((site for site in existing if _has_packages(root / site)), existing[0])
    kind = RuntimeKind.EMBEDDABLE if embeddable else RuntimeKind.INSTALLATION
    return _subject(
        root,
        given,
        kind,
        "python.exe",
        tuple(dict.fromkeys((main, *existing))),
        python=_version(f"{found[0][1]}.{found[0][2]}") if found else None,
        scripts="Scripts",
        free_threaded=bool(found and found[0][3]),
        system="windows",
    )


def _posix(root: Path, given: str) -> Subject | None:
    site, python, free = _posix_site(root)
    if not site:
        return None
    executable = _first(root, (f"bin/python{python}{'t' if free else ''}", "bin/python3", "bin/python"))
    kind = RuntimeKind.STANDALONE if executable else RuntimeKind.NONE
    return _subject(root, given, kind, executable, (site,), python=_version(python), free_threaded=free)


def _plain(root: Path, given: str) -> Subject | None:
    site = next((each for each in (".", "site-packages", "Lib/site-packages") if _has_packages(root / each)), None)
    if site is None:
        return None
    return _subject(root, given, RuntimeKind.NONE, "", (site,), python=_tagged_python(root / site))


def _subject(
    root: Path,
    given: str,
    kind: RuntimeKind,
    executable: str,
    sites: tuple[str, ...],
    *,
    python: Version | None,
    scripts: str = "bin",
    free_threaded: bool = False,
    system: str = "",
) -> Subject:
    """The environment; its system and machine are those of its executable, else of its libraries, else *system*."""
    found, machine = _of_binary(root / executable) if executable else ("", None)
    if not found:
        found, machine = _host_like(root, sites[0])
    layout = Layout(executable=executable, site_packages=sites[0], scripts=scripts, headers="include", data=".")
    runtime = Runtime(kind=kind, python=python, system=found or system, machine=machine, free_threaded=free_threaded)
    return Subject(given=given, root=root, runtime=runtime, layout=layout, site_packages=sites)


def _posix_site(root: Path) -> tuple[str, str, bool]:
    for name in reversed(names_of(root / "lib")):
        matched = _LIBRARY_FOLDER.fullmatch(name)
        if matched and is_folder(root / "lib" / name / "site-packages"):
            return f"lib/{name}/site-packages", matched[1], bool(matched[2])
    return "", "", False


def path_files(root: Path, executable: str) -> tuple[Path, ...]:
    """The ``._pth`` files beside *executable*, which alone decide what an embeddable Python imports."""
    folder = root / joined(executable or ".", "..")
    return tuple(sorted(folder / name for name in names_of(folder) if name.lower().endswith("._pth")))


def path_file_entries(path_file: Path) -> tuple[str, ...]:
    """The entries of a ``._pth`` file, as written, without comments and ``import`` lines."""
    lines = (line.partition("#")[0].strip() for line in text_of(path_file).splitlines())
    return tuple(line for line in lines if line and not line.startswith("import "))


def _sites_by_path_file(root: Path, executable: str) -> tuple[str, ...] | None:
    files = path_files(root, executable)
    if not files:
        return None
    base = joined(executable, "..")
    places = (joined(base, entry) for entry in path_file_entries(files[0]))
    return tuple(place for place in places if not is_outside(place) and _has_packages(root / place))


def _of_binary(path: Path) -> tuple[str, str | None]:
    """System and machine by the header of the program or library *path*; empty and ``None`` where it cannot be read."""
    binary = None
    with contextlib.suppress(BinaryUnreadable, OSError):
        binary = read_binary(path, path.name, None)
    if binary is None:
        return "", None
    musl = "musl" in binary.interpreter or any("musl" in need.library for need in binary.needs)
    # A universal program runs on both machines: none is *the* machine.
    machine = binary.machines[0] if len(binary.machines) == 1 else None
    return ("musl" if musl else _SYSTEMS[binary.form]), machine


def _host_like(root: Path, site: str) -> tuple[str, str | None]:
    """System and machine by the first extension module for one Python under *site*, else by the first library."""
    first: tuple[str, str | None] = ("", None)
    for path in (root / place for place in iter_paths(root, site) if is_library_name(place.rpartition("/")[2])):
        found = _of_binary(path)
        if found[0] and is_extension_name(path.name) and ".abi3" not in path.name:
            return found
        first = first if first[0] else found
    return first


def _tagged_python(site: Path) -> Version | None:
    """The Python of the wheels in *site* by their own tags; ``None`` where all are for any."""
    for name in names_of(site):
        if name.endswith(".dist-info"):
            for line in text_of(site / name / "WHEEL").splitlines():
                key, _, value = line.partition(":")
                parts = value.strip().split("-")
                matched = _PYTHON_TAG.match(parts[0])
                if key.strip().lower() == "tag" and len(parts) == 3 and parts[1].startswith("cp") and matched:
                    return _version(f"{matched[1]}.{matched[2]}")
    return None


def _has_packages(folder: Path) -> bool:
    return any(name.endswith((".dist-info", ".egg-info")) for name in names_of(folder))


def _first(root: Path, names: Iterable[str]) -> str:
    return next((name for name in names if is_file(root / name)), "")


def _version(text: str) -> Version | None:
    matched = re.match(r"\d+\.\d+(\.\d+)?", text)
    return as_version(text.replace(".final.0", "")) or (as_version(matched[0]) if matched else None)
