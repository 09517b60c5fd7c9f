"""Findings: one table of codes with severity, sentence, explanation and cure; who finds them lives in ``diagnose/``."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from packaging.version import Version


class Severity(Enum):
    """How bad; the value is the word of the plan's schema."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def order(self) -> int:
        """0 for the worst, so that sorting puts errors first."""
        return tuple(Severity).index(self)


class _Row(NamedTuple):
    number: str
    severity: Severity
    title: str
    explanation: str
    cure: str


class Code(Enum):
    """Every code there is. A code is never reused; its number's hundred says what it is about.

    1xx: no usable wheel. 2xx: the choice made. 3xx: the project or its metadata. 4xx: the input. 5xx: what metadata does not tell.
    """

    SOURCE_NATIVE = _Row(
        "WC102",
        Severity.ERROR,
        "only a source archive that needs a compiler",
        "No wheel of this version runs on the target, and its source archive builds native code: whoever installs it needs "
        "a compiler and the libraries it links.",
        "Choose a version with a wheel, another Python or platform, or leave the project out.",
    )
    SOURCE_PURE = _Row(
        "WC101",
        Severity.INFO,
        "only a source archive, pure Python",
        "No wheel of this version runs on the target, but its source archive holds only Python: it can be built once, "
        "anywhere, into a py3-none-any wheel.",
        "Build it once and ship the wheel; --sdist deny makes this an error.",
    )
    SOURCE_UNKNOWN = _Row(
        "WC103",
        Severity.ERROR,
        "only a source archive that could not be judged",
        "No wheel of this version runs on the target, and the source archive does not show whether it builds native code.",
        "Build it once by hand and look at the wheel's tag, or choose a version with a wheel.",
    )
    NOTHING_FOR_TARGET = _Row(
        "WC104",
        Severity.ERROR,
        "nothing at all for this target",
        "No file of this version can be used on the target: no wheel fits and there is no source archive.",
        "Choose another version, Python or platform.",
    )
    OTHER_PYTHONS = _Row(
        "WC105",
        Severity.ERROR,
        "wheels only for other Pythons",
        "The version has wheels for the target's platform, but only for other Python versions.",
        "Use one of those Pythons, or another version.",
    )
    OTHER_PLATFORMS = _Row(
        "WC106",
        Severity.ERROR,
        "wheels only for other platforms",
        "The version has wheels for other platforms, but none for the target's.",
        "Use one of those platforms or another version.",
    )
    OTHER_VERSIONS = _Row(
        "WC107",
        Severity.INFO,
        "wheels for the target in other versions",
        "Other versions of the project have a wheel for the target.",
        "Override or loosen the requirement towards the nearest of them, after testing.",
    )
    REQUIRES_PYTHON = _Row(
        "WC108",
        Severity.ERROR,
        "Requires-Python excludes the target",
        "Every file that the requirement admits declares that it does not run on the target's Python.",
        "Use a Python it admits, or another version.",
    )
    OLDER_CHOSEN = _Row(
        "WC201",
        Severity.WARNING,
        "older version chosen because it has a usable file",
        "The newest version admitted has no file that the policy allows, so an older one was taken.",
        "Nothing to do if the older version serves you; pin it to make the choice visible.",
    )
    YANKED_PINNED = _Row(
        "WC202",
        Severity.WARNING,
        "yanked, but pinned",
        "The release was withdrawn by its maintainers and is used only because it is pinned exactly (PEP 592).",
        "Move the pin to a release that was not withdrawn.",
    )
    OLD_PICK = _Row(
        "WC203",
        Severity.WARNING,
        "far behind the newest release",
        "The chosen version is years older than the project's newest release.",
        "See who holds it back with the paths shown, and whether that bound is still needed.",
    )
    CONFLICT = _Row(
        "WC204",
        Severity.ERROR,
        "requirements clash",
        "No version satisfies all requirements; wheels have nothing to do with it.",
        "Loosen one of the requirements shown, or override it.",
    )
    BUDGET_SPENT = _Row(
        "WC205",
        Severity.ERROR,
        "undecided within the budget",
        "The search ended at its time or round limit; this proves nothing about the answer.",
        "Raise --max-seconds, or pin the projects named.",
    )
    PRE_RELEASE = _Row(
        "WC206",
        Severity.INFO,
        "a pre-release was chosen",
        "No final release satisfies the requirements, so a pre-release was taken (PEP 440).",
        "Pin it if that is intended.",
    )
    PATCH_ASSUMED = _Row(
        "WC207",
        Severity.INFO,
        "the target's patch release decided",
        "The target names a Python minor only, read as its .0 release; a file or marker asks for a later patch release.",
        "Name the patch release, for example --python 3.11.9.",
    )
    PROJECT_ABSENT = _Row(
        "WC301",
        Severity.ERROR,
        "project not found",
        "None of the indexes knows the project.",
        "Check the spelling, or add the index that has it.",
    )
    PROJECT_QUARANTINED = _Row(
        "WC302",
        Severity.ERROR,
        "project quarantined or empty",
        "The index lists the project but offers none of its files, as it does for projects under review (PEP 792).",
        "Do not install it until the index has cleared it.",
    )
    METADATA_UNKNOWN = _Row(
        "WC303",
        Severity.WARNING,
        "dependencies unknown",
        "Nothing static tells what this version depends on; the plan may lack projects.",
        "Build its metadata once and pin what it asks for.",
    )
    METADATA_RECORDED = _Row(
        "WC304",
        Severity.INFO,
        "dependencies as the maintainer's build recorded them",
        "The source archive computes its metadata when it is built; what is used is what the maintainer's own build wrote.",
        "Build it once and compare, if the target differs from the maintainer's machine.",
    )
    METADATA_MALFORMED = _Row(
        "WC305",
        Severity.WARNING,
        "malformed dependency metadata",
        "A dependency line of this version is not valid (PEP 508) and was not followed.",
        "Tell its maintainers; add what it means to your own requirements.",
    )
    UPLOAD_TIME_MISSING = _Row(
        "WC306",
        Severity.WARNING,
        "upload time not given",
        "The index does not say when files were uploaded, so --exclude-newer left them out.",
        "Use an index that gives upload times, or drop --exclude-newer.",
    )
    ARCHIVE_REFUSED = _Row(
        "WC307",
        Severity.ERROR,
        "archive not read",
        "An archive is broken, hostile (path traversal, links, a bomb) or larger than what is read, as the evidence says.",
        "Do not install a broken or hostile one and report it to the index; build a large one by hand to see what it is.",
    )
    MARKER_UNKNOWABLE = _Row(
        "WC401",
        Severity.WARNING,
        "marker uses a value that the target cannot know",
        "A marker depends on platform_release or platform_version, which only the machine itself knows; it was taken as not met.",
        "Give --target FILE made on such a machine by `wheelcheck target`.",
    )
    UNSUPPORTED = _Row(
        "WC402",
        Severity.ERROR,
        "requirement of a kind that cannot be planned",
        "Editable and version-control requirements have no released files to plan with, and nothing is built here.",
        "Ask for a release, or build a wheel and ask for that file.",
    )
    EXTRA_UNKNOWN = _Row(
        "WC403",
        Severity.WARNING,
        "unknown extra",
        "The chosen version does not offer an extra that is asked of it.",
        "Check its spelling, or drop it.",
    )
    HASH_ABSENT = _Row(
        "WC404",
        Severity.ERROR,
        "no file has the hash that the requirements name",
        "The requirements pin hashes, and no usable file of the version has one of them.",
        "Refresh the hashes, or find out why the file changed.",
    )
    INPUT_REQUIRES_PYTHON = _Row(
        "WC405",
        Severity.ERROR,
        "the input itself excludes the target's Python",
        "requires-python of the input does not admit the target's Python version.",
        "Choose another --python, or change requires-python.",
    )
    LOCK_DISAGREES = _Row(
        "WC406",
        Severity.ERROR,
        "a locked file has another hash on the index",
        "The index offers a file of the locked name with other bytes than the lock pins: an installer will refuse it.",
        "Find out why the file changed before you lock again.",
    )
    LOCK_FILE_GONE = _Row(
        "WC407",
        Severity.ERROR,
        "a locked file is not on the index",
        "The file that the target would install from the lock is not offered by the index, or its project is not known there.",
        "Give the index that has it, or lock again.",
    )
    LOCK_SILENT = _Row(
        "WC408",
        Severity.ERROR,
        "the lock does not speak of this target",
        "The lock was made for other Pythons or environments, so nothing in it says what this target would install.",
        "Lock for this target too, or leave it out of the targets.",
    )
    ADVISORY = _Row(
        "WC501",
        Severity.WARNING,
        "known to fail together",
        "The chosen versions install, but are known not to work together; their metadata does not say so.",
        "Apply the remedy that the advisory names, or choose other versions.",
    )
    ABI_BREAK = _Row(
        "WC502",
        Severity.WARNING,
        "compiled before a dependency's ABI break",
        "A compiled wheel is older than a release of its dependency that broke the binary interface, and its metadata does not "
        "exclude that release: it may fail when it is imported.",
        "Bound the dependency below the release named, or choose a newer version of the wheel.",
    )

    @property
    def number(self) -> str:
        """The stable code that reports show, such as ``WC102``."""
        return self.value.number

    @property
    def severity(self) -> Severity:
        """The severity that the code has unless policy says otherwise."""
        return self.value.severity

    @property
    def title(self) -> str:
        """A few words for a heading."""
        return self.value.title

    @property
    def explanation(self) -> str:
        """One or two sentences for a person who meets the code for the first time."""
        return self.value.explanation

    @property
    def cure(self) -> str:
        """What to do about it."""
        return self.value.cure


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that a person should know.

    ``message`` is a whole sentence that stands alone. ``paths`` lead from the user's own requirement to the project, each step
    as ``name==version`` (the first as the user wrote it). ``nearest`` is the version that has a usable wheel, where there is one.
    """

    code: Code
    severity: Severity
    package: NormalizedName | None = None
    version: Version | None = None
    message: str
    evidence: tuple[str, ...] = ()
    paths: tuple[tuple[str, ...], ...] = ()
    nearest: Version | None = None

    @property
    def sort_key(self) -> tuple[int, int, str, str, str]:
        """Worst first, then what stands nearest to the user, then code, project and sentence: the same every time."""
        steps = min((len(path) for path in self.paths), default=0)
        return (self.severity.order, steps, self.code.number, self.package or "", self.message)
