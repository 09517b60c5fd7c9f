"""What the lines of a log tell of the target: ``HINTS`` is the one table of such lines; the strongest of several counts.

A hint says a part: a build folder tells Python and machine, an image the C library, the name of a wheel the interpreter.
``combined`` puts parts together that do not contradict each other. What no line tells stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from msgspec import Struct
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import parse_wheel_filename

from wheelcheck.errors import UsageProblem
from wheelcheck.logs.lines import SignTable
from wheelcheck.model.failure import LoggedTarget, LogQuote
from wheelcheck.model.systems import ImageKnowledge
from wheelcheck.targets.image_names import ImageUnknown, parse_image
from wheelcheck.targets.platforms import machine_of, platform_of

_Version = tuple[int, int]
_MINORS = range(6, 21)  # of Python 3, as far as a log may speak of them
_LEGACY_FLOORS = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
# What is assumed of a machine whose C library or release no line tells; as the bare words in targets/platforms.py.
_DEFAULT_FLOORS: dict[str, _Version] = {"manylinux": (2, 28), "musllinux": (1, 2), "macosx": (13, 0)}
_FIRST_ON_ARM = (11, 0)  # of macOS
IN_WORDS = 29
"""The greatest weight of what people write beside a log; in the output of a build such words speak of any machine."""


class Hint(Struct, frozen=True, kw_only=True):
    """A part of the target that a line tells; what is empty or ``None`` it does not tell.

    *system* is ``linux``, ``win`` or ``macosx``; *family* is ``manylinux`` or ``musllinux``. *exact* is the release of the C
    library or of macOS, *at_least* one that the machine has at least. *machine* is uname's word. Of several hints the one with the
    greater *weight* counts.
    """

    weight: int
    quote: LogQuote
    system: str = ""
    family: str = ""
    exact: _Version | None = None
    at_least: _Version | None = None
    machine: str = ""
    python: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether it tells nothing."""
        return not (self.system or self.machine or self.python)


class HintRow(Struct, frozen=True, kw_only=True):
    """One kind of line: *name* is what it is, *pattern* finds it, *weight* is how much it is trusted.

    One of *signs* is in every line that the pattern finds, so that other lines are passed over at once.

    Groups of the pattern are read by their names: ``python``, ``digits`` (``312``), ``tag`` (a platform tag), ``machine``,
    ``image``, ``runner``, ``wheel`` (a file name). ``says`` holds what the line tells by being there.
    """

    name: str
    signs: tuple[str, ...]
    weight: int
    pattern: str
    says: tuple[tuple[str, str], ...] = ()


_PYTHON = r"(?P<python>3\.\d{1,2}(?:\.\d{1,2})?t?)"
_IMAGE = r"(?P<image>[\w][\w./:@-]{1,250})"
_CPU = r"(?P<machine>x86_64|aarch64|arm64|armv7l|i686)"
_NOTHING: tuple[tuple[str, str], ...] = ()
_WINDOWS = (("system", "win"),)
_MACOS = (("system", "macosx"),)
_GLIBC = (("system", "linux"), ("family", "manylinux"))
_MUSL = (("system", "linux"), ("family", "musllinux"))

