"""Findings: one table of codes with severity, sentence, explanation and cure; the rules that find them are in ``findings/``."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Self

from msgspec import UNSET, Struct, UnsetType
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.document import Path, ProjectName, about

DOCUMENTATION = "https://OWNER.git.example/wheelcheck/"
"""Where the documentation's site is: the same as ``Documentation`` of pyproject.toml and ``site_url`` of mkdocs.yml."""


class Severity(Enum):
    """How bad, the worst first; the value is the word of the plan's schema."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Code(Enum):
    """Every code there is. A code is never reused; its number's hundred says what it is about.

    1xx: no usable wheel. 2xx: the choice made. 3xx: the project or its metadata. 4xx: the input. 5xx: what metadata does not tell.
    6xx: what fails when it is imported.
    """

    number: str
    """The stable code that reports show, such as ``WC102``; documents name the code by it."""
    severity: Severity
    """The severity that the code has unless policy says otherwise."""
    title: str
    """A few words for a heading."""
    explanation: str
    """One or two sentences for a person who meets the code for the first time."""
    cure: str
    """What to do about it."""

    @property
    def address(self) -> str:
        """The address of the page that explains the code."""
        return f"{DOCUMENTATION}findings/{self.number}/"

    def __new__(cls, number: str, severity: Severity, title: str, explanation: str, cure: str) -> Self:
        """Make the member whose value is *number*, so that a document names it by that."""
        code = object.__new__(cls)
        code._value_ = code.number = number
        code.severity, code.title, code.explanation, code.cure = severity, title, explanation, cure
        return code

    SOURCE_NATIVE = (
        "WC102", Severity.ERROR, "only a source archive that needs a compiler",
        "No wheel of this version runs on the target, and its source archive builds native code: whoever installs it needs "
        "a compiler and the libraries it links.",
        "Choose a version with a wheel, another Python or platform, or leave the project out.",
    )  # fmt: skip
    SOURCE_PURE = (
        "WC101", Severity.INFO, "only a source archive, pure Python",
        "No wheel of this version runs on the target, but its source archive holds only Python: it can be built once, "
        "anywhere, into a py3-none-any wheel.",
        "Build it once and ship the wheel; --sdist deny makes this an error.",
    )  # fmt: skip
    SOURCE_OPTIONAL = (
        "WC109", Severity.WARNING, "only a source archive, whose compiled part is left out",
        "No wheel of this version runs on the target. Its source archive compiles a part, and builds a py3-none-any wheel without "
        "that part where there is no compiler.",
        "Build it once without a compiler (CC=false) and ship the wheel, which may be slower; --sdist deny makes this an error.",
    )  # fmt: skip
    SOURCE_UNKNOWN = (
        "WC103", Severity.ERROR, "only a source archive that could not be judged",
        "No wheel of this version runs on the target, and the source archive does not show whether it builds native code.",
        "Build it once by hand and look at the wheel's tag, or choose a version with a wheel.",
    )  # fmt: skip
    NOTHING_FOR_TARGET = (
        "WC104", Severity.ERROR, "nothing at all for this target",
        "No file of this version can be used on the target: no wheel fits and there is no source archive.",
        "Choose another version, Python or platform.",
    )  # fmt: skip
    OTHER_PYTHONS = (
        "WC105", Severity.ERROR, "wheels only for other Pythons",
        "The version has wheels for the target's platform, but only for other Python versions.",
        "Use one of those Pythons, or another version.",
    )  # fmt: skip
    OTHER_PLATFORMS = (
        "WC106", Severity.ERROR, "wheels only for other platforms",
        "The version has wheels for other platforms, but none for the target's.",
        "Use one of those platforms or another version.",
    )  # fmt: skip
    OTHER_VERSIONS = (
        "WC107", Severity.INFO, "wheels for the target in other versions",
        "Other versions of the project have a wheel for the target.",
        "Override or loosen the requirement towards the nearest of them, after testing.",
    )  # fmt: skip
    REQUIRES_PYTHON = (
        "WC108", Severity.ERROR, "Requires-Python excludes the target",
        "Every file that the requirement admits declares that it does not run on the target's Python.",
        "Use a Python it admits, or another version.",
    )  # fmt: skip
    HIDDEN_BY_OPTION = (
        "WC110", Severity.ERROR, "hidden by your own --no-binary or --only-binary",
        "The version has a file that the target can use, and an option of the inputs or the command line hides it.",
        "Take the option back for this project: --no-binary :all: and --only-binary NAME, or the other way round.",
    )  # fmt: skip
    BUILD_NEEDS = (
        "WC111", Severity.INFO, "what a build from source needs",
        "Whoever builds this version from its source archive needs a compiler, libraries or tools, and here is how they are had.",
        "Nothing to do where a wheel is found; else install them where the build runs.",
    )  # fmt: skip
    OLDER_CHOSEN = (
        "WC201", Severity.WARNING, "older version chosen for want of a usable file",
        "The newest version admitted has no file that the policy allows, so an older one was taken.",
        "Nothing to do if the older version serves you; pin it to make the choice visible.",
    )  # fmt: skip
    YANKED_PINNED = (
        "WC202", Severity.WARNING, "yanked, but pinned",
        "The release was withdrawn by its maintainers and is used only because it is pinned exactly (PEP 592).",
        "Move the pin to a release that was not withdrawn.",
    )  # fmt: skip
    OLD_PICK = (
        "WC203", Severity.WARNING, "far behind the newest release",
        "The chosen version is years older than the project's newest release.",
        "See who holds it back with the paths shown, and whether that bound is still needed.",
    )  # fmt: skip
    CONFLICT = (
        "WC204", Severity.ERROR, "requirements clash",
        "No version satisfies all requirements; wheels have nothing to do with it.",
        "Loosen one of the requirements shown, or override it.",
    )  # fmt: skip
    BUDGET_SPENT = (
        "WC205", Severity.ERROR, "undecided within the budget",
        "The search ended at its time or round limit; this proves nothing about the answer.",
        "Raise --max-seconds, or pin the projects named.",
    )  # fmt: skip
    PRE_RELEASE = (
        "WC206", Severity.INFO, "a pre-release was chosen",
        "No final release satisfies the requirements, so a pre-release was taken (PEP 440).",
        "Pin it if that is intended.",
    )  # fmt: skip
    PATCH_ASSUMED = (
        "WC207", Severity.INFO, "the target's patch release decided",
        "The target names a Python minor only, read as its .0 release; a file or marker asks for a later patch release.",
        "Name the patch release, for example --python 3.11.9.",
    )  # fmt: skip
    BLOCKERS_UNNARROWED = (
        "WC208", Severity.INFO, "not all that is listed need block",
        "The projects listed would have to change for what an installer prefers to be installable; whether fewer would do was not "
        "found out within the limits of the search.",
        "Repair what is listed, or raise --max-seconds if that was the limit.",
    )  # fmt: skip
    SEVERAL_INDEXES = (
        "WC210", Severity.WARNING, "on several indexes",
        "More than one index that is asked lists a project of this name, and the version was chosen from all of them, as pip does: "
        "whoever can upload to one of them decides what is installed (dependency confusion).",
        "Name the one index for the project: --source NAME=URL, or [tool.wheelcheck] sources.",
    )  # fmt: skip
    WITHDRAWN = (
        "WC209", Severity.ERROR, "withdrawn by the maintainers",
        "The maintainers withdrew every version that the requirements admit (yanked, PEP 592), and installers pass those over.",
        "Ask for a version that stands, or pin a withdrawn one if you know why it was withdrawn.",
    )  # fmt: skip
    PROJECT_ABSENT = (
        "WC301", Severity.ERROR, "project not found",
        "None of the indexes knows the project.",
        "Check the spelling, or add the index that has it.",
    )  # fmt: skip
    PROJECT_QUARANTINED = (
        "WC302", Severity.ERROR, "project quarantined or empty",
        "The index lists the project but offers none of its files, as it does for projects under review (PEP 792).",
        "Do not install it until the index has cleared it.",
    )  # fmt: skip
    METADATA_UNKNOWN = (
        "WC303", Severity.WARNING, "dependencies unknown",
        "Nothing static tells what this version depends on; the plan may lack projects.",
        "Build its metadata once and pin what it asks for.",
    )  # fmt: skip
    METADATA_RECORDED = (
        "WC304", Severity.INFO, "dependencies as the maintainer's build recorded them",
        "The source archive computes its metadata when it is built; what is used is what the maintainer's own build wrote.",
        "Build it once and compare, if the target differs from the maintainer's machine.",
    )  # fmt: skip
    METADATA_MALFORMED = (
        "WC305", Severity.WARNING, "malformed dependency metadata",
        "A dependency line of this version is not valid (PEP 508) and was not followed.",
        "Tell its maintainers; add what it means to your own requirements.",
    )  # fmt: skip
    UPLOAD_TIME_MISSING = (
        "WC306", Severity.WARNING, "upload time not given",
        "The index does not say when files were uploaded, so --exclude-newer left them out.",
        "Use an index that gives upload times, or drop --exclude-newer.",
    )  # fmt: skip
    ARCHIVE_REFUSED = (
        "WC307", Severity.ERROR, "archive not read",
        "An archive is broken, hostile (path traversal, links, a bomb) or larger than what is read, as the evidence says.",
        "Do not install a broken or hostile one and report it to the index; build a large one by hand to see what it is.",
    )  # fmt: skip
    INDEX_FAILED = (
        "WC308", Severity.WARNING, "an index could not be asked",
        "One of several indexes did not answer. pip goes on without it, and so does the answer: what that index has was not seen.",
        "Ask again when it answers, or leave it out.",
    )  # fmt: skip
    FILE_UNVERIFIED = (
        "WC309", Severity.ERROR, "not verified: its host does not answer",
        "A requirement names a wheel by URL, or a project has an index of its own, and the host does not answer. The file name was "
        "judged where there is one; whether it is there, and what it depends on, is not known.",
        "Ask again when the host answers, or name the wheel's path on this machine.",
    )  # fmt: skip
    REFUSED_NAME = (
        "WC310", Severity.ERROR, "refused by one index, taken from another",
        "An index refused to show this project (401, 403), and another one has a project of that name. It looks like a private "
        "one: the index answers 404 for what it does not have, or the name begins with a word of its address. What somebody else "
        "uploaded may be taken in its place (dependency confusion).",
        "Sign in to the index anew, or name the index that is meant: --source NAME=URL.",
    )  # fmt: skip
    MARKER_UNKNOWABLE = (
        "WC401", Severity.WARNING, "marker uses a value that the target cannot know",
        "A marker depends on platform_release or platform_version, which only the machine itself knows; it was taken as not met.",
        "Give --target FILE made on such a machine by `wheelcheck target`.",
    )  # fmt: skip
    UNSUPPORTED = (
        "WC402", Severity.ERROR, "requirement of a kind that cannot be planned",
        "Repositories, and paths to what is not here, have no released files to plan with, and nothing is built here.",
        "Ask for a release, or build a wheel and ask for that file.",
    )  # fmt: skip
    EXTRA_UNKNOWN = (
        "WC403", Severity.WARNING, "unknown extra",
        "The chosen version does not offer an extra that is asked of it.",
        "Check its spelling, or drop it.",
    )  # fmt: skip
    HASH_ABSENT = (
        "WC404", Severity.ERROR, "no file has the hash that the requirements name",
        "The requirements pin hashes, and no usable file of the version has one of them.",
        "Refresh the hashes, list with its hash what they leave out, or find out why the file changed.",
    )  # fmt: skip
    INPUT_REQUIRES_PYTHON = (
        "WC405", Severity.ERROR, "the input itself excludes the target's Python",
        "requires-python of the input does not admit the target's Python version.",
        "Choose another --python, or change requires-python.",
    )  # fmt: skip
    LOCK_DISAGREES = (
        "WC406", Severity.ERROR, "a locked file has another hash on the index",
        "The index offers a file of the locked name with other bytes than the lock pins: an installer will refuse it.",
        "Find out why the file changed before you lock again.",
    )  # fmt: skip
    LOCK_FILE_GONE = (
        "WC407", Severity.ERROR, "a locked file is not on the index",
        "The file that the target would install from the lock is not offered by the index, or its project is not known there.",
        "Give the index that has it, or lock again.",
    )  # fmt: skip
    LOCK_SILENT = (
        "WC408", Severity.ERROR, "the lock does not speak of this target",
        "The lock was made for other Pythons or environments, so nothing in it says what this target would install.",
        "Lock for this target too, or leave it out of the targets.",
    )  # fmt: skip
    JUDGED_BY_NAME = (
        "WC409", Severity.WARNING, "judged by its name on the index, not as written",
        "A requirement names a repository, or a path to what is not here, which cannot be read; the release of that name on an "
        "index was judged in its place, and may be another project or other code.",
        "Ask for the release, or build a wheel and ask for that file.",
    )  # fmt: skip
    CONDA_UNJUDGED = (
        "WC411", Severity.WARNING, "conda packages that no index has",
        "An input lists conda packages that no index has in that version; conda installs them, and nothing is said of them here.",
        "Name a project that an index has in their place, or ship conda's package.",
    )  # fmt: skip
    LOCK_ELSEWHERE = (
        "WC413", Severity.WARNING, "locked from an index that was not asked",
        "The lock takes a project from an index that was not asked; its files were judged by what the lock says of them.",
        "Ask that index with --source, to have the lock compared with it.",
    )  # fmt: skip
    LOCAL_FOLDER = (
        "WC410", Severity.INFO, "a folder on this machine",
        "A requirement names a folder, whose dependencies were read from its static metadata; the folder is on no index.",
        "Build a wheel of it once, and ship that.",
    )  # fmt: skip
    TOOL_SETTING = (
        "WC421", Severity.WARNING, "a setting of another tool is not followed",
        "uv, Poetry, PDM or Hatch would read this setting, and its answer may differ for it. A setting that changes no answer is "
        "named as information.",
        "Say the same with an option of wheelcheck, or take the setting out.",
    )  # fmt: skip
    MARKER_IDLE = (
        "WC412", Severity.WARNING, "marker with a value that no platform has",
        "A marker compares with a value that its variable never has, so it holds on no target, or on every one.",
        "Write the value that is meant; `wheelcheck target` prints those of a machine.",
    )  # fmt: skip
    ADVISORY = (
        "WC501", Severity.WARNING, "known to fail together",
        "The chosen versions install, but are known not to work together; their metadata does not say so.",
        "Apply the remedy that the advisory names, or choose other versions.",
    )  # fmt: skip
    ABI_BREAK = (
        "WC502", Severity.WARNING, "compiled before a dependency's ABI break",
        "A compiled wheel is older than a release of its dependency that broke the binary interface, and its metadata does not "
        "exclude that release: it may fail when it is imported.",
        "Bound the dependency below the release named, or choose a newer version of the wheel.",
    )  # fmt: skip
    PART_ABSENT = (
        "WC503", Severity.INFO, "needs what a clean Windows lacks",
        "A wheel for Windows needs a library that comes with an installer, such as the Visual C++ runtime, and does not bring it: "
        "its import fails on a machine that never had one.",
        "Add the project that brings it, or let your installer run the other; `wheelcheck bundle` and `verify` read the files.",
    )  # fmt: skip
    MODULE_ABSENT = (
        "WC601", Severity.ERROR, "imports a module that nobody brings",
        "A module that is carried out when the project is imported imports another, which neither the plan nor Python brings.",
        "Add the project that brings the module, or choose a version that does not need it.",
    )  # fmt: skip
    GONE_FROM_PYTHON = (
        "WC602", Severity.ERROR, "imports what this Python no longer has",
        "A module that is carried out when the project is imported asks the standard library for what the target's Python has not.",
        "Choose a version of the project that was made for this Python, or an older Python.",
    )  # fmt: skip
    UNPARSABLE = (
        "WC603", Severity.ERROR, "does not parse on this Python",
        "A module that is carried out when the project is imported is not in the grammar of the target's Python.",
        "Choose a version of the project that was made for this Python, or another Python.",
    )  # fmt: skip
    NAME_ABSENT = (
        "WC604", Severity.ERROR, "imports a name that the other project has not",
        "A module that is carried out when the project is imported takes a name from another project's module, which does "
        "not have it in the version of the plan.",
        "Choose versions of the two projects from the same time.",
    )  # fmt: skip
    SAME_FILE = (
        "WC605", Severity.ERROR, "two projects install the same file",
        "Two projects of the plan install a module's file at the same place with other contents: the one that is installed last "
        "breaks the other.",
        "Leave one of the two out.",
    )  # fmt: skip
    IMPORTS_UNREAD = (
        "WC606", Severity.INFO, "imports not read",
        "More wheels may fail when they are imported than are read for it by default, or an archive could not be read whole.",
        "Read them all with --imports all; import by hand what is said not to be read.",
    )  # fmt: skip
    REFUSED = (
        "WC607", Severity.ERROR, "refuses an installed version when it is imported",
        "A module that is carried out when the project is imported asks the metadata of another distribution, and raises where "
        "that has another version or another name.",
        "Choose a version that the check admits; a fork under another name does not meet it.",
    )  # fmt: skip
    LEFT_TO_ENVIRONMENT = (
        "WC608", Severity.WARNING, "imports what only some environments bring",
        "A module that is carried out when the project is imported imports one that no project of the plan brings. Environments "
        "made by `python -m venv` have it on this Python, those of uv and a runtime that ships have not.",
        "Ask for the project that brings the module, in a version that has it; the finding names it.",
    )  # fmt: skip


IMPORTS = frozenset(
    (Code.MODULE_ABSENT, Code.GONE_FROM_PYTHON, Code.UNPARSABLE, Code.NAME_ABSENT, Code.SAME_FILE, Code.REFUSED)
)
"""The codes of what fails when it is imported: another version may help, another file does not."""


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that a person should know."""

    code: Annotated[Code, about("A stable code.")]
    severity: Annotated[Severity, about("error: the plan cannot be executed as it stands.")]
    package: Annotated[ProjectName | None, about("The project it is about, if it is about one.")] = None
    version: Annotated[Version | None, about("The version it is about.")] = None
    message: Annotated[str, about("A whole sentence that stands alone.")]
    evidence: Annotated[tuple[str, ...], about("The facts that it stands on, strongest first.")] = ()
    paths: Annotated[tuple[Path, ...], about("The ways by which the project is required.")] = ()
    nearest: Annotated[Version | None, about("The nearest version that has a usable wheel.")] = None
    elsewhere: Annotated[
        tuple[str, ...] | UnsetType, about("Pythons (WC105) or platforms (WC106) for which it has wheels.")
    ] = UNSET

    @classmethod
    def of(
        cls,
        code: Code,
        *,
        message: str,
        package: NormalizedName | None = None,
        version: Version | None = None,
        evidence: tuple[str, ...] = (),
        paths: tuple[tuple[str, ...], ...] = (),
    ) -> Finding:
        """The finding *code* in its ordinary severity."""
        return cls(
            code=code, severity=code.severity, message=message, package=package, version=version, evidence=evidence, paths=paths
        )  # fmt: skip

    @property
    def sort_key(self) -> tuple[int, int, str, str, str]:
        """Worst first, then what stands nearest to the user, then code, project and sentence: the same every time."""
        steps = min((len(path) for path in self.paths), default=0)
        return ([*Severity].index(self.severity), steps, self.code.number, self.package or "", self.message)
