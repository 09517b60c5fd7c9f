"""A wheelhouse, the environment that is put together from it and a runtime, what ships, and the machine that builds."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, field
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.document import HEX_SHA256, Count, ProjectName, about
from wheelcheck.model.target import TargetName


class HousedWheel(Struct, frozen=True, kw_only=True):
    """One wheel in a wheelhouse, its bytes checked against ``sha256`` (hex); ``size`` in bytes.

    ``built_from`` is the file name of the source archive that it was built from, empty for a wheel that was fetched.
    """

    name: NormalizedName
    version: Version
    path: Path
    sha256: str
    size: int
    built_from: str = ""


class Wheelhouse(Struct, frozen=True, kw_only=True):
    """The wheels of one plan in ``folder``, one for each package, in the order of the plan."""

    folder: Path
    wheels: tuple[HousedWheel, ...]


class FileSize(Struct, frozen=True, kw_only=True):
    """The sizes of one file in bytes: ``download`` as it travels, ``installed`` unpacked (``None`` where not known)."""

    download: int | None
    installed: int | None


class PlanSizes(Struct, frozen=True, kw_only=True):
    """The sizes of the files of a plan, by file name; an unknown size is ``None``."""

    files: Mapping[str, FileSize]

    @property
    def download(self) -> int:
        """The known download sizes together, in bytes."""
        return sum(size.download or 0 for size in self.files.values())

    @property
    def installed(self) -> int:
        """The known installed sizes together, in bytes."""
        return sum(size.installed or 0 for size in self.files.values())

    @property
    def is_complete(self) -> bool:
        """Whether every download size is known."""
        return all(size.download is not None for size in self.files.values())


class Fetched(Struct, frozen=True, kw_only=True):
    """The wheelhouse, and by which file names it was made; ``plan`` is the digest of the plan.

    ``fetched`` came in this run, ``resumed`` of them from what an earlier run had left, ``replaced`` in place of a file with
    another hash; ``present`` were there; ``built`` are wheels that were built in this run. Of ``unhashed`` no hash was announced.
    ``unplanned`` says what wheels ask for by their own metadata that the plan lacks.
    """

    plan: str
    wheelhouse: Wheelhouse
    sizes: PlanSizes
    fetched: tuple[str, ...] = ()
    resumed: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    built: tuple[str, ...] = ()
    unhashed: tuple[str, ...] = ()
    unplanned: tuple[str, ...] = ()


# A manifest comes with a download: its paths are joined to a folder, and must stay in it on every system.
_PLACE = r"^(?![^/]:)(?!\.{1,2}(?:/|$))[^/\\\0]+(?:/(?!\.{1,2}(?:/|$))[^/\\\0]+)*$"
_PLACE_OR_ROOT = rf"^\.$|{_PLACE}"


class RuntimeKind(Enum):
    """What a runtime archive or folder is."""

    EMBEDDABLE = "embeddable"
    """The embeddable package for Windows: python.exe, python3.dll, pythonXY.dll, pythonXY.zip and pythonXY._pth in one folder."""
    STANDALONE = "standalone"
    """A relocatable build (python-build-standalone): a whole installation under one folder."""
    INSTALLATION = "installation"
    """An existing installation, copied clean."""
    NONE = "none"
    """No runtime: a plain folder of site-packages."""


class Runtime(Struct, frozen=True, kw_only=True):
    """What was found out of a runtime without running it."""

    kind: Annotated[
        RuntimeKind,
        about(
            "embeddable: the embeddable package for Windows. standalone: a relocatable build. installation: copied from an "
            "existing one. none: packages alone."
        ),
    ]
    python: Annotated[
        Version | None,
        about("The version of the interpreter, without its patch level where no file tells it; null for none."),
    ]
    system: Annotated[str, about("windows, linux (glibc), musl or macos.")]
    machine: Annotated[str | None, about("As wheel tags spell it: amd64, x86_64, arm64, …; null for none.")]
    free_threaded: Annotated[bool, about("Whether it has no global lock.")] = False


class KnownRuntime(Struct, frozen=True, kw_only=True):
    """One file of a publisher that is a whole Python; ``system`` and ``machine`` in the words of ``Runtime``.

    ``address`` is the folder of its release at its publisher, without a ``/`` at the end.
    """

    filename: str
    sha256: str
    kind: RuntimeKind
    python: Version
    system: str
    machine: str
    address: str
    free_threaded: bool = False

    @property
    def minor(self) -> tuple[int, int]:
        """Its version without the patch level."""
        return self.python.major, self.python.minor

    @property
    def purpose(self) -> tuple[object, ...]:
        """What two files have in common of which the newer one takes the place of the older."""
        return self.kind, self.minor, self.system, self.machine, self.free_threaded

    def url(self, mirror: str = "") -> str:
        """Its address at its publisher, or below *mirror*, which has the same folders."""
        folder = f"{mirror.rstrip('/')}/{self.address.rpartition('/')[2]}" if mirror else self.address
        return f"{folder}/{self.filename.replace('+', '%2B')}"


class FetchedRuntime(Struct, frozen=True, kw_only=True):
    """The file *path* of *runtime*, fetched from *url*, which has no credentials; ``others`` would fit the target too."""

    runtime: KnownRuntime
    path: Path
    url: str
    others: tuple[KnownRuntime, ...] = ()

    @property
    def newer(self) -> KnownRuntime | None:
        """Another kind that has a later patch release, if there is one."""
        return next((each for each in self.others if each.python > self.runtime.python), None)


class Layout(Struct, frozen=True, kw_only=True):
    """Where things lie, as paths with / relative to the environment's root; . is the root itself."""

    executable: Annotated[str, about("The interpreter; empty without a runtime.", pattern=f"^$|{_PLACE}")]
    site_packages: Annotated[str, about("Where packages lie, compiled or not.", pattern=_PLACE_OR_ROOT)]
    scripts: Annotated[str, about("Where scripts lie.", pattern=_PLACE_OR_ROOT)]
    headers: Annotated[str, about("Where headers lie.", pattern=_PLACE_OR_ROOT)]
    data: Annotated[str, about("Where a wheel's data goes.", pattern=_PLACE_OR_ROOT)]