_ROWS = (
    ("the platform that was asked for", 110, "platform=|platform ",
     r"--(?:python-)?platform[= ](?!=)['\"]?(?P<asked>[\w./-]{3,60})", _NOTHING),
    ("the Python that was asked for", 110, "--python|-p 3|-p=",
     rf"(?:--python-version|--python|-p)[= ]['\"]?{_PYTHON}\b", _NOTHING),
    ("a build folder of setuptools", 100, "lib.linux|lib.win|lib.mac|lib.mingw|temp.linux|temp.win|temp.mac|temp.mingw|bdist.",
     r"\b(?:lib|temp|bdist)\.(?P<tag>(?:linux|win|macosx|mingw)[\w.-]{0,40}?)-(?:cpython-|pypy)?(?P<digits>3\d{1,2}|3\.\d{1,2})(?P<free>t)?"
     r"(?=[\\/\s'\"]|-pypy|$)", _NOTHING),
    ("the tag of a wheel that is built", 100, "cp3",
     r"(?<![\w.-])cp3\d{1,2}-(?P<abi>cp3\d{1,2}t?)-(?P<tag>(?:linux|manylinux|musllinux|win|macosx)[\w.]{1,40})(?![\w.])",
     _NOTHING),
    ("a build folder of scikit-build", 100, "_skbuild",
     r"_skbuild[\\/](?P<tag>(?:linux|win|macosx)[\w.-]{1,30}?)-(?P<digits>3\.\d{1,2})(?=[\\/\s'\"]|$)", _NOTHING),
    ("a folder of bdist_wheel", 90, "bdist.", r"\bbdist\.(?P<tag>(?:linux|win|macosx)[\w.-]{1,30})(?=[\\/\s'\"]|$)", _NOTHING),
    ("pip's own version", 88, "(python ", rf"^pip \d\S{{0,20}} from .{{1,400}} \(python {_PYTHON}\)", _NOTHING),
    ("the folder of Windows that distutils names", 100, "win-amd64-|win32-|win-arm64-",
     r"(?P<tag>win-amd64|win32|win-arm64)-(?P<digits>3\.\d{1,2}|3\d{1,2})(?=[\\/\s'\"]|$)", _NOTHING),
    ("pynsist, which makes installers for Windows alone", 96, "NoWheelError|nsist", r"\bNoWheelError\b|\bnsist[\\/]", _WINDOWS),
    ("the target of pynsist", 105, "is not compatible with Python",
     rf"is not compatible with Python {_PYTHON}, (?P<tag>win_amd64|win32)\b", _NOTHING),
    ("the Python that pynsist ships", 105, "-embed-",
     rf"\bpython-{_PYTHON}(?:(?:a|b|rc)\d+)?-embed-(?:(?P<tag>win32)|(?P<machine>amd64|arm64))\.zip", _WINDOWS),
    ("uv's platform", 95, "matching platform", r"matching platform tag \(e\.g\., `(?P<tag>[\w.]{3,60})`\)", _NOTHING),
    ("uv's machine", 95, "You're on", r"You're on \w+ \(`(?P<tag>[\w.]{3,60})`\)", _NOTHING),
    ("uv's Python tag", 95, "matching Python|You're using|You require",
     r"(?:matching Python \w+ tag \(e\.g\., |(?:You're using|You require) [\w. ]{3,40} \()`(?P<abi>[a-z]{2,8}3\d{1,2}t?)",
     _NOTHING),
    ("uv's interpreter", 94, "Using CPython|Using Python|Using PyPy", rf"Using (?:CPython|Python|PyPy) {_PYTHON}\b", _NOTHING),
    ("the oldest Python of a project", 93, "Python range (|requires-python|requested Python version",
     rf"(?:Python range \(|`requires-python`: |requested Python version \()>={_PYTHON}\b", _NOTHING),
    ("the Python that does not do", 92, "current Python|different Python",
     rf"(?:current Python version \(|requires a different Python: ){_PYTHON}\b", _NOTHING),
    ("a wheel that was taken", 90, ".whl",
     r"(?:Downloading |Using cached |Saved |filename=)(?:\S{1,400}/)?(?P<wheel>[\w.+!-]{1,200}\.whl)\b", _NOTHING),
    ("a virtual environment", 85, "created virtual",
     r"created virtual environment CPython(?P<python>3\.\d{1,2}\.\d{1,2})\.\w+-(?:32|64)\b", _NOTHING),
    ("Poetry's Python", 84, "Using python|activated Python",
     rf"(?:Using python\S* \(|currently activated Python version ){_PYTHON}\b", _NOTHING),
    ("the image of a container", 80, "FROM",
     rf"(?:\] FROM|^Step \d+/\d+ : FROM|\|\s+(?:>>> )?FROM)(?: --platform=(?P<docker>\S{{3,40}}))? {_IMAGE}", _NOTHING),
    ("the image of a GitLab job", 80, "executor with image", rf"Using Docker executor with image {_IMAGE}", _NOTHING),
    ("the metadata of an image", 78, "load metadata", rf"load metadata for {_IMAGE}", _NOTHING),
    ("the version that Python prints", 77, "Python 3", rf"^Python {_PYTHON}\s*$", _NOTHING),
    ("the version of glibc", 82, "GLIBC", r"^ldd \(.{1,60}GLIBC.{0,60}\) (?P<glibc>2\.\d{1,2})\s*$", _GLIBC),
    ("setup-python", 76, "set up|python-version",
     rf"(?:Successfully set up (?:CPython|PyPy) \(?|^\s+python-version: ['\"]?){_PYTHON}\b", _NOTHING),
    ("the tool cache of GitHub", 75, "hostedtoolcache",
     rf"hostedtoolcache[\\/](?:windows[\\/])?Python[\\/]{_PYTHON}[\\/](?P<machine>x64|x86|arm64)", _NOTHING),
    ("the machine of a CI job", 74, "Image: |runs-on|image: ",
     r"^\s*(?:Image|runs-on|Runner [Ii]mage): (?P<runner>(?:ubuntu|windows|macos)-[\w.-]{1,30})\s*$", _NOTHING),
    ("the headers of Python", 70, "include/python|include\\python", rf"include[\\/]python{_PYTHON}\b", _NOTHING),
    ("the modules of Python", 60, "/site-packages", rf"(?:lib|lib64)/(?:python|pypy){_PYTHON}/site-packages", _NOTHING),
    ("a Python of Windows", 60, "\\Python|/Python|\\python",
     r"[\\/][Pp]ython(?P<digits>3\d{1,2})(?:-(?P<machine>32|arm64))?[\\/]", _WINDOWS),
    ("a Python of the install manager", 60, "pythoncore-",
     r"\bpythoncore-(?P<digits>3\.\d{1,2})-(?P<machine>64|32|arm64)[\\/]", _WINDOWS),
    ("a Python of the Windows store", 60, "SoftwareFoundation.",
     r"PythonSoftwareFoundation\.Python\.(?P<digits>3\.\d{1,2})_", _WINDOWS),
    ("a Python of pyenv or macOS", 58, "versions/3|Versions/3|python@",
     rf"(?:versions|Python\.framework/Versions|python@)/?{_PYTHON}(?=/)", _NOTHING),
    ("a compiler for musl", 52, "-linux-musl", rf"\b{_CPU}-\w{{1,20}}-linux-musl", _MUSL),
    ("autoconf's machine", 52, "-linux-gnu", rf"system type\.\.\. {_CPU}-\w{{1,20}}-linux-gnu", _GLIBC),
    ("the programs of Alpine", 50, "apk add|ld-musl|Alpine|musl libc",
     r"\bapk add\b|ld-musl-|Alpine Linux|\(Alpine \d|^musl libc \(", _MUSL),
    ("Microsoft's compiler", 50, "Visual C|cl.exe|vcvarsall",
     r"Microsoft Visual C\+\+ \d|[\\/]cl\.exe\b|'cl\.exe' failed|\bvcvarsall\.bat\b", _WINDOWS),
    ("the Pythons that versions require", 35, "Ignored the following versions",
     r"require a different python version: (?P<bounds>.{1,7000})", _NOTHING),
    ("Apple's compiler", 50, "xcrun|xcode|-arch ", r"\bxcrun: error|\bxcode-select\b|-arch (?P<machine>arm64|x86_64)\b", _MACOS),
    ("a compiler of a distribution with glibc", 45, "(Debian|(Ubuntu|(Red Hat", r"\((?:Debian|Ubuntu|Red Hat) \d", _GLIBC),
    ("Meson's machine", 45, "ost machine cpu", rf"Host machine cpu(?: family)?: {_CPU}\b", _NOTHING),
    ("Homebrew on Apple silicon", 40, "/opt/homebrew", r"/opt/homebrew/", (*_MACOS, ("machine", "aarch64"))),
    ("Homebrew on Intel", 40, "/usr/local/Cellar|/usr/local/Homebrew", r"/usr/local/(?:Cellar|Homebrew)/",
     (*_MACOS, ("machine", "x86_64"))),
    ("the tool cache of a Linux runner", 40, "/opt/hostedtoolcache", r"/opt/hostedtoolcache/", _GLIBC),
    ("a path of Windows", 30, ":\\", r"\b[A-Z]:\\(?:Users|Program Files|hostedtoolcache|a|Python\d+)\\", _WINDOWS),
    ("pip's build folder on Windows", 30, "pip-build-env", r"pip-build-env-\w{1,20}\\", _WINDOWS),
    ("pip's notice on Windows", 30, "python.exe -m pip", r"\bpython\.exe -m pip\b", _WINDOWS),
    ("a folder on a drive of Windows", 30, ":\\", r"(?<![\w%])[A-Za-z]:\\[^\\/:*?\"<>|\s][^\\/:*?\"<>|]{0,80}\\", _WINDOWS),
    ("a path of macOS", 30, "/Library/|/Users/", r"/Library/Frameworks/|(?<![\w.:~-])/Users/\w", _MACOS),
    # What a person writes beside a log, as the forms of issue trackers ask for it; what the log itself shows counts before that.
    ("macOS in words", 26, "mac OS|macOS|MacOS|Macos|macos|Mac OS|OS X",
     r"\b(?:[Mm]ac ?[Oo][Ss]|OS X)(?: X)?[ ,:]{1,3}(?:[A-Z][a-z]{2,12} ){0,2}(?:version )?v?"
     r"(?P<macos>1\d\.\d{1,2}|1[1-9]|2[6-9])(?!\w)", _MACOS),
    ("a Mac in words", 25, "mac OS|macOS|MacOS|Macos|macos|Mac OS",
     r"(?:^|\b(?:OS|[Pp]latform|[Ss]ystem)\W{1,6}|\b(?:[Oo]n|[Rr]unning|[Uu]sing) (?:an? |my )?)[Mm]ac ?[Oo][Ss]\s*$", _MACOS),
    ("Apple's machines in words", 25, "pple |acBook|acbook|Mac |mac ",
     r"\bApple [Ss]ilicon\b|\b(?:[Mm]ac(?:[Bb]ook)?|Apple)\b.{0,30}?\b[Mm][1-9]\b"
     r"|\b[Mm][1-9] (?:[Mm]ax |[Pp]ro )?[Mm]ac(?:[Bb]ook)?\b", (*_MACOS, ("machine", "aarch64"))),
    ("Windows in words", 25, "indow|win 1|win1|Win 1|Win1",
     r"\b[Ww]in(?:dows?)?(?: [Ss]erver)? ?(?:7|8|8\.1|10|11|20\d\d)\b|\bMicrosoft Windows \[", _WINDOWS),
    ("a distribution in words", 25, "Ubuntu |ubuntu |Debian |debian |Fedora |Alpine ",
     r"(?<![\w(])(?P<distribution>[Uu]buntu|[Dd]ebian|Fedora|Alpine)(?: Linux| GNU/Linux)? v?"
     r"(?P<release>\d{1,2}(?:\.\d{1,2})?)(?![\d-])", _NOTHING),
    ("Python in words", 24, "ython",
     r"\b[Pp]ython(?:[ _-]?[Vv]ersion)?[*`_]{0,3}(?: \(e\.g\.[^)]{0,80}\))?(?: is| used| ?[:=])?[*`_]{0,3} {1,3}\[?v?"
     rf"(?:[Pp]ython )?{_PYTHON}(?![\w-]|\.[\d*]|\+| ?(?:or|and) (?:above|newer|later|higher|up))", _NOTHING),
)  # fmt: skip
HINTS = tuple(
    HintRow(name=name, weight=weight, signs=tuple(signs.split("|")), pattern=pattern, says=says)
    for name, weight, signs, pattern, says in _ROWS
)
"""Every kind of line that tells a part of the target: its name, weight, signs and pattern, and what it says by being there."""

