"""Renders a bundle as a script that makes what Linux or macOS installs: a Debian package, AppImage, container image or application.

Flatpak takes no bundle: flatpak-builder downloads each file of the plan by its address and hash, then installs without a network.
"""

from __future__ import annotations

import json
import re
import shlex

from packaging.version import InvalidVersion, Version

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import (
    ReadyPackage,
    Shipment,
    Start,
    filled,
    iter_ready,
    one_line,
    safe_address,
    sh_words,
    start_of,
)
from wheelcheck.plans.documents import refuse_unexecutable

_DEBIAN_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "armhf", "i686": "i386", "ppc64le": "ppc64el",
                    "s390x": "s390x"}  # fmt: skip
_GLIBC = re.compile(r"manylinux_(\d+)_(\d+)_")
_MAIL = re.compile(r"<[^<>@ ]+@[^<>@ ]+>")


def render_deb(shipment: Shipment) -> str:
    """The script for *shipment*'s program: ``/opt/NAME`` with the environment, ``/usr/bin/NAME`` that starts it.

    Raises ``UsageProblem`` without a bundle or an entry, for a bundle in archives or without a runtime, for other targets than
    Linux with glibc, for a name or version that Debian does not take, and for a plan that cannot be executed.
    """
    plan = shipment.plan
    start = start_of(shipment, "deb", "linux")
    architecture = _DEBIAN_MACHINES.get(plan.target.markers.get("platform_machine", ""), "")
    if "musl" in plan.target.platform or not architecture:
        raise UsageProblem(f"a Debian package is for Linux with glibc, and the plan is for {plan.target}")
    version, glibc = _version(shipment.release), _GLIBC.match(plan.target.platform)
    publisher = re.sub(r"[$`\\]", "", one_line(shipment.publisher or shipment.title))
    return filled(
        "deb.txt",
        **sh_words(shipment, start),
        file=shlex.quote(f"{start.name}_{version}_{architecture}.deb"),
        version=version,
        architecture=architecture,
        publisher=publisher if _MAIL.search(publisher) else f"{publisher} <nobody@localhost>",
        depends=f"libc6 (>= {glibc[1]}.{glibc[2]})" if glibc else "libc6",
        count=str(len(plan.packages)),
    )


def _version(text: str) -> str:
    """*text* as Debian orders versions: a pre-release (``1.0rc1``) is ``1.0~rc1``, which comes before ``1.0``."""
    try:
        version = Version(text)
        text = str(version).replace("rc", "~rc").replace(".dev", "~dev") if version.is_prerelease else text
    except InvalidVersion:
        pass
    if not re.fullmatch(r"[0-9][A-Za-z0-9.+~-]*", text):
        raise UsageProblem(f"--app-version {text!r} is no version of a Debian package", hint="begin it with a digit")
    return text


_MACHINES = {"x86_64": "x86_64", "aarch64": "aarch64", "armv7l": "armhf", "i686": "i686"}


def render_appimage(shipment: Shipment) -> str:
    """The script for *shipment*'s program: an AppDir, packed behind the runtime that AppImage publishes.

    Raises ``UsageProblem`` where :func:`start_of` does, for other targets than Linux with glibc on a machine that a runtime is
    published for, and for an icon that is neither PNG nor SVG.
    """
    start = start_of(shipment, "appimage", "linux")
    target = shipment.plan.target
    machine = _MACHINES.get(target.markers.get("platform_machine", ""), "")
    if "musl" in target.platform or not machine:
        raise UsageProblem(
            f"an AppImage is for Linux with glibc on {', '.join(_MACHINES)}, and the plan is for {target}"
        )
    suffix = shipment.icon.rpartition(".")[2].lower() if shipment.icon else "svg"
    if suffix not in ("png", "svg"):
        raise UsageProblem(f"--icon {shipment.icon!r}: an AppImage takes PNG and SVG")
    release = re.sub(r"[^A-Za-z0-9.+_-]", "-", shipment.release)
    words = sh_words(shipment, start)
    return filled(
        "appimage.txt",
        **{**words, "title": words["title"].replace(";", ",")},
        icon=shlex.quote(shipment.icon),
        suffix=suffix,
        machine=machine,
        file=shlex.quote(f"{start.name}-{release}-{machine}.AppImage"),
        release=release,
    )


