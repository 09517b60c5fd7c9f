"""``bundle``: a plan, its wheels and a runtime → the environment that ships, named, whole or not at all; joins the rooms.

Its name and version are those asked for, or come from the project or from the plan alone.
"""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from wheelcheck.api.fetch import FetchRequest, fetch, iter_unplanned
from wheelcheck.errors import HashMismatch, UsageProblem
from wheelcheck.model.environment import MANIFEST, BundleArchive, BundledPackage, Bundling, EnvironmentFile, Manifest
from wheelcheck.model.finding import Severity
from wheelcheck.model.plan import Plan
from wheelcheck.model.target import Target
from wheelcheck.ports import SilentTransfers
from wheelcheck.texts.words import counted

if TYPE_CHECKING:
    from wheelcheck.environments.bundle.runtimes import RuntimeSource
    from wheelcheck.environments.bundle.staging import Staging
    from wheelcheck.model.environment import Budget, Environment, Wheelhouse
    from wheelcheck.plans.documents import ExecutablePlan
    from wheelcheck.ports import Transfers


_UNPLANNED = "which the plan lacks: its index announced other metadata; plan again with an index that tells the truth"


class BundleRequest(Struct, frozen=True, kw_only=True):
    """What to make of a plan.

    ``out`` is the folder to make, ``wheelhouse`` the folder that has or gets the wheels, ``None`` for one that goes with the run.
    ``runtime`` is an archive or folder, ``auto`` or another word of ``WORDS`` (``api/environments.py``) for one that is published,
    ``None`` for packages alone. ``strip`` are kinds of files to leave out, ``archive`` is
    ``zip``, ``tar.zst`` or empty for a folder, ``layered`` asks for several archives, ``budget`` is a size as text or empty.
    ``name`` and ``version`` name the archives; empty for those of the input and the plan. ``replace`` lets a bundle that is at
    ``out`` be replaced. ``fetching`` says how wheels are fetched that lack.
    """

    out: Path
    wheelhouse: Path | None = None
    runtime: Path | str | None = None
    strip: tuple[str, ...] = ()
    archive: str = ""
    layered: bool = False
    budget: str = ""
    name: str = ""
    version: str = ""
    replace: bool = False
    fetching: FetchRequest = field(default_factory=FetchRequest)
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


class _Order(Struct, frozen=True, kw_only=True):
    """A request whose words have been parsed and checked."""

    executable: ExecutablePlan
    request: BundleRequest
    source: RuntimeSource
    out: Path
    strip: tuple[str, ...]
    name: str
    version: str
    moment: int | None
    budget: Budget | None


def bundle(executable: ExecutablePlan, request: BundleRequest, reporter: Transfers | None = None) -> Bundling:
    """Make the bundle of *executable* that *request* asks for; make nothing if it is over the budget, and return that.

    All that can be refused is refused before anything is fetched. Raises ``UsageProblem`` for what was asked, another target's
    runtime or an existing ``out``, ``ArchiveRefused`` for hostile wheels, and what :func:`~wheelcheck.api.fetch.fetch`
    raises; ``DiskFailure`` where the disk fails. Whatever happens, what is at ``out`` is whole.
    """
    from wheelcheck.environments.bundle.staging import staged

    reporter = reporter or SilentTransfers()
    order = _understood(executable, request, reporter)
    with staged(order.out) as staging:
        _refuse_taken(order.out, request)  # once more: a killed run's folder may just have come back
        wheelhouse, unplanned = _wheelhouse(order, staging, reporter)
        return _bundled(order, wheelhouse, unplanned, staging, reporter)