TABLE = SignTable((row.signs, (row, re.compile(row.pattern))) for row in HINTS)


def iter_hints(text: str, line: int, known: ImageKnowledge) -> Iterable[Hint]:
    """What the line *text* tells."""
    for row, pattern in TABLE.matching(text):
        for found in pattern.finditer(text):
            hint = _hint(row, found, LogQuote(line=line, text=text.strip()[:300]), known)
            if hint is not None and not hint.is_empty:
                yield hint


def _hint(row: HintRow, found: re.Match[str], quote: LogQuote, known: ImageKnowledge) -> Hint | None:
    parts: dict[str, object] = dict(row.says)
    groups = {name: text for name, text in found.groupdict().items() if text}
    for name, text in groups.items():
        reader = _READERS.get(name)
        if reader is not None:
            parts |= reader(text)
    if "free" in groups and "python" in parts:
        parts["python"] = f"{parts['python']}t"
    if "pypy" in found[0] and str(parts.get("python", "")).startswith("3"):
        parts["python"] = f"pp{parts['python']}"
    if "image" in groups:
        parts |= _of_image(groups["image"], groups.get("docker"), known)
    if "distribution" in groups:
        parts |= _of_image(f"{groups['distribution'].lower()}:{groups['release']}", None, known)
    if "runner" in groups:
        platform = known.runners.get(groups["runner"])
        parts |= {**_of_tag(platform), "exact": _of_tag(platform).get("at_least")} if platform else {}
    if row.name in ("uv's platform", "uv's machine") and "at_least" in parts:
        parts["exact"] = parts.pop("at_least")
    return Hint(weight=row.weight, quote=quote, **parts) if parts else None  # type: ignore[arg-type]