class EnvironmentFile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file of an environment."""

    path: Annotated[str, about("Relative to the root, with /.", pattern=_PLACE)]
    size: Annotated[Count, about("In bytes.")]
    sha256: Annotated[str, about("Its hash in hex; a link has none.", pattern=HEX_SHA256, max_length=64)] = ""
    owner: Annotated[
        ProjectName | None, about("The project whose wheel brought it; absent for the runtime's files.")
    ] = None
    executable: Annotated[bool, about("Whether it may be run; absent is false.")] = False
    link: Annotated[str, about("What a symbolic link points to, relative to its folder; absent for a file.")] = ""


class Environment(Struct, frozen=True, kw_only=True):
    """A finished environment under ``root``; ``packages`` sorted by name, ``files`` by path.

    ``warnings`` are sentences about what was done although it may not work everywhere, such as a path that Windows cuts off.
    """

    root: Path
    runtime: Runtime
    layout: Layout
    packages: tuple[tuple[NormalizedName, Version], ...]
    files: tuple[EnvironmentFile, ...]
    warnings: tuple[str, ...] = ()


_FILE_OR_LINK = {"anyOf": [{"required": ["sha256"]}, {"required": ["link"]}]}
_FILENAME = r"^(?![^/]:)(?!\.{1,2}$)[^/\\\0]+$"

EARLIEST = 315_532_800
"""1980-01-01 in UTC, in seconds since 1970: nothing earlier fits into a zip."""
MANIFEST = "manifest.json"
"""The file name of a bundle's manifest."""


class BundledPackage(Struct, frozen=True, kw_only=True):
    """One project in the bundle."""

    name: ProjectName
    version: Annotated[Version, about("Its version.")]
    wheel: Annotated[str, about("The name of the file that it was unpacked from.")]
    sha256: Annotated[str, about("The hash of that file, in hex.", pattern=HEX_SHA256, max_length=64)]


class BundleArchive(Struct, frozen=True, kw_only=True):
    """One archive to download; archives are unpacked over each other in the order of the manifest."""

    filename: Annotated[str, about("The archive's name; it lies beside the manifest.", pattern=_FILENAME)]
    size: Annotated[Count, about("Of the archive, in bytes.")]
    sha256: Annotated[str, about("The hash of the archive, in hex.", pattern=HEX_SHA256, max_length=64)]
    installed: Annotated[Count, about("Of what it unpacks to, in bytes.")]
    layer: Annotated[
        str | None,
        about(
            "runtime, base or app where the bundle is split. The name of a layer's archive carries its content's hash: the same "
            "name is the same content, and need not be downloaded again."
        ),
    ] = None


