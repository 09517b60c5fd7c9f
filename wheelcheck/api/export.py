"""``export``: a plan file, a program and a bundle → the text of a format; reads the program's source, and runs none of it."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from wheelcheck.errors import InputUnreadable, UsageProblem
from wheelcheck.model.code import parse_tree
from wheelcheck.model.environment import MANIFEST

if TYPE_CHECKING:
    from wheelcheck.export.formats import Exporter
    from wheelcheck.model.environment import Manifest
    from wheelcheck.model.plan import PlannedPackage

_OPTIONS = {"name": "name", "app-version": "version", "entry": "entry", "bundle": "bundle", "url": "url"}
# Functions that import by a name in a string, which no freezer sees, and folders that hold no code of the program itself.
_IMPORTERS = frozenset({"import_module", "__import__", "find_spec"})
_SKIPPED = frozenset({"node_modules", "site-packages", "__pycache__", "build", "dist"})
_MOST = 5000  # files; a program that has more is scanned in part, which costs a hint and no answer


class Program(Struct, frozen=True, kw_only=True):
    """The program that a plan ships with, as the user describes it; empty where nothing was given."""

    name: str = ""
    version: str = ""
    entry: str = ""
    bundle: str = ""
    url: str = ""


def exported(content: bytes, path: str, form: str, program: Program) -> str:
    """The plan file *content*, called *path*, in the format *form*.

    Raises ``InputUnreadable`` for a plan or bundle that cannot be read or was edited, ``UsageProblem`` for a format that does not
    exist, an option that the format has no use for, a bundle of another plan, and for what the exporter refuses.
    """
    from wheelcheck.export.shipment import Shipment
    from wheelcheck.plans.documents import parse_executable

    exporter = exporter_named(form)
    _refuse_useless(exporter, program)
    executable = parse_executable(content, path)
    manifest = _manifest(program.bundle, executable.digest) if program.bundle else None
    return exporter.render(
        Shipment(
            # Folders announce no hashes as indexes do.
            plan=replace(executable.plan, packages=tuple(map(_hashed, executable.plan.packages))),
            digest=executable.digest,
            plan_path=_plan_path(path),
            plan_sha256=hashlib.sha256(content).hexdigest(),
            name=program.name or (manifest.name if manifest is not None else ""),
            version=program.version or (manifest.version if manifest is not None else ""),
            entry=program.entry,
            bundle=Path(program.bundle).as_posix() if program.bundle else "",
            url=program.url.rstrip("/"),
            manifest=manifest,
            dynamic_imports=_dynamic_imports(program.entry),
        )
    )


def _hashed(package: PlannedPackage) -> PlannedPackage:
    """*package* with the hash of its file where that lies in a folder of this machine."""
    file = package.file
    if file is None or file.hashes:
        return package
    parts = urlsplit(file.url)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return package
    from urllib.request import url2pathname  # it costs as much as a whole export, and few plans have folders

    from wheelcheck.environments.digests import sha256_of

    place = Path(url2pathname(parts.path))
    if not place.is_file():
        return package
    digest = sha256_of(place)
    return replace(package, file=replace(file, sha256=digest, hashes={"sha256": digest}))


def _plan_path(path: str) -> str:
    """The path of the plan for the text of an export, which is used elsewhere: relative to the current folder, or its name."""
    place = Path(path)
    if path == "-":
        return "plan.json"
    if place.is_absolute():
        place = place.relative_to(Path.cwd()) if place.is_relative_to(Path.cwd()) else Path(place.name)
    return place.as_posix()


def _dynamic_imports(entry: str) -> tuple[str, ...]:
    """The modules that the source of the program at *entry* imports by a name in a string; none if the source is not at hand."""
    module, _, function = entry.rpartition(":")
    start = Path(entry) if not (module and function.isidentifier()) else Path(module.partition(".")[0])
    return dynamic_imports(start) if start.exists() else ()


def exporter_named(form: str) -> Exporter:
    """The exporter for *form*; raises ``UsageProblem`` listing those that exist, or saying why there is none."""
    from wheelcheck.export.formats import EXPORTERS, OUT_OF_SCOPE

    found = next((exporter for exporter in EXPORTERS if exporter.name == form), None)
    if found is None:
        if form in OUT_OF_SCOPE:
            raise UsageProblem(
                f"--to {form} is out of scope: {OUT_OF_SCOPE[form]}", hint="see: wheelcheck bundle --help"
            )
        raise UsageProblem(
            f"--to {form!r} is no format", hint=f"one of {', '.join(exporter.name for exporter in EXPORTERS)}"
        )
    return found


def _refuse_useless(exporter: Exporter, program: Program) -> None:
    for option, field in _OPTIONS.items():
        if getattr(program, field) and option not in exporter.uses:
            raise UsageProblem(
                f"--{option} means nothing to --to {exporter.name}", hint=f"leave --{option} out, or use another format"
            )


def _manifest(folder: str, digest: str) -> Manifest:
    from wheelcheck.plans.manifests import parse_manifest

    path = Path(folder) / MANIFEST
    try:
        manifest = parse_manifest(path.read_bytes(), str(path))
    except OSError as error:
        raise InputUnreadable(
            f"is no bundle: its {MANIFEST} could not be read: {error.strerror}",
            address=folder,
            hint="make one with: wheelcheck bundle PLAN -o FOLDER",
        ) from error
    if manifest.plan_digest != digest:
        raise UsageProblem(
            f"the bundle was made from another plan: it names {manifest.plan_digest}, this plan is {digest}",
            address=folder,
            hint="bundle this plan, or give the plan that the bundle was made from",
        )
    return manifest


def dynamic_imports(start: Path) -> tuple[str, ...]:
    """The dotted names that the code beside the script *start*, and below, gives to ``import_module`` and the like, sorted.

    Environments, hidden folders and what other tools built are passed over, as is code that does not parse.
    """
    folder = start.parent if start.is_file() else start
    found: set[str] = set()
    for count, path in enumerate(_iter_code(folder)):
        if count == _MOST:
            break
        try:
            tree = parse_tree(path.read_bytes())
        except (SyntaxError, OSError):
            continue
        found |= set(_iter_names(tree))
    return tuple(sorted(found))


def _iter_code(folder: Path) -> Iterator[Path]:
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return  # a folder that cannot be read holds no code that can be frozen
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            is_environment = (path / "pyvenv.cfg").exists()
            if not is_environment and not path.name.startswith(".") and path.name not in _SKIPPED:
                yield from _iter_code(path)
        elif path.suffix == ".py":
            yield path


def _iter_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Name(id=function) | ast.Attribute(attr=function), args=[ast.Constant(value=str() as name), *_]
            ) if function in _IMPORTERS and all(part.isidentifier() for part in name.split(".")):
                yield name
