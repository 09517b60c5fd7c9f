"""The input of every exporter, the refusal of plans that must not be exported, and texts and templates of scripts.

An export that would fail on the user's machine is never made. A plan is a file that anybody can write, and its digest can be made
again; what it says goes into scripts that run on other machines. So texts that name something are held to the characters that such
names have, and all others are quoted by each format.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct

from wheelcheck.errors import UsageProblem
from wheelcheck.model.plan import Plan, PlannedFile, PlannedPackage
from wheelcheck.model.urls import masked
from wheelcheck.plans.documents import refuse_unexecutable

if TYPE_CHECKING:
    from wheelcheck.model.environment import Manifest

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_DEVICES = re.compile(r"(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")
SECURE = ("blake2b", "blake2s", "sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512")
"""The algorithms whose hashes prove a file."""
PIP_HASHES = ("sha256", "sha384", "sha512")
"""The algorithms that pip's ``--hash`` accepts."""
_WORD = re.compile(r"[A-Za-z0-9_.+-]*")
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_HEX = re.compile(r"[0-9A-Fa-f]*")
_FILENAME = re.compile(r"(?![.-])[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff/\\:*?\"<>|%$`&;'\[\]{}]+")
_PLACE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]*")
_MARKERS = ("sys_platform", "platform_machine", "implementation_name")
_KEPT = "%/:=&?~#+!$,;'@()*[]"
"""The characters of an address that stay as they are; the rest (blanks, quotes, braces, what is not ASCII) is percent-encoded."""


def is_file_name(text: str) -> bool:
    """Whether a file or folder may be called *text* on every system, Windows included."""
    bare = text.strip(" ").rstrip(".")
    return bool(text) and bare == text and not _FORBIDDEN.search(text) and not _DEVICES.fullmatch(text)


def file_name_of(path: str) -> str:
    """The last part of *path*, of whatever system it is."""
    return path.replace("\\", "/").rpartition("/")[2]


def file_numbers(version: str) -> str:
    """The four numbers of 16 bits that Windows keeps of a *version* in a file: ``1.2.0.0``."""
    numbers = [str(min(int(number), 65535)) for number in re.findall(r"\d+", version)[:4]]
    return ".".join([*numbers, "0", "0", "0", "0"][:4])


class Shipment(Struct, frozen=True, kw_only=True):
    """The *plan* and the program, for one export; texts that were not given are empty.

    ``digest`` is the plan's own (``sha256:…``); ``plan_path`` the name of its file, with ``/``, and ``plan_sha256`` the hash of
    that file's bytes (hex). ``name`` and ``version`` are the program's. ``entry`` is its start: a script (``app/main.py``) or
    ``module:function``. ``manifest`` is that of a bundle in the folder ``bundle``, ``None`` where none was given; ``url`` is where
    the bundle's archives can be downloaded, without a ``/`` at the end. ``icon`` is an image file, ``publisher`` who makes the
    program, ``scope`` for whom it is installed (``user``, ``machine``), ``public_key`` (base64) what signs its releases.
    ``newest_python`` is the newest embeddable package that is known where the plan's patch level was assumed (3.11.9 for 3.11).
    ``dynamic_imports`` are the dotted names that the program's source imports by a name in a string.
    """

    plan: Plan
    digest: str = ""
    plan_path: str = "plan.json"
    plan_sha256: str = ""
    name: str = ""
    version: str = ""
    entry: str = ""
    bundle: str = ""
    url: str = ""
    icon: str = ""
    publisher: str = ""
    scope: str = ""
    public_key: str = ""
    newest_python: str = ""
    manifest: Manifest | None = None
    dynamic_imports: tuple[str, ...] = ()

    @property
    def builder_python(self) -> str:
        """The version that a builder fetches: the one that was planned, or the newest of its minor where only that was said."""
        return self.newest_python or self.plan.target.python_full.base_version

    @property
    def title(self) -> str:
        """The program's name, or ``app`` where none was given."""
        return self.name or "app"

    @property
    def release(self) -> str:
        """The program's version, or ``0.0.0`` where none was given."""
        return self.version or "0.0.0"

    def refuse_unnameable(self) -> None:
        """Raise ``UsageProblem`` where the program's name or version is no name of a file on Windows."""
        for option, text in (("--name", self.title), ("--app-version", self.release)):
            if not is_file_name(text):
                raise UsageProblem(
                    f"{option} {text!r} is no name of a file or folder on Windows",
                    hint='leave out <>:"/\\|?*, control characters, and a blank or dot at the end',
                )

    @property
    def executable(self) -> str:
        """The bundle's interpreter, from the bundle's folder, which is to start the program.

        Raises ``UsageProblem`` for a bundle without one: what is started from it would not be there.
        """
        if self.manifest is not None and not self.manifest.layout.executable:
            raise UsageProblem(
                "the bundle has no runtime, so that nothing in it could start the program",
                address=self.bundle,
                hint="bundle again with --runtime auto, or leave --entry out and start the program with a Python of your own",
            )
        return self.manifest.layout.executable if self.manifest is not None else "python.exe"

    @property
    def start(self) -> tuple[str, str]:
        """The script of ``entry`` and the code that calls its ``module:function``: one of them is empty, both without an entry."""
        module, _, function = self.entry.partition(":")
        if function and all(each.isidentifier() for each in [*module.split("."), function]):
            return "", f"import sys; from {module} import {function}; sys.exit({function}())"
        return self.entry, ""

    def required(self, option: str, value: str, form: str) -> str:
        """*value*; raises ``UsageProblem`` where it is empty, because *form* cannot do without *option*."""
        if not value:
            raise UsageProblem(f"--to {form} needs {option}", hint="see: wheelcheck export --help")
        return value