def _understood(executable: ExecutablePlan, request: BundleRequest, reporter: Transfers) -> _Order:
    from wheelcheck.environments.bundle.archiving import parse_budget, source_date_epoch
    from wheelcheck.environments.bundle.runtimes import refuse_mismatch

    out = request.out.resolve()
    if request.layered and not request.archive:
        raise UsageProblem("layers are archives", hint="give --archive zip or --archive tar.zst with --layers")
    _refuse_unknown(request)
    budget = parse_budget(request.budget) if request.budget else None
    _refuse_taken(out, request)
    target = executable.plan.target
    source = _source(target, request, reporter)
    refuse_mismatch(source, target)
    return _Order(
        executable=executable,
        request=request,
        source=source,
        out=out,
        strip=tuple(sorted(set(request.strip))),
        name=bundle_name(request.name, executable.plan, Path(request.fetching.where.folder)),
        version=bundle_version(request.version, executable.digest),
        moment=source_date_epoch(request.environ),
        budget=budget,
    )


def _source(target: Target, request: BundleRequest, reporter: Transfers) -> RuntimeSource:
    from wheelcheck.environments.bundle.runtimes import plain_source, recognise_runtime

    if target.platform.endswith("universal2"):
        raise UsageProblem(
            f"a bundle is for one machine, and the plan is for {target.platform}",
            hint="plan for macosx_11_0_arm64 and for macosx_11_0_x86_64, and bundle each",
        )
    if request.runtime is None:
        return plain_source(target)
    if isinstance(request.runtime, Path):
        return recognise_runtime(request.runtime)
    from wheelcheck.api.environments import fetch_runtime

    fetched = fetch_runtime(target, request.runtime, request.fetching.where, reporter)
    source = recognise_runtime(fetched.path)
    if (newer := fetched.newer) is None:
        return source
    advice = f"Python {newer.python} is published as {newer.kind.value} build, with later fixes: --runtime {newer.kind.value}"
    return replace(source, warnings=(*source.warnings, advice))


def _refuse_taken(out: Path, request: BundleRequest) -> None:
    from wheelcheck.environments.bundle.staging import refuse_existing, refuse_unreplaceable

    if request.replace:
        refuse_unreplaceable(out)
    else:
        refuse_existing(out)


def _refuse_unknown(request: BundleRequest) -> None:
    from wheelcheck.environments.bundle.archiving import FORMATS
    from wheelcheck.environments.bundle.stripping import KINDS

    for what, words, known in (
        ("kind of files to strip", request.strip, KINDS),
        ("archive format", (request.archive,) if request.archive else (), FORMATS),
    ):
        for word in words:
            if word not in known:
                raise UsageProblem(f"there is no {what} {word!r}", hint=f"there are {', '.join(known)}")


def _wheelhouse(order: _Order, staging: Staging, reporter: Transfers) -> tuple[Wheelhouse, Sequence[str]]:
    """The wheels, and what they ask for by their own metadata that the plan lacks."""
    from wheelcheck.environments.wheelhouse import load_wheelhouse

    executable, folder = order.executable, order.request.wheelhouse
    if folder is not None:
        try:
            loaded = load_wheelhouse(folder, executable.plan, plan_path=executable.path)
        except (UsageProblem, HashMismatch):
            pass  # it is filled, or mended
        else:
            return loaded, tuple(iter_unplanned(executable.plan, folder))
    fetched = fetch(executable, folder or staging.wheels, order.request.fetching, reporter)
    return fetched.wheelhouse, fetched.unplanned


def _bundled(
    order: _Order, wheelhouse: Wheelhouse, unplanned: Sequence[str], staging: Staging, reporter: Transfers
) -> Bundling:
    from wheelcheck.environments.bundle.archiving import SUMS, measure, sums_of
    from wheelcheck.environments.bundle.assembling import assemble
    from wheelcheck.environments.bundle.stripping import strip, strippable

    reporter.stage("unpacking")
    whole = assemble(order.source, wheelhouse, order.executable.plan.target, staging.place("environment"), reporter)
    _refuse_manifest_of_others(whole)
    if order.strip:
        reporter.stage("stripping")
    environment = strip(whole, order.strip)
    manifest = _manifest(order, environment, wheelhouse)
    made = environment.root
    if order.request.archive:
        reporter.stage("archiving")
        made = staging.place("archives")
        manifest = _archived(order, environment, manifest, made)
    _write_manifest(manifest, made)
    saved = _size(whole.files) - _size(environment.files)
    bundling = Bundling(
        out=str(order.request.out),
        manifest=manifest,
        sizes=measure(environment, {}),
        saved=saved,
        budget=order.budget,
        warnings=(
            *environment.warnings,
            *(f"{each}, {_UNPLANNED}" for each in unplanned),
            *_iter_warnings(environment),
            *_iter_failing_imports(environment, manifest, order.executable.plan.target, reporter),
        ),
    )
    if not bundling.is_within_budget:
        # Looking at every file costs time, and only a bundle over its budget needs it.
        return replace(bundling, sizes=measure(environment, strippable(environment)))
    if order.request.archive:
        (made / SUMS).write_bytes(sums_of(manifest, made))
    _refuse_taken(order.out, order.request)
    staging.finish(made)
    return bundling