def _of_image(reference: str, platform: str | None, known: ImageKnowledge) -> dict[str, object]:
    try:
        reading = parse_image(reference.partition("@")[0], known, platform=platform)
    except ImageUnknown:
        return {}
    parts = _of_tag(reading.platform)
    # The name of an image tells a machine only where it was asked for.
    machine = {} if platform else {"machine": ""}
    python = {"python": reading.python} if reading.python else {}
    return {**parts, "exact": parts.get("at_least"), **machine, **python}


def _of_tag(tag: str) -> dict[str, object]:
    """What a platform tag (``manylinux_2_28_x86_64``) or the name of a build folder (``macosx-11.0-arm64``) tells."""
    text = tag.lower().replace("-", "_").replace(".", "_")
    if text.startswith(("win", "mingw")):
        return {"system": "win", "machine": {"win32": "i686", "win_arm64": "aarch64"}.get(text, "x86_64")}
    if found := re.fullmatch(r"macosx_(\d{1,2})_(\d{1,2})_(\w+)", text):
        machine = {"machine": machine_of(found[3])} if found[3] in ("arm64", "x86_64") else {}
        return {"system": "macosx", "at_least": (int(found[1]), int(found[2])), **machine}
    if found := re.fullmatch(r"(manylinux|musllinux)_(\d)_(\d{1,2})_(\w+)", text):
        return {"system": "linux", "family": found[1], "at_least": (int(found[2]), int(found[3])), "machine": found[4]}
    if found := re.fullmatch(r"(manylinux1|manylinux2010|manylinux2014)_(\w+)", text):
        return {"system": "linux", "family": "manylinux", "at_least": _LEGACY_FLOORS[found[1]], "machine": found[2]}
    if found := re.fullmatch(r"linux_(\w+)", text):
        return {"system": "linux", "machine": machine_of(found[1])}
    return {}