class ReadyPackage(Struct, frozen=True, kw_only=True):
    """A package that has a file with hashes; ``hashes`` are ``(algorithm, lower-case hex)``, at least one.

    Of several by one algorithm the file has one: the requirements name them, and the index does not tell which.
    """

    package: PlannedPackage
    file: PlannedFile
    hashes: tuple[tuple[str, str], ...]


def iter_ready(plan: Plan, algorithms: Collection[str], *, takes_several: bool = False) -> Iterator[ReadyPackage]:
    """Each package of *plan* with its hashes in *algorithms*, which are those that the format's readers accept.

    Where the reader *takes_several* hashes of one file, those that the requirements name serve too.
    Raises ``UsageProblem`` naming every blocker of a plan that is blocked or undecided, and the package that lacks a hash.
    """
    refuse_unexecutable(plan)
    refuse_hostile(plan)
    for package in plan.packages:
        if package.file is None:
            raise UsageProblem(
                f"{package.name} {package.version} has no file, so the plan cannot be exported", address=package.name
            )
        announced = sorted(package.file.hashes.items())
        if takes_several and isinstance(package.file.accepted, dict):
            announced += [(name, each) for name, digests in package.file.accepted.items() for each in digests]
        hashes = tuple((algorithm, digest) for algorithm, digest in announced if algorithm in algorithms)
        if not hashes:
            raise UsageProblem(
                f"the index gives no usable hash for {package.file.filename}, so the plan cannot be exported",
                address=package.name,
                hint="Use an index that announces SHA-256 hashes, or download the file once and ask for it by path.",
            )
        yield ReadyPackage(package=package, file=package.file, hashes=hashes)


def refuse_unhashed(plan: Plan) -> None:
    """As :func:`iter_ready`, for formats whose reader fetches by the plan itself, with any of its hashes."""
    for _ in iter_ready(plan, SECURE):
        pass


def refuse_hostile(plan: Plan) -> None:
    """Raise ``UsageProblem`` for a plan with texts that no name, tag, hash or address has, or with phases of other packages."""
    for what, text, form in _iter_texts(plan):
        if not form.fullmatch(text):
            raise UsageProblem(
                f"the plan has {text[:80]!r} as {what}, which no script should hold",
                hint="this plan was not made by wheelcheck, or was changed since: make it again with `wheelcheck plan`",
            )
    known = {package.name for package in plan.packages}
    for phase in plan.phases:
        for name in phase.packages:
            if name not in known:
                raise UsageProblem(
                    f"a phase of the plan has {name}, which is not among its packages",
                    hint="make the plan again with `wheelcheck plan`",
                )


def _iter_texts(plan: Plan) -> Iterator[tuple[str, str, re.Pattern[str]]]:
    target = plan.target
    yield "its platform", target.platform, _WORD
    yield "its Python", target.python, _WORD
    yield "its implementation", target.implementation, _WORD
    yield from ((f"its marker {name}", target.markers.get(name, ""), _WORD) for name in _MARKERS)
    yield from (("an index", place, _PLACE) for place in (*plan.options.indexes, *plan.options.find_links))
    for package in plan.packages:
        yield "the name of a package", package.name, _NAME
        if package.file is not None:
            yield f"the file of {package.name}", package.file.filename, _FILENAME
            yield f"the address of {package.name}", package.file.url, _PLACE
            yield f"the index of {package.name}", package.file.index or "", _PLACE
            yield f"the hash of {package.name}", package.file.sha256 or "", _HEX
            accepted = package.file.accepted if isinstance(package.file.accepted, dict) else {}
            digests = (*package.file.hashes.values(), *(each for several in accepted.values() for each in several))
            yield from ((f"a hash of {package.name}", digest, _HEX) for digest in digests)


