"""``fetch``: brings every file of a plan into a wheelhouse, builds what may be built, and checks all of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from packaging.utils import canonicalize_name

from wheelcheck.api.edges import index_config
from wheelcheck.api.request import Request
from wheelcheck.errors import ArchiveRefused, MetadataMalformed
from wheelcheck.model.distribution import MetadataSource
from wheelcheck.model.environment import Fetched
from wheelcheck.model.requirement import IndexOptions, project_in
from wheelcheck.model.urls import masked
from wheelcheck.ports import Reporter, SilentTransfers, Transfers
from wheelcheck.settings.loading import load_settings

if TYPE_CHECKING:
    from wheelcheck.environments.filling import FillResult
    from wheelcheck.environments.wheelhouse import Wanted
    from wheelcheck.index.config import IndexConfig
    from wheelcheck.index.file_store import FileStore
    from wheelcheck.model.environment import PlanSizes
    from wheelcheck.model.plan import Plan
    from wheelcheck.plans.documents import ExecutablePlan

_BUILD_SECONDS = 600.0
_ANNOUNCED = (MetadataSource.CORE_METADATA, MetadataSource.OTHER_WHEEL)
"""Sources of metadata other than the wheel itself."""


class FetchRequest(Struct, frozen=True, kw_only=True):
    """How to fetch.

    ``allow_build`` names the projects that may be built from source, ``all`` for any; ``build_seconds`` is the limit for one build.
    ``where`` holds the options that say where and how to look (index, cache). Its indexes tell credentials for files on their
    origins, and where a build finds its requirements; plans hold no secrets.
    """

    allow_build: tuple[str, ...] = ()
    build_seconds: float = _BUILD_SECONDS
    where: Request = field(default_factory=lambda: Request(inputs=()))


def sizes_to_fetch(executable: ExecutablePlan, request: FetchRequest, reporter: Transfers | None = None) -> PlanSizes:
    """The sizes of the files of *executable*; asks for the sizes that neither the plan nor the cache tells, writes nothing else."""
    from wheelcheck.environments.wheelhouse import wanted_files

    with _files(_config(request.where), reporter or SilentTransfers()) as files:
        return files.sizes([each.file for each in wanted_files(executable.plan)])


def sizes_of(plan: Plan, request: Request, reporter: Reporter | None = None) -> PlanSizes:
    """The sizes of the files of *plan*, which answers *request*; of a blocked plan, of those that it has."""
    with _files(_config(request), reporter or SilentTransfers()) as files:
        return files.sizes([package.file for package in plan.packages if package.file is not None])


def fetch(
    executable: ExecutablePlan, folder: Path, request: FetchRequest, reporter: Transfers | None = None
) -> Fetched:
    """Bring every file of *executable* into *folder*, build the sources that are allowed, and check all files.

    Goes on where an earlier run was interrupted, and waits for one that is under way. Raises ``UsageProblem`` naming the sources
    that must be built and are not allowed, before anything is asked for; ``IndexUnavailable``, ``HashMismatch``,
    ``ArchiveRefused`` and ``DiskFailure`` later. Whatever happens, a file in *folder* that has its name is whole and checked.
    """
    from wheelcheck.environments.building import refuse_unallowed
    from wheelcheck.environments.filling import fill
    from wheelcheck.environments.wheelhouse import locked, wanted_files

    reporter = reporter or SilentTransfers()
    plan = executable.plan
    wanted = wanted_files(plan)
    allowed = frozenset(canonicalize_name(name) for name in request.allow_build)
    # Refused before anything is fetched, so that a run that must fail fails at once.
    refuse_unallowed(folder, wanted, allowed)
    config = _config(request.where)
    with locked(folder, reporter), _files(config, reporter) as files:
        reporter.stage("reading sizes")
        sizes = files.sizes([each.file for each in wanted])
        reporter.sizes_known(sizes)
        reporter.stage("fetching")
        remote = [each for each in wanted if each.local_folder is None]
        arrivals = fill(folder, remote, files, sizes, reporter)
        built = _built(executable, folder, wanted, arrivals, request, config, reporter)
        return _fetched(executable, folder, wanted, sizes, arrivals, built)


def _built(
    executable: ExecutablePlan,
    folder: Path,
    wanted: Sequence[Wanted],
    arrivals: FillResult,
    request: FetchRequest,
    config: IndexConfig,
    reporter: Transfers,
) -> tuple[str, ...]:
    """Build the sources and write the record; returns the file names of the new wheels."""
    from wheelcheck.environments.building import BuildContext, iter_built
    from wheelcheck.environments.wheelhouse import record_files

    record_files(folder, executable.digest, executable.plan, arrivals.entries)
    environ = {**request.where.environ, **_pip_environment(executable.plan, config)}
    around = BuildContext(environ=environ, seconds=request.build_seconds)
    new = []
    for entry in iter_built(folder, executable.plan, wanted, around, reporter):
        # Each build is recorded as it ends, so that it is not repeated after a later failure.
        record_files(folder, executable.digest, executable.plan, (entry,))
        new.append(entry.filename)
    return tuple(new)


def _fetched(
    executable: ExecutablePlan,
    folder: Path,
    wanted: Sequence[Wanted],
    sizes: PlanSizes,
    arrivals: FillResult,
    built: tuple[str, ...],
) -> Fetched:
    from wheelcheck.environments.wheelhouse import load_wheelhouse

    return Fetched(
        plan=executable.digest,
        wheelhouse=load_wheelhouse(folder, executable.plan, entries=arrivals.entries),
        sizes=sizes,
        fetched=arrivals.fetched,
        resumed=arrivals.resumed,
        replaced=arrivals.replaced,
        present=arrivals.present,
        built=built,
        unhashed=tuple(each.file.filename for each in wanted if not each.file.hashes and not each.file.accepted),
        unplanned=tuple(iter_unplanned(executable.plan, folder)),
    )


def iter_unplanned(plan: Plan, folder: Path) -> Iterator[str]:
    """What the wheels in *folder* ask for that *plan* lacks: their own metadata need not be what the index announced (PEP 658)."""
    from wheelcheck.archives.reader import ArchiveReader
    from wheelcheck.environments.wheelhouse import wanted_files
    from wheelcheck.knowledge.loading import load_native
    from wheelcheck.targets.fitting import Compatibility, stated_for

    reader, compatibility = ArchiveReader(knowledge=load_native), Compatibility(plan.target)
    versions = {package.name: package.version for package in plan.packages}
    chosen = (*plan.options.overrides, *plan.options.excludes, *plan.options.replacements)
    decided = set(map(project_in, chosen))
    for each in wanted_files(plan):
        package, filename = each.package, each.file.filename
        if not each.is_wheel or package.metadata not in _ANNOUNCED:
            continue
        try:
            with each.place_in(folder).open("rb") as file:
                metadata = reader.wheel_metadata(file, filename)
            for extra in ("", *package.extras):
                for need in stated_for(metadata.requires, package.name, package.version, extra):
                    version = versions.get(need.name)
                    is_met = version is not None and need.specifier.contains(version, prereleases=True)
                    if is_met or need.url or need.name in decided:
                        continue
                    if need.marker is None or compatibility.evaluate(need.marker, extra).holds:
                        yield f"{filename} asks for {need.name}{need.specifier}"
        except (ArchiveRefused, MetadataMalformed) as problem:
            yield f"{filename}: {problem.message}"


def _config(where: Request) -> IndexConfig:
    return index_config(where, load_settings(Path(where.folder), where.environ), IndexOptions())


def open_files(where: Request, reporter: Reporter) -> AbstractContextManager[FileStore]:
    """The files that the indexes and hosts of *where* have, to be entered."""
    return _files(_config(where), reporter)


def _files(config: IndexConfig, reporter: Reporter) -> FileStore:
    from wheelcheck.archives.reader import ArchiveReader
    from wheelcheck.archives.wheels import unpacked_size
    from wheelcheck.index.file_store import FileStore
    from wheelcheck.knowledge.loading import load_native

    return FileStore(config, ArchiveReader(knowledge=load_native), unpacked_size, reporter)


def _pip_environment(plan: Plan, config: IndexConfig) -> dict[str, str]:
    """Pip's variables for a build: its requirements come from where the plan's packages do, with this machine's credentials."""
    known = {masked(url): url for url in config.index_urls}
    indexes = [known.get(url, url) for url in plan.options.indexes] or list(config.index_urls)
    links = (*plan.options.find_links, *config.find_links, *config.fallback_find_links)
    found = {
        "PIP_INDEX_URL": indexes[0] if indexes else "",
        "PIP_EXTRA_INDEX_URL": " ".join(indexes[1:]),
        "PIP_FIND_LINKS": " ".join(dict.fromkeys(links)),
        "PIP_NO_INDEX": "1" if config.no_index else "",
        "PIP_CERT": "" if config.ca_bundle is None else str(config.ca_bundle),
        "PIP_CLIENT_CERT": "" if config.client_cert is None else str(config.client_cert),
        "PIP_PROXY": config.proxy or "",
        "PIP_TRUSTED_HOST": " ".join(config.trusted_hosts),
    }
    return {name: value for name, value in found.items() if value}