_HASHES = ("sha256", "sha512")
_FOR_ALL = ("-any.whl", ".tar.gz", ".zip")
_FLATPAK_MACHINES = ("x86_64", "aarch64")
_PIP = (
    "pip3 install --no-index --no-deps --no-build-isolation --ignore-installed --no-warn-script-location "
    "--prefix=${FLATPAK_DEST}"
)


def render_flatpak(shipment: Shipment) -> str:
    """The module (JSON) for the manifest of *shipment*'s program, to be named in its ``modules``.

    It first checks the SDK's Python, then installs all wheels at once, then builds each source with the build tools that the SDK
    or the plan has. Raises ``UsageProblem`` for a plan that cannot be executed, that lacks hashes, or that is for another
    system than Linux with glibc on a machine that Flatpak has runtimes for.
    """
    refuse_unexecutable(shipment.plan)
    target = shipment.plan.target
    machine = target.markers.get("platform_machine", "")
    if target.markers.get("sys_platform") != "linux" or "musl" in target.platform or machine not in _FLATPAK_MACHINES:
        raise UsageProblem(
            f"Flatpak's runtimes are for Linux with glibc on {' and '.join(_FLATPAK_MACHINES)}: not {target}"
        )
    ready = tuple(iter_ready(shipment.plan, _HASHES))
    wheels = [each for each in ready if each.file.filename.endswith(".whl")]
    sources = [each for each in ready if not each.file.filename.endswith(".whl")]
    minor = (target.python_full.major, target.python_full.minor)
    check = f"import sys; sys.exit(sys.version_info[:2] != {minor} and 'the plan is for Python {minor[0]}.{minor[1]}')"
    modules: list[dict[str, object]] = [
        {"name": "python3-check", "buildsystem": "simple", "build-commands": [f'python3 -c "{check}"']}
    ]
    if wheels:
        modules.append(_module("python3-wheels", wheels, machine))
    modules += [_module(f"python3-{each.package.name}", [each], machine) for each in sources]
    table = {"name": "python3-modules", "buildsystem": "simple", "build-commands": [], "modules": modules}
    return json.dumps(table, indent=2) + "\n"


def _module(name: str, packages: list[ReadyPackage], machine: str) -> dict[str, object]:
    files = " ".join(shlex.quote(f"./{each.file.filename}") for each in packages)
    return {
        "name": name,
        "buildsystem": "simple",
        "build-commands": [f"{_PIP} {files}"],
        "sources": [
            {
                "type": "file",
                "url": safe_address(each.file.url),
                each.hashes[0][0]: each.hashes[0][1],
                "dest-filename": each.file.filename,
                **({} if each.file.filename.endswith(_FOR_ALL) else {"only-arches": [machine]}),
            }
            for each in packages
        ],
    }


def render_macos_app(shipment: Shipment) -> str:
    """The script (Python, standard library, any system) for *shipment*'s program: ``NAME.app`` and a script that signs it.

    Raises ``UsageProblem`` where :func:`start_of` does.
    """
    start = start_of(shipment, "macos-app", "darwin")
    shipment.refuse_unnameable()
    floor = re.match(r"macosx_(\d+)_(\d+)_", shipment.plan.target.platform)
    return filled(
        "macos_app.txt",
        target=str(shipment.plan.target),
        name=json.dumps(shipment.title),
        title=one_line(shipment.title).replace('"', "'").replace("\\", "/"),
        version=json.dumps(re.sub(r"[^0-9A-Za-z.-]", "-", shipment.release)),
        identifier=json.dumps("local." + re.sub(r"[^a-z0-9-]", "-", start.name)),
        floor=json.dumps(f"{floor[1]}.{floor[2]}" if floor else "11.0"),
        bundle=json.dumps(start.bundle),
        script=json.dumps(start.script),
        code=json.dumps(start.code),
        executable=json.dumps(start.executable),
        icon=json.dumps(shipment.icon),
    )