def uploaded_at(file: PlannedFile) -> datetime | None:
    """When *file* was uploaded, in UTC; ``None`` where the plan does not say, or not as ISO 8601."""
    try:
        moment = datetime.fromisoformat(file.upload_time or "")
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def pinned(package: PlannedPackage) -> str:
    """*package* as a requirement that nothing else satisfies: by its address for a direct reference, else by its version."""
    if package.direct and package.file is not None:
        return f"{package.name} @ {safe_address(package.file.url)}"
    return f"{package.name}=={package.version}"


def fetch_options(plan: Plan) -> str:
    """The options, after a blank, with which ``wheelcheck fetch`` builds what *plan* builds once; empty where it builds nothing."""
    return f" --allow-build {','.join(plan.built_once)}" if plan.built_once else ""


def safe_address(address: str) -> str:
    """*address* without credentials, in characters that no shell, requirements file or Dockerfile reads as its own.

    What is no URL (a folder) stays as it is, but for a separator at its end, which would escape a quote on Windows.
    """
    plain = masked(address)
    if "://" not in plain:
        return plain.rstrip("\\") if len(plain.rstrip("\\")) > 2 else plain
    return quote(plain, safe=_KEPT)


def filled(template: str, **words: str) -> str:
    """The text of the file *template* in this room, with the one of *words* in the place of its name between two ``@``."""
    text = files("wheelcheck.export").joinpath(template).read_text(encoding="utf-8")
    return re.sub(r"@([a-z_0-9]+)@", lambda found: words[found[1]], text)


def with_mark(script: str) -> str:
    """*script* with a byte order mark where it is not ASCII: tools of Windows read others in the code page of the machine."""
    return script if script.isascii() else f"\ufeff{script}"


def one_line(text: str) -> str:
    """*text* in one line, without control characters, for titles and comments."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


_SYSTEM_NAMES = {"linux": "Linux", "darwin": "macOS", "win32": "Windows"}


class Start(Struct, frozen=True, kw_only=True):
    """The *bundle*'s folder, its interpreter *executable* (from that folder), and the program.

    The program is the file *script*, empty for one that the plan brings, of which ``code`` calls the function.
    ``name`` is the program's in lower-case letters, digits and ``.+-``, for files and folders.
    """

    name: str
    bundle: str
    executable: str
    script: str = ""
    code: str = ""

    @property
    def filename(self) -> str:
        """The name of the script's file, which is beside the folder of the environment in all that is made."""
        return file_name_of(self.script)

    def arguments(self, home: str) -> tuple[str, ...]:
        """What the interpreter is given where the program's folder is *home*."""
        return ("-IB", f"{home}/{self.filename}") if self.script else ("-IB", "-c", self.code)


def start_of(shipment: Shipment, form: str, *systems: str) -> Start:
    """How *shipment*'s program starts, for the format *form*, which is for *systems* (values of ``sys_platform``).

    Raises ``UsageProblem`` without a bundle or an entry, for a bundle in archives or without a runtime, for other targets,
    and for a plan that cannot be executed.
    """
    plan = shipment.plan
    refuse_unexecutable(plan)
    if plan.target.markers.get("sys_platform") not in systems:
        named = ", ".join(_SYSTEM_NAMES[each] for each in systems)
        raise UsageProblem(f"--to {form} is for {named}, and the plan is for {plan.target}")
    bundle = shipment.required("--bundle DIR", shipment.bundle, form)
    shipment.required("--entry SCRIPT", shipment.entry, form)
    if shipment.manifest is not None and shipment.manifest.archives:
        raise UsageProblem(
            "the bundle is in archives", address=bundle, hint="bundle without --archive: what is made compresses"
        )
    name = re.sub(r"[^a-z0-9.+-]+", "-", shipment.title.lower()).strip("-.+")
    if len(name) < 2:
        raise UsageProblem(f"--name {shipment.title!r} makes no name of a package", hint="give two letters or digits")
    is_windows = plan.target.markers.get("sys_platform") == "win32"
    executable = shipment.executable if shipment.manifest is not None or is_windows else "bin/python3"
    if not re.fullmatch(r"[\w./+-]+", executable):
        raise UsageProblem(f"{executable!r} is no interpreter of a bundle", address=shipment.bundle)
    script, code = shipment.start
    return Start(name=name, bundle=bundle, executable=executable, script=script, code=code)


def sh_words(shipment: Shipment, start: Start) -> dict[str, str]:
    """The words of a template for sh, in which ``$home`` is the folder that gets the environment and the script."""
    copied = shlex.quote(start.filename)
    return {
        "target": str(shipment.plan.target),
        "digest": shipment.digest,
        "bundle": shlex.quote(start.bundle),
        "entry": shlex.quote(start.script),
        "copy": f'cp "$entry" "$home/"{copied}\n' if start.script else "",
        "start": f'"$home/"{copied}' if start.script else f"-c {shlex.quote(start.code)}",
        "executable": start.executable,
        "package": start.name,
        "title": re.sub(r"[$`\\]", "", one_line(shipment.title)),
    }
