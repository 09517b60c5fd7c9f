"""``export``: a plan file, a program and a bundle → the text of a format; reads the program's source, and runs none of it."""

from __future__ import annotations

import ast
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from wheelcheck.errors import InputUnreadable, UsageProblem
from wheelcheck.model.code import parse_tree
from wheelcheck.model.environment import MANIFEST, RuntimeKind
from wheelcheck.texts.files import read_file

if TYPE_CHECKING:
    from wheelcheck.export.formats import Exporter
    from wheelcheck.model.environment import Manifest
    from wheelcheck.model.plan import PlannedPackage
    from wheelcheck.model.target import Target

OPTIONS = {
    **{name: name for name in ("name", "entry", "bundle", "url", "icon", "publisher", "scope")},
    "app-version": "version",
    "public-key": "public_key",
}
"""The options that a format may heed, with the field of :class:`Program` for each."""
# Functions that import by a name in a string, which no freezer sees.
_IMPORTERS = frozenset({"import_module", "__import__", "find_spec"})


class Program(Struct, frozen=True, kw_only=True):
    """The program that a plan ships with, as the user describes it; empty where nothing was given."""

    name: str = ""
    version: str = ""
    entry: str = ""
    bundle: str = ""
    url: str = ""
    icon: str = ""
    publisher: str = ""
    scope: str = ""
    public_key: str = ""


def exported(content: bytes, path: str, form: str, program: Program, output: str | None = None) -> str:
    """The plan file *content*, called *path*, in the format *form*, to be written to the file *output* (``None``: to no file).

    The paths of *program* are relative to the current folder; a format that reads them from its own file gets them from there.
    Raises ``InputUnreadable`` for a plan or bundle that cannot be read or was edited, ``UsageProblem`` for a format that does not
    exist, an option that the format has no use for, a bundle of another plan, and for what the exporter refuses.
    """
    from wheelcheck.api.publish import load_public_key
    from wheelcheck.export.shipment import Shipment
    from wheelcheck.plans.documents import parse_executable

    exporter = exporter_named(form)
    _refuse_useless(exporter, program)
    executable = parse_executable(content, path)
    is_frozen = exporter.takes_frozen and bool(program.bundle) and _is_frozen(Path(program.bundle))
    manifest = _manifest(program.bundle, executable.digest) if program.bundle and not is_frozen else None
    folder = Path(output).parent if output not in (None, "-") and exporter.is_beside else Path()
    return exporter.render(
        Shipment(
            # Folders announce no hashes as indexes do.
            plan=replace(executable.plan, packages=tuple(map(_hashed, executable.plan.packages))),
            digest=executable.digest,
            plan_path=_seen_from(folder, path) if exporter.is_beside and path != "-" else _plan_path(path),
            plan_sha256=hashlib.sha256(content).hexdigest(),
            name=program.name or (manifest.name if manifest is not None else ""),
            version=program.version or (manifest.version if manifest is not None else ""),
            entry=_seen_from(folder, program.entry) if _is_script(program.entry) else program.entry,
            bundle=_seen_from(folder, program.bundle),
            url=program.url.rstrip("/"),
            icon=_seen_from(folder, program.icon),
            publisher=program.publisher,
            scope=program.scope,
            public_key=load_public_key(Path(program.public_key)) if program.public_key else "",
            manifest=manifest,
            newest_python=_newest_python(executable.plan.target) if exporter.name == "pynsist" else "",
            dynamic_imports=dynamic_imports(program.entry) if exporter.scans else (),
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

    from wheelcheck.environments.trees import sha256_of

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


def _newest_python(target: Target) -> str:
    """The newest embeddable package that is known for *target*, empty where its patch level was said or none is known."""
    from wheelcheck.api.environments import known_runtimes

    found = known_runtimes(target, RuntimeKind.EMBEDDABLE) if target.patch_assumed else ()
    return str(found[0].python) if found else ""


def _seen_from(folder: Path, path: str) -> str:
    """*path*, if relative to the current folder, relative to *folder*, with ``/``; an absolute or empty one stays as it is."""
    if not path or Path(path).is_absolute():
        return Path(path).as_posix() if path else ""
    return Path(os.path.relpath(path, folder)).as_posix()


def _is_script(entry: str) -> bool:
    module, _, function = entry.rpartition(":")
    return not (module and function.isidentifier())


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
    for option, field in OPTIONS.items():
        if getattr(program, field) and option not in exporter.uses:
            raise UsageProblem(
                f"--{option} means nothing to --to {exporter.name}", hint=f"leave --{option} out, or use another format"
            )


def _is_frozen(folder: Path) -> bool:
    """Whether PyInstaller made *folder*: each of its releases lays ``base_library.zip`` there, since 6.0 one level down."""
    is_bundle = (folder / MANIFEST).exists()
    return not is_bundle and any(any(folder.glob(each)) for each in ("base_library.zip", "*/base_library.zip"))


def _manifest(folder: str, digest: str) -> Manifest:
    from wheelcheck.plans.manifests import parse_manifest

    path = Path(folder) / MANIFEST
    try:
        manifest = parse_manifest(read_file(path), str(path))
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


def dynamic_imports(entry: str) -> tuple[str, ...]:
    """The dotted names, sorted, that the program at *entry* gives to ``import_module`` and the like.

    Read are the script or module and those beside it that it imports, however indirectly; code that does not parse is passed over.
    """
    folder, waiting = Path(), [Path(entry)]
    if _is_script(entry):
        folder = Path(entry).parent
    else:
        waiting = list(_iter_sources(entry.rpartition(":")[0], folder))
    found: set[str] = set()
    read: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path in read:
            continue
        read.add(path)
        try:
            tree = parse_tree(read_file(path))
        except (SyntaxError, OSError):
            continue
        named = set(_iter_names(tree))
        found |= named
        for name in named | set(_iter_imported(tree, path.relative_to(folder).parts[:-1])):
            waiting += _iter_sources(name, folder)
    return tuple(sorted(found))


def _iter_sources(name: str, folder: Path) -> Iterator[Path]:
    """The files in *folder* that importing the dotted *name* runs."""
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        place = folder.joinpath(*parts[:count])
        yield from (path for path in (place / "__init__.py", place.with_name(f"{place.name}.py")) if path.is_file())


def _iter_imported(tree: ast.AST, package: tuple[str, ...]) -> Iterator[str]:
    """The dotted names that the statements of *tree*, a module of *package*, import; ``from a import b`` may mean two modules."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                above = package[: len(package) - level + 1] if level else ()
                base = ".".join([*above, *([module] if module else [])])
                yield from (f"{base}.{alias.name}".lstrip(".") for alias in names if alias.name != "*")
                yield from [base] if base else []


def _iter_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Name(id=function) | ast.Attribute(attr=function), args=[ast.Constant(value=str() as name), *_]
            ) if function in _IMPORTERS and all(part.isidentifier() for part in name.split(".")):
                yield name