def _refuse_manifest_of_others(environment: Environment) -> None:
    for file in environment.files:
        if file.path.casefold() == MANIFEST:
            raise UsageProblem(
                f"{file.owner or 'the runtime'} has a file {file.path} where the bundle's own manifest goes",
                hint="give a --runtime, so that packages lie in a folder of their own",
            )


def _manifest(order: _Order, environment: Environment, wheelhouse: Wheelhouse) -> Manifest:
    return Manifest(
        name=order.name,
        version=order.version,
        plan_digest=order.executable.digest,
        target=order.executable.plan.target.name,
        runtime=environment.runtime,
        layout=environment.layout,
        packages=tuple(
            BundledPackage(name=wheel.name, version=wheel.version, wheel=wheel.path.name, sha256=wheel.sha256)
            for wheel in sorted(wheelhouse.wheels, key=lambda wheel: wheel.name)
        ),
        files=environment.files,
        stripped=order.strip,
    )


def _archived(order: _Order, environment: Environment, manifest: Manifest, made: Path) -> Manifest:
    """Write the archives of *environment* into the new folder *made*; answers *manifest* with them."""
    from wheelcheck.environments.bundle.archiving import FORMATS, layers

    made.mkdir()
    suffix = order.request.archive
    write = FORMATS[suffix]
    words = target_words(order.executable.plan.target)
    archives = []
    if order.request.layered:
        for layer, files in layers(environment.files, order.executable.plan):
            partial = made / f"{layer}.{suffix}"
            write(files, environment.root, partial, order.moment)
            archive = _described(partial, files, layer)
            # The name is made from the content, so that an application that has the file need not download it again.
            filename = f"{order.name}-{words}-{layer}-{archive.sha256[:12]}.{suffix}"
            partial.rename(made / filename)
            archives.append(replace(archive, filename=filename))
    else:
        files = (*environment.files, _write_manifest(manifest, environment.root))
        place = made / f"{order.name}-{order.version}-{words}.{suffix}"
        write(files, environment.root, place, order.moment)
        archives.append(_described(place, files, None))
    return replace(manifest, archives=tuple(archives))


def _described(archive: Path, files: Iterable[EnvironmentFile], layer: str | None) -> BundleArchive:
    from wheelcheck.environments.trees import sha256_of

    size, sha256 = archive.stat().st_size, sha256_of(archive)
    return BundleArchive(filename=archive.name, size=size, sha256=sha256, installed=_size(files), layer=layer)


def _write_manifest(manifest: Manifest, folder: Path) -> EnvironmentFile:
    from wheelcheck.plans.manifests import render_manifest

    content = render_manifest(manifest)
    (folder / MANIFEST).write_bytes(content)
    return EnvironmentFile(path=MANIFEST, size=len(content), sha256=hashlib.sha256(content).hexdigest())


def _size(files: Iterable[EnvironmentFile]) -> int:
    return sum(file.size for file in files)


def _iter_warnings(environment: Environment) -> Iterator[str]:
    from wheelcheck.environments.bundle.writing import LONGEST_PATH, PREFIX_LENGTH, room_above

    if environment.runtime.system != "windows":
        return
    deep = sorted((room_above(file.path), file.path, file.owner or "runtime") for file in environment.files)
    several = sum(room < PREFIX_LENGTH for room, _, _ in deep)
    if several:
        room, path, owner = deep[0]
        yield (
            f"Windows reads paths of up to {LONGEST_PATH} characters: {counted(several, 'file')} "
            f"may be too deep, {path} ({owner}) in any folder whose path is longer than {room}"
        )