def _of_word(word: str) -> dict[str, object]:
    """What the word that was given for a platform tells, which need be no tag."""
    from wheelcheck.targets.platforms import parse_platform

    system, slash, machine = word.partition("/")
    if slash:
        # Docker's words tell the machine; the image tells the rest.
        return {"system": system, "machine": machine_of(machine)} if system == "linux" else {}
    try:
        parts = _of_tag(parse_platform(word).word)
    except UsageProblem:
        return {}
    return {**parts, "exact": parts.get("at_least")}


def _of_wheel(name: str) -> dict[str, object]:
    try:
        tags = list(parse_wheel_filename(name)[3])
    except ValueError:
        return {}
    found: dict[str, object] = {}
    platforms = [_of_tag(tag.platform) for tag in tags if tag.platform != "any"]
    if platforms:
        # The machine meets one of the tags at least: the lowest is sure.
        found = min(platforms, key=lambda parts: str(parts.get("at_least", (0, 0))) if parts.get("at_least") else "")
        if len({parts.get("machine") for parts in platforms}) > 1:
            found = {**found, "machine": ""}
    pythons = {(tag.interpreter, tag.abi) for tag in tags}
    if len(pythons) == 1:
        interpreter, abi = pythons.pop()
        if abi.startswith(("cp3", "pypy3")) and interpreter.startswith(("cp3", "pp3")):
            found |= _of_abi(f"{interpreter}t" if abi.endswith("t") else interpreter)
    return found


