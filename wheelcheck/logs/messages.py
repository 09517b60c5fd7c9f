"""The one table of the messages of installers: which lines a log is understood by, and what each means; keeps no state.

To add a dialect, add its rows. A row's ``meaning`` says what the reader does with the line, its groups what it names: ``name`` and
``version``, ``requirement`` (as the user wrote it), ``names`` (a list), ``file`` (of a wheel or source archive), ``by`` (who asks).
"""

from __future__ import annotations

import re
from enum import Enum

from msgspec import Struct

from wheelcheck.logs.lines import SignTable
from wheelcheck.model.failure import FailureKind, TroubleKind


class Meaning(Enum):
    """What the reader does with a line."""

    SUBJECT = "the installer turns to a distribution"
    FILE = "a file of a distribution is taken, whose name has the version"
    FAILED = "the distributions that it names failed"
    FAILED_BEFORE = "the same, and the output of the build stands before it"
    LISTED = "the same, if they were spoken of before: the words are prose too"
    SUBJECT_FAILED = "the distribution at hand failed"
    LISTED_NEXT = "the next line names the distributions that failed"
    OTHER_PYTHONS = "versions are left out because they require another Python"
    UNREACHED = "an index was given up"
    INDEXES = "the indexes are named that were asked"
    WANTED = "who asks for a distribution is told"
    SUCCEEDED = "the distributions that it names are there"
    TROUBLE = "the run failed for a reason that is no matter of wheels"
    CLASH = "the requirements clash, unless a distribution is named as well"
    DONE = "the installer ended well"
    PROGRESS = "nothing but that this installer speaks"


class Message(Struct, frozen=True, kw_only=True):
    """One kind of message of a *tool*; *pattern* is searched in a line, or in a sentence that uv wrapped over several.

    One of the texts in *signs* is in every line that the pattern finds, so that other lines are passed over at once.
    """

    tool: str
    meaning: Meaning
    signs: tuple[str, ...]
    pattern: str
    kind: FailureKind | TroubleKind | None = None


_N = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,100}[A-Za-z0-9])?"
_NAME = rf"(?P<name>{_N})(?:\[[\w, .-]{{0,200}}\])?"
_NAMES = rf"(?P<names>{_N}(?:(?:, ?| ){_N}){{0,200}})"
_V = r"[0-9][\w.!+-]{0,60}"
_VERSION = rf"(?P<version>{_V})"
_BY = r"(?: \(from (?P<by>[^()]{1,400}(?:\([^()]{0,100}\))?)\))?"
_FILE = r"(?P<file>[\w.+!-]{1,200}\.(?:whl|tar\.gz|tar\.bz2|tar\.xz|tgz|zip))"
_BUILT = r"\S.{0,400}?[\\/]pip-(?:install|wheel|build)-\w{1,20}[\\/](?P<name>[A-Za-z0-9][\w.-]{0,100}?)(?:_[0-9a-f]{32})?[\\/]?"
_FAILED_STEP = r".{0,60}?(?:finished with status 'error'|\.\.\. ?error|did not run successfully)"
# The name begins where a word does, so that a long line is not tried from each of its letters.
_UV = rf"(?<![\w.=<>!~,*+-])(?P<requirement>{_N}(?:\[[\w, .-]{{0,200}}\])?(?:[<>=!~][\w.,<>=!~*+-]{{1,120}})?)"
# What is missing is asked for in the same sentence; else it is a step of the proof of a clash.
_ASKS = r"(?:you require|your project depends on|\S{1,160} depends on)"
_WANTED = r"(?P<requirement>(?P={of})(?:[<>=!~][\w.,<>=!~*+-]{{1,120}})?)"
_BUILD, _NO_MATCH, _PYTHON = FailureKind.BUILD, FailureKind.NO_MATCH, FailureKind.PYTHON
_NETWORK = TroubleKind.NETWORK


def _rows(tool: str, *rows: tuple[Meaning, str, str, FailureKind | TroubleKind | None]) -> tuple[Message, ...]:
    return tuple(
        Message(tool=tool, meaning=meaning, signs=tuple(signs.split("|")), pattern=pattern, kind=kind)
        for meaning, signs, pattern, kind in rows
    )