# Debian 13's libc and libstdc++ (glibc 2.41), no shell; musl needs an image that has it.
_BASES = {"glibc": "gcr.io/distroless/cc-debian13:nonroot", "musl": "alpine:3.22"}
_IMAGE_GLIBC = (2, 41)
_IMAGE_MACHINES = {"x86_64": ("amd64", ""), "aarch64": ("arm64", "v8"), "armv7l": ("arm", "v7"), "i686": ("386", ""),
                   "ppc64le": ("ppc64le", ""), "s390x": ("s390x", "")}  # fmt: skip
# A builder would read the others in a COPY as wildcards or variables, even in its form with quotes.
_PLAIN = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff*?\[\]\\$]+")


def render_dockerfile(shipment: Shipment) -> str:
    """The Dockerfile of an image without a shell that starts *shipment*'s program; its context is the file's own folder.

    Raises ``UsageProblem`` where :func:`start_of` does, for a machine that no image is for, and for paths outside of the context.
    """
    start, base, (architecture, _) = _start(shipment, "container-dockerfile")
    for option, path in (("--bundle", start.bundle), ("--entry", start.script)):
        if path.startswith(("/", "../")) or not _PLAIN.fullmatch(path or "."):
            raise UsageProblem(
                f"{option} {path!r} is not below the Dockerfile, or has characters that a COPY reads as its own",
                hint="write the Dockerfile above both: -o Dockerfile, and leave out *?[]\\$",
            )
    home = f"/opt/{start.name}"
    copied = [[f"./{start.bundle}", f"{home}/python"], *([[f"./{start.script}", f"{home}/"]] if start.script else [])]
    return filled(
        "container_dockerfile.txt",
        target=str(shipment.plan.target),
        digest=shipment.digest,
        architecture=architecture,
        base=base,
        copies="".join(f"COPY {_words(*map(_escaped, words))}\n" for words in copied),
        entrypoint=_words(f"{home}/python/{start.executable}", *start.arguments(home)),
    )


def _escaped(word: str) -> str:
    """*word* of a COPY, in which a builder reads the quotes once more."""
    return re.sub("(['\"])", r"\\\1", word)


def render_oci(shipment: Shipment) -> str:
    """The script (Python, standard library) that writes the image of *shipment*'s program as a tar in OCI's layout.

    Raises ``UsageProblem`` where :func:`start_of` does, and for a machine that no image is for.
    """
    start, base, (architecture, variant) = _start(shipment, "oci")
    home = f"/opt/{start.name}"
    return filled(
        "container_oci.txt",
        target=str(shipment.plan.target),
        digest=json.dumps(shipment.digest),
        base=base,
        bundle=json.dumps(start.bundle),
        script=json.dumps(start.script),
        home=json.dumps(home.lstrip("/")),
        name=json.dumps(start.name),
        version=json.dumps(re.sub(r"[^A-Za-z0-9_.-]", "-", shipment.release)),
        architecture=json.dumps(architecture),
        variant=json.dumps(variant),
        entrypoint=json.dumps([f"{home}/python/{start.executable}", *start.arguments(home)]),
    )


def _start(shipment: Shipment, form: str) -> tuple[Start, str, tuple[str, str]]:
    """How the program starts, the image that its own builds on, and the architecture with its variant."""
    start = start_of(shipment, form, "linux")
    target = shipment.plan.target
    architecture = _IMAGE_MACHINES.get(target.markers.get("platform_machine", ""))
    if architecture is None:
        raise UsageProblem(f"no image is for the machine of {target}")
    floor = _GLIBC.match(target.platform)
    if floor and (int(floor[1]), int(floor[2])) > _IMAGE_GLIBC:
        raise UsageProblem(
            f"{_BASES['glibc']} has glibc {_IMAGE_GLIBC[0]}.{_IMAGE_GLIBC[1]}, and the plan is for {target}",
            hint="plan for an older system: --platform manylinux_2_41_x86_64",
        )
    return start, _BASES["musl" if "musl" in target.platform else "glibc"], architecture


def _words(*words: str) -> str:
    return json.dumps(list(words), ensure_ascii=False)
