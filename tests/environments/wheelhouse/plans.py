"""Plans and landings for the tests of the room, made of wheels in memory; no network is near."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.fakes import samples
from tests.fakes.archives import make_wheel, sha256_hex
from wheelcheck.model.distribution import Installability, MetadataSource, Status
from wheelcheck.model.environment import FileSize, PlanSizes
from wheelcheck.model.plan import Options, Plan, PlannedFile, PlannedPackage
from wheelcheck.ports import Landing

Made = tuple[str, bytes]
WHEEL = make_wheel("a", "1.0")
OTHER = make_wheel("b", "2.0")


def planned_file(made: Made, *, sha256: str | None = None, hashes: tuple[tuple[str, str], ...] = ()) -> PlannedFile:
    """The file of *made* as a plan has it."""
    name, content = made
    return PlannedFile(
        filename=name,
        url=f"https://files.example/{name}",
        sha256=sha256_hex(content) if sha256 is None else sha256,
        size=len(content),
        upload_time=None,
        tag=None,
        hashes=dict(hashes),
    )


def package(file: PlannedFile) -> PlannedPackage:
    """The package of *file*, which needs nothing."""
    name, version = file.filename.removesuffix(".tar.gz").split("-")[:2]
    return PlannedPackage(
        name=canonicalize_name(name),
        version=Version(version),
        requested=True,
        required_by=(),
        requires=(),
        installability=Installability.WHEEL if file.filename.endswith(".whl") else Installability.SDIST_PURE,
        metadata=MetadataSource.CORE_METADATA,
        file=file,
    )


def plan(*files: PlannedFile) -> Plan:
    """A plan of *files*."""
    return Plan(
        status=Status.INSTALLABLE,
        target=samples.WINDOWS,
        inputs=(),
        options=Options(sdist="pure", exclude_newer=None, indexes=("https://index.example/simple/",)),
        packages=tuple(package(file) for file in files),
        findings=(),
        phases=(),
    )


@dataclass
class FakeFiles:
    """The port ``Files`` over bytes in memory; *before* runs ahead of each download, to fail or to interfere."""

    contents: dict[str, bytes]
    before: Callable[[PlannedFile, Landing], None] = lambda _file, _landing: None
    asked: list[str] = field(default_factory=list)

    def sizes(self, files: Sequence[PlannedFile]) -> PlanSizes:
        return PlanSizes(files={file.filename: FileSize(download=file.size, installed=None) for file in files})

    def download(self, landings: Sequence[tuple[PlannedFile, Landing]]) -> None:
        for file, landing in landings:
            self.asked.append(file.filename)
            self.before(file, landing)
            content = self.contents[file.filename]
            landing.write(content[landing.received :])
            landing.keep()
            landing.finish()