M = Meaning
MESSAGES: tuple[Message, ...] = (
    *_rows(
        "pip",
        (M.FAILED, "Building wheel|Building editable",
         rf"Building (?:wheel|(?P<editable>editable)) for {_NAME} \([\w. -]{{1,40}}\){_FAILED_STEP}", _BUILD),
        (M.FAILED, "Running setup.py ", rf"Running setup\.py (?:install|develop) for {_NAME}{_FAILED_STEP}", _BUILD),
        (M.FAILED, "Failed building ", rf"Failed building (?:wheel|(?P<editable>editable)) for {_NAME}\s*$", _BUILD),
        (M.FAILED, "Failed to build '", rf"Failed to build '{_NAME}(?:==[^']{{1,60}})?' when ", _BUILD),
        (M.FAILED, "Could not build wheels for", rf"Could not build wheels for {_NAMES},? which (?:is|are) required", _BUILD),
        (M.FAILED, "Failed to build installable wheels",
         rf"Failed to build installable wheels for some pyproject\.toml based projects \({_NAMES}\)", _BUILD),
        (M.LISTED, "Failed to build ", rf"^(?:ERROR: )?Failed to build {_NAMES}\s*$", _BUILD),
        (M.LISTED_NEXT, "Failed to build installable wheels|Encountered error while ",
         r"Failed to build installable wheels|Encountered error while (?:trying to install|generating) package", _BUILD),
        # pip before 19.2 and 22 names no distribution where setup.py fails; the folder of its source is called after it.
        (M.FAILED, "failed with error code",
         rf"^\s*(?:ERROR: )?Command .{{1,2000}} failed with error code -?\d{{1,5}} in {_BUILT}\s*$", _BUILD),
        (M.FAILED, " cwd: ", rf"^\s*cwd: {_BUILT}\s*$", _BUILD),
        (M.SUBJECT_FAILED, "Preparing |requirements to build|build dependencies|backend dependencies|build backend",
         r"(?:Preparing (?:editable |wheel )?metadata|Getting requirements to build (?:wheel|editable)"
         r"|Installing (?:build|backend) dependencies|pip subprocess to install (?:build|backend) dependencies"
         rf"|Checking if build backend supports build_editable){_FAILED_STEP}", _BUILD),
        (M.SUBJECT_FAILED, "python setup.py ",
         r"python setup\.py (?:egg_info|bdist_wheel|develop)\"? (?:did not run successfully|failed with error code)", _BUILD),
        (M.SUBJECT_FAILED, "BackendUnavailable|metadata-generation-failed",
         r"\bBackendUnavailable: |^\s*error: metadata-generation-failed", _BUILD),
        (M.FAILED, "Discarding ", rf"Discarding \S{{1,400}}/{_FILE}\S{{0,200}} .{{0,200}}Command errored out", _BUILD),
        (M.FAILED, "is not a supported wheel", rf"(?:^|\s|/){_FILE} is not a supported wheel on this platform", _NO_MATCH),
        (M.FAILED, "requires a different Python",
         r"(?:Package|Project) '(?P<requirement>[^']{1,200})' requires a different Python", _PYTHON),
        (M.OTHER_PYTHONS, "different python version",
         r"Ignored the following versions that require a different python version: (?P<list>.{1,7000})", None),
        (M.FAILED, "satisfies the requirement",
         rf"Could not find a version that satisfies the requirement (?P<requirement>[^()]{{1,400}}?){_BY} \(from versions: "
         r"(?P<versions>[^)]{0,7000})(?P<whole>\))?", _NO_MATCH),
        (M.FAILED, "No matching distribution",
         rf"No matching distribution found for (?P<requirement>[^()]{{1,400}}?){_BY}\s*$", _NO_MATCH),
        (M.UNREACHED, "Retry(total=0|Could not fetch URL",
         r"Retrying \(Retry\(total=0,|Could not fetch URL \S{1,400}: ", None),
        (M.SUCCEEDED, "Successfully installed ", r"^\s*Successfully installed (?P<installed>.{1,7000})", None),
        (M.SUCCEEDED, "Successfully built ", rf"^\s*Successfully built {_NAMES}\s*$", None),
        (M.DONE, "already satisfied|Would install|Successfully downloaded",
         r"^Requirement already satisfied: |^Would install |^Successfully downloaded ", None),
        (M.FILE, "Downloading|Using cached|Saved ",
         rf"^\s*(?:Downloading|Using cached|Saved) (?:\S{{1,600}}/)?{_FILE}", None),
        (M.SUBJECT, "Collecting |Obtaining |Processing ",
         rf"^\s*(?:Collecting|Obtaining|Processing) (?P<requirement>[^()]{{1,600}}?){_BY}\s*$", None),
        (M.SUBJECT, "Building wheel|Building editable", rf"Building (?:wheel|editable) for {_NAME} \(", None),
        (M.CLASH, "ResolutionImpossible|conflicting dependencies",
         r"ResolutionImpossible|because these package versions have conflicting dependencies", None),
        (M.TROUBLE, "THE HASHES|HashMismatch|--require-hashes mode",
         r"PACKAGES DO NOT MATCH THE HASHES|HashMismatch|In --require-hashes mode, all requirements", TroubleKind.HASH),
        (M.TROUBLE, "Could not install packages due to",
         r"Could not install packages due to an \w{1,40}: .{0,200}(?:ConnectionPool|Connection|timed out)", _NETWORK),
        (M.TROUBLE, "urllib3.exceptions|HTTP error |Client Error|Server Error",
         r"urllib3\.exceptions\.\w{1,40}Error|^(?:ERROR: )?(?:HTTP error \d{3} while|\d{3} (?:Client|Server) Error)", _NETWORK),
        (M.TROUBLE, "externally-managed|Could not install packages due to",
         r"externally-managed-environment|packages due to an \w{1,40}: \[(?:Errno 13|WinError 5)\]", TroubleKind.ACCESS),
        (M.TROUBLE, "nvalid wheel filename|not a valid wheel filename",
         r"[Ii]nvalid wheel filename|is not a valid wheel filename", TroubleKind.FILENAME),
        (M.INDEXES, "Looking in ", r"^\s*Looking in (?:indexes|links): (?P<places>\S.{0,2000})", None),
        (M.PROGRESS, "Installing collected|Building wheels for|legacy-install|for-install|subprocess-exited",
         r"^\s*(?:Installing collected packages: |Building wheels for collected packages: )"
         r"|error: (?:subprocess-exited-with-error|failed-wheel-build-for-install|legacy-install-failure)", None),
    ),
    *_rows(
        "uv",
        (M.FAILED, "Failed to ",
         rf"Failed to (?:download and build|build|prepare|fetch wheel):? (?=`|[\w.-]{{1,100}}==)`?{_NAME}(?:==(?P<version>{_V}))?"
         r"(?P<place> @ \S{1,300})?", _BUILD),
        (M.FAILED, "istribution ",
         rf"[Dd]istribution `?{_NAME}==(?P<version>{_V}) @ \S{{1,300}} can't be installed because it (?:doesn't|is)", _NO_MATCH),
        (M.INDEXES, "registry+", r" @ registry\+(?P<places>https?://[^\s`,]{1,300})", None),
        (M.FAILED, " has no ",
         rf"{_UV} has no (?:wheels with a |usable wheels|source distribution|available distributions)", _NO_MATCH),
        (M.FAILED, "ll versions of ",
         rf"ll versions of {_UV} have no (?:wheels with a |usable wheels|source distribution)", _NO_MATCH),
        (M.FAILED, "was not found in the ",
         rf"{_UV} was not found in the (?:package registry|cache|provided package locations)", _NO_MATCH),
        (M.FAILED, "there is no version|there are no versions",
         rf"there (?:is no version|are no versions) of (?P<missing>{_N})[^ ]{{0,120}} and {_ASKS} {_WANTED.format(of='missing')}",
         _NO_MATCH),
        (M.FAILED, "is available|are available",
         rf"\bonly (?P<only>{_N})(?=[<>=!~ ]).{{0,400}}? (?:is|are) available(?::.{{0,600}}?)? and {_ASKS} "
         rf"{_WANTED.format(of='only')}",
         _NO_MATCH),
        (M.FAILED, "does not satisfy Python", rf"does not satisfy Python\S{{1,40}} and {_UV} depends on Python", _PYTHON),
        (M.FAILED, "incompatible with the current platform",
         rf"dependency is incompatible with the current platform: (?:\S{{0,400}}/)?{_FILE}", _NO_MATCH),
        (M.WANTED, "was included because",
         rf"`{_NAME}` \(v{_VERSION}\) was included because .{{0,400}}?`(?P<asker>{_N})` \(v(?P<asking>{_V})\) "
         r"(?:which )?depends on `(?P=name)", None),
        (M.CLASH, "No solution found", r"No solution found when resolving", None),
        (M.SUBJECT, "Building ", rf"^\s*Building {_NAME}==(?P<version>{_V})\s*$", None),
        (M.SUBJECT, "Building ", rf"^\s*Building {_NAME} ?@ ?(?P<place>\S{{1,400}})\s*$", None),
        (M.SUCCEEDED, "Built ", rf"^\s*Built {_NAME}(?:==| ?@ ?)\S{{1,400}}\s*$", None),
        (M.DONE, "Installed |Audited ", r"^\s*(?:Installed|Audited) \d{1,6} packages?\b", None),
        (M.TROUBLE, "Request failed|ailed to fetch|error sending request|are you offline|Failed to download `",
         r"Request failed after \d|[Ff]ailed to fetch: `|error sending request for url|, are you offline|Failed to download `",
         _NETWORK),
        (M.TROUBLE, "Hash mismatch", r"Hash mismatch for `", TroubleKind.HASH),
        (M.PROGRESS, "Resolved |Prepared |Uninstalled |Using CPython|Using Python",
         r"^\s*(?:Resolved|Prepared|Uninstalled) \d{1,6} packages?\b|^Using (?:CPython|Python) 3", None),
    ),
    *_rows(
        "poetry",
        (M.FAILED_BEFORE, "originates from the build backend",
         rf"originates from the build backend, .{{0,120}}? with {_NAME} \({_VERSION}", _BUILD),
        (M.FAILED, "installation candidates for",
         rf"Unable to find installation candidates for {_NAME} \({_VERSION}\)", _NO_MATCH),
        (M.FAILED, "match any versions",
         rf"depends on {_NAME} \((?P<bounds>[^()]{{1,200}})\) which doesn't match any versions", _NO_MATCH),
        (M.FAILED, ") not found.", rf"^\s*Package {_NAME} \({_VERSION}\) not found\.", _NO_MATCH),
        (M.FAILED, "matching version of package", rf"Could not find a matching version of package {_NAME}", _NO_MATCH),
        (M.FAILED, "so it will not be installable",
         rf"^\s*- {_NAME} requires Python .{{1,200}}, so it will not be installable", _PYTHON),
        (M.FAILED, " is forbidden",
         rf"(?:^|\s){_NAME} \({_V}\) requires Python .{{1,200}}, (?P=name) is forbidden", _PYTHON),
        (M.FAILED, "which requires Python",
         rf"depends on {_NAME} \((?P<bounds>[^()]{{1,200}})\) which requires Python ", _PYTHON),
        (M.SUBJECT, "Installing |Updating |Downgrading ",
         rf"^\s*[•-] (?:Installing|Updating|Downgrading) {_NAME} \((?:\S{{1,60}} (?:->|→) )?{_VERSION}", None),
        (M.CLASH, "version solving failed|SolverProblemError", r"version solving failed|SolverProblemError", None),
        (M.DONE, "No dependencies to install", r"^No dependencies to install or update", None),
        (M.TROUBLE, "All attempts to connect", r"All attempts to connect to \S{1,200} failed", _NETWORK),
        (M.PROGRESS, "Package operations|from lock file|Updating dependencies",
         r"^Package operations: |^Installing dependencies from lock file|^Updating dependencies", None),
    ),
    *_rows(
        "pdm",
        (M.FAILED, "✖ ", rf"✖ (?:Install|Update) {_NAME} (?:\S{{1,60}} -> )?{_VERSION} failed", _BUILD),
        (M.FAILED, " failed:|Error occurs",
         rf"^\s*(?:add|update|Error occurs (?:adding|updating)) {_NAME}(?: failed)?: *$", _BUILD),
        (M.FAILED, "(from <Candidate", rf"python\S{{1,60}} \(from <Candidate {_NAME}@{_VERSION}", _PYTHON),
        (M.FAILED, "Unable to find a resolution for", rf"Unable to find a resolution for {_NAME}\s*$", _NO_MATCH),
        (M.SUCCEEDED, "✔ ", rf"✔ (?:Install|Update) {_NAME} \S{{1,60}}(?: -> \S{{1,60}})? successful", None),
        (M.CLASH, "ResolutionError|Unable to find a resolution", r"\[ResolutionError\]|Unable to find a resolution", None),
        (M.DONE, "All complete|synced to date", r"🎉 All complete|All packages are synced to date", None),
        (M.TROUBLE, "Error]|Timeout]", r"^\[(?:Connect|Read|Network|Remote\w{0,20})(?:Error|Timeout)\]", _NETWORK),
        (M.PROGRESS, "Lock |Synchronizing|Lockfile",
         r"🔒 Lock (?:failed|successful)|Synchronizing working set|Lockfile does not exist", None),
    ),
    *_rows(
        "pipenv",
        (M.FAILED, "Couldn't install package", rf"Couldn't install package: {_NAME}(?:==(?P<version>{_V}))?\s*$", _BUILD),
    ),
    *_rows(
        "pynsist",
        (M.FAILED, "No compatible wheels found for", rf"No compatible wheels found for {_NAME} {_VERSION}\s*$", _NO_MATCH),
        (M.FAILED, "No release ", rf"No release {_VERSION} for package {_NAME}\s*$", _NO_MATCH),
        (M.FAILED, "No package named ", rf"No package named {_NAME} found on PyPI", _NO_MATCH),
        (M.FAILED, "is not compatible with Python",
         rf"Wheel (?:\S{{1,400}}[/\\])?{_FILE} is not compatible with Python 3", _NO_MATCH),
    ),
    *_rows(
        "setuptools",
        (M.FAILED, "suitable distribution",
         r"Could not find suitable distribution for Requirement\.parse\('(?P<requirement>[^']{1,200})'\)", _NO_MATCH),
    ),
    *_rows(
        "the system",
        (M.TROUBLE, "space left on device|Errno 28", r"No space left on device|\[Errno 28\]", TroubleKind.DISK),
        (M.TROUBLE, "MemoryError|Killed|exit code: 137",
         r"^\s*MemoryError\b|Killed signal terminated program|^\s*Killed\s*$|exit code: 137", TroubleKind.MEMORY),
        (M.TROUBLE, "name resolution|service not known|getaddrinfo|resolve host|onnect to ",
         r"Temporary failure in name resolution|Name or service not known|getaddrinfo failed|: Could not resolve host: "
         r"|Failed to connect to \S{1,200} port \d", _NETWORK),
    ),
)  # fmt: skip
"""Every message that is understood. The first row that finds something in a line counts; of a sentence of uv all that name some."""

TABLE = SignTable((row.signs, (row, re.compile(row.pattern))) for row in MESSAGES)

ERROR_SIGNS = ("ERROR:", "rror:", "ERROR[", "rror[", "FATAL", "fatal:", "E: ", "Error]", "Exception]")
ERROR_LINE = re.compile(r"^\s{0,4}(?:ERROR|Error|error|FATAL|fatal|E)(?:\[\w+\])?: ?\S|^\[\w+(?:Error|Exception)\]: ")
"""A line that reports an error, of whatever program."""