class Manifest(Struct, frozen=True, kw_only=True):
    """What a bundle holds and which archives bring it: all that an application's first run needs to download and verify it.

    Keys may be added without a new schema number: readers pass over what they do not know.
    """

    schema: Annotated[
        Literal["wheelcheck.bundle/1"],
        about("Names this schema. Its number grows only when an old reader would misunderstand a new manifest."),
    ] = "wheelcheck.bundle/1"
    name: Annotated[str, about("What the bundle is called, as in the names of its archives.")]
    version: Annotated[str, about("The version of the bundle, as in the names of its archives.")]
    plan_digest: Annotated[
        str,
        about(
            "The digest of the plan that the bundle was made from: the key digest of that plan.",
            pattern="^(sha256:[0-9a-f]{64})?$",
            max_length=71,
        ),
    ] = field(name="plan")
    target: Annotated[TargetName, about("The plan's target.")]
    runtime: Runtime
    layout: Layout
    stripped: Annotated[tuple[str, ...], about("The kinds of files that were left out, as given to --strip.")] = ()
    archives: Annotated[
        tuple[BundleArchive, ...],
        about(
            "The archives that bring the files, to be unpacked over each other in this order; empty for a bundle that is a folder."
        ),
    ] = ()
    packages: Annotated[tuple[BundledPackage, ...], about("Every project in the bundle, by name.")]
    files: Annotated[
        tuple[Annotated[EnvironmentFile, Meta(extra_json_schema=_FILE_OR_LINK)], ...],
        about(
            "Every file of the bundle but this manifest, by path. A file of the bundle's folder that is not among them came later."
        ),
    ]


class Budget(Struct, frozen=True, kw_only=True):
    """At most *limit* bytes, as the user wrote it in *text*."""

    limit: int
    text: str


class BundleSizes(Struct, frozen=True, kw_only=True):
    """The bytes of a bundle, each largest first: ``packages`` by project, ``folders`` by folder inside the bundle.

    The runtime's files count for ``(runtime)``, which no project can be called. ``strippable`` are the bytes that each kind of
    files that was not stripped would save, empty where they were not asked for.
    """

    installed: int
    packages: tuple[tuple[str, int], ...]
    folders: tuple[tuple[str, int], ...]
    strippable: Mapping[str, int]


class Bundling(Struct, frozen=True, kw_only=True):
    """A bundle that was made in ``out``, or would have been, had it been within ``budget``.

    ``saved`` are the bytes that stripping took away. ``warnings`` are sentences.
    """

    out: str
    manifest: Manifest
    sizes: BundleSizes
    saved: int = 0
    budget: Budget | None = None
    warnings: tuple[str, ...] = ()

    @property
    def archived(self) -> int:
        """All archives together, in bytes; zero for a bundle that is a folder."""
        return sum(archive.size for archive in self.manifest.archives)

    @property
    def measured(self) -> int:
        """The bytes that the budget is for: of the archives where there are any, else of what is installed."""
        return self.archived if self.manifest.archives else self.sizes.installed

    @property
    def is_within_budget(self) -> bool:
        """Whether there is no budget, or it is kept."""
        return self.budget is None or self.measured <= self.budget.limit


class Fitness(Enum):
    """What a check says: it is good, may do harm, or keeps the build from working."""

    GOOD = "good"
    WARNING = "warning"
    ERROR = "error"


class MachineCheck(Struct, frozen=True, kw_only=True):
    """One thing of the machine that was looked at."""

    subject: Annotated[str, about("What was looked at.")]
    fitness: Annotated[Fitness, about("Whether it is good, may do harm, or keeps the build from working.")]
    fact: Annotated[str, about("What was found.")]
    remedy: Annotated[str, about("What to do; empty where nothing is needed.")] = ""


class Host(Struct, frozen=True, kw_only=True):
    """A host of the plan: *error* is why it could not be asked, *skew* the seconds by which its clock is ahead of ours."""

    name: str
    error: str = ""
    skew: float | None = None


class Machine(Struct, frozen=True, kw_only=True):
    """Facts about the machine and the folder *place* that is to be built in; nothing here is judged.

    *tools* are programs by name with the first line of what they say of themselves, empty where they are missing. *path_lines* are
    the lines of ``.pth`` files that name a folder, with their file. *free* are bytes on the disk of *place*, of the temporary
    folder and of the cache. *long_paths* says whether Windows opens long ones, ``None`` elsewhere.
    """

    python: str
    system: str
    machine: str
    bits: int
    prefix: str
    is_conda: bool = False
    user_site: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)
    path_lines: tuple[tuple[str, str], ...] = ()
    place: str = ""
    free: Mapping[str, int] = field(default_factory=dict)
    ignores_case: bool = False
    long_paths: bool | None = None
    tools: Mapping[str, str] = field(default_factory=dict)
    hosts: tuple[Host, ...] = ()