def _iter_failing_imports(
    environment: Environment, manifest: Manifest, target: Target, reporter: Transfers
) -> Iterator[str]:
    """What `verify` will say of imports and parts of Windows that are missing, while the plan is easily changed."""
    from wheelcheck.archives.reader import InstalledCode
    from wheelcheck.environments.verify.libraries import iter_lacking_runtimes
    from wheelcheck.environments.verify.locating import locate
    from wheelcheck.environments.verify.reading import failing_imports_of
    from wheelcheck.knowledge.loading import load_standard_library
    from wheelcheck.knowledge.systems import load_system_libraries

    reporter.stage("reading imports")
    subject = locate(environment.root, str(environment.root), manifest)
    for problem in failing_imports_of(subject, target, load_standard_library(), InstalledCode):
        if problem.severity is Severity.ERROR:
            yield f"{problem.message}; {problem.remedy}"
    if environment.runtime.system == "windows":
        yield from iter_lacking_runtimes(subject, load_system_libraries())


_WORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._+-]*[A-Za-z0-9])?")
_STRANGE = re.compile(r"[^A-Za-z0-9._+-]+")
_DIGITS = 12  # of the plan's digest: enough to tell any two plans of one product apart


def bundle_name(asked: str, plan: Plan, folder: Path) -> str:
    """The name *asked* for, else that of the project whose pyproject.toml *plan* was made from, else one that the plan tells.

    The file is looked for from *folder* on, and counts where it is what the plan was made from. The plan tells the folder of its
    first input, or the one package that was asked for. The folder that is made has no say: it would change the archives' bytes
    and the names of layers. Raises ``UsageProblem`` for a name that no file name may hold.
    """
    if asked:
        return _word(asked, "--name")
    places = (Path(record.path.replace("\\", "/")).parent.name for record in plan.inputs)
    asked_for = [package.name for package in plan.packages if package.requested]
    told = next(filter(None, map(_plain, places)), "") or (asked_for[0] if len(asked_for) == 1 else "")
    return _plain(_project_name(plan, folder)) or told or "bundle"


def bundle_version(asked: str, digest: str) -> str:
    """The version *asked* for, else the beginning of the plan's *digest*; raises ``UsageProblem`` likewise."""
    return _word(asked, "--bundle-version") if asked else digest.removeprefix("sha256:")[:_DIGITS]


def target_words(target: Target) -> str:
    """The words for *target* in a file name: ``win_amd64-cp311``; the ABI distinguishes a free-threaded build."""
    abis = (abi for _, abi, _ in target.tags if abi not in ("none", "abi3", "abi3t"))
    interpreter = target.tags[0][0] if target.tags else f"py{target.python.replace('.', '')}"
    own = next(abis, interpreter) if target.implementation == "cpython" else interpreter
    return f"{_plain(target.platform)}-{_plain(own)}"


def _word(text: str, option: str) -> str:
    if not _WORD.fullmatch(text):
        raise UsageProblem(
            f"{option} {text!r} cannot be part of a file name",
            hint="use letters, digits, dots, hyphens, underscores and plus signs, with a letter or digit at both ends",
        )
    return text


def _plain(text: str) -> str:
    return _STRANGE.sub("-", text).strip("._+-")


def _project_name(plan: Plan, folder: Path) -> str:
    for record in plan.inputs:
        if Path(record.path).name != "pyproject.toml":
            continue
        try:
            content = (folder / record.path).read_bytes()
        except OSError:
            continue
        if hashlib.sha256(content).hexdigest() == record.sha256:
            project = tomllib.loads(content.decode("utf-8-sig")).get("project")
            name = project.get("name") if isinstance(project, dict) else None
            return name if isinstance(name, str) else ""
    return ""