def _of_abi(tag: str) -> dict[str, object]:
    found = re.fullmatch(r"(cp|pp|cpython|pypy)3(\d{1,2})(t?)", tag)
    return {"python": ("pp" if found[1].startswith("p") else "") + f"3.{found[2]}{found[3]}"} if found else {}


def _of_bounds(text: str) -> dict[str, object]:
    """The Python that none of the bounds admits: the newest that is too old for all, else the oldest that is too new for all."""
    found = set(re.findall(r"Requires-Python ([<>=!~.,*\d]{3,60})", text))
    try:
        bounds = [SpecifierSet(each.rstrip(",")) for each in found]
    except InvalidSpecifier:
        return {}
    refused = [minor for minor in _MINORS if not any(each.contains(f"3.{minor}.0") for each in bounds)]
    old = [minor for minor in refused if set(range(_MINORS[0], minor)) <= set(refused)]
    new = [minor for minor in refused if minor not in old]
    return {"python": f"3.{new[0] if new else old[-1]}"} if bounds and refused and len(refused) < len(_MINORS) else {}


_READERS: dict[str, Callable[[str], dict[str, object]]] = {
    "python": lambda text: {"python": text},
    "digits": lambda text: {"python": text if "." in text else f"3.{text[1:]}"},
    "bounds": _of_bounds,
    "glibc": lambda text: {"exact": (2, int(text[2:]))},
    "macos": lambda text: {
        "exact": (int(text.split(".")[0]), int(text.split(".")[1]) if text.startswith("10.") else 0)
    },
    "tag": _of_tag,
    "asked": _of_word,
    "abi": _of_abi,
    "wheel": _of_wheel,
    "machine": lambda text: {"machine": machine_of({"32": "x86", "64": "x64"}.get(text, text))},
}


def combined(hints: Iterable[Hint]) -> LoggedTarget:
    """The target of which *hints* tell parts: each part from the strongest that does not contradict a stronger one."""
    system = family = machine = python = ""
    exact: _Version | None = None
    at_least: _Version | None = None
    used: list[LogQuote] = []
    for hint in sorted(hints, key=lambda hint: (-hint.weight, hint.quote.line)):
        if (hint.system and system and hint.system != system) or (hint.family and family and hint.family != family):
            continue
        before = (system, family, exact, at_least, machine, python)
        system, family = system or hint.system, family or hint.family
        exact, machine = exact or hint.exact, machine or hint.machine
        at_least = max(filter(None, (at_least, hint.at_least)), default=None)
        python = _fuller(python, hint.python)
        if (system, family, exact, at_least, machine, python) != before:
            used.append(hint.quote)
    evidence = tuple(sorted(dict.fromkeys(used), key=lambda quote: quote.line))
    return LoggedTarget(
        platform=_platform(system, family, exact or at_least, machine, is_exact=exact is not None),
        python=python or None,
        evidence=evidence,
    )


def _fuller(python: str, other: str) -> str:
    """*python*, with the patch level that *other* tells of the same minor; *other* where it is empty."""
    if not python:
        return other
    return other if python.count(".") == 1 and other.startswith(f"{python}.") and other.count(".") == 2 else python


def _platform(system: str, family: str, release: _Version | None, machine: str, *, is_exact: bool) -> str | None:
    if not system:
        return None
    if system == "win":
        return platform_of("win", machine or "x86_64")
    if system == "linux" and not family and not machine:
        return "linux"
    if system == "linux" and not family:
        return f"linux_{machine}"
    name = family or system
    floor = _DEFAULT_FLOORS[name]
    if release is not None:
        floor = release if is_exact else max(floor, release)
    default_machine = "aarch64" if system == "macosx" and floor >= _FIRST_ON_ARM else "x86_64"
    return platform_of(f"{name}_{floor[0]}_{floor[1]}", machine or default_machine)
