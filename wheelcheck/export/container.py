"""Renders a bundle for containers: a Dockerfile, and a script that writes an OCI image without a daemon."""

from __future__ import annotations

import json
import re

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment, filled
from wheelcheck.export.starting import Start, start_of

# Debian 13's libc and libstdc++ (glibc 2.41), no shell; musl needs an image that has it.
_BASES = {"glibc": "gcr.io/distroless/cc-debian13:nonroot", "musl": "alpine:3.22"}
_GLIBC = (2, 41)
_ARCHITECTURES = {
    "x86_64": ("amd64", ""),
    "aarch64": ("arm64", "v8"),
    "armv7l": ("arm", "v7"),
    "i686": ("386", ""),
    "ppc64le": ("ppc64le", ""),
    "s390x": ("s390x", ""),
}
# A builder would read the others in a COPY as wildcards or variables, even in its form with quotes.
_PLAIN = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff*?\[\]\\$]+")


def render_dockerfile(shipment: Shipment) -> str:
    """The Dockerfile of an image without a shell that starts *shipment*'s program; its context is the file's own folder.

    Raises ``UsageProblem`` where :func:`start_of` does, for a machine that no image is for, and for paths outside of the context.
    """
    start, (architecture, _) = _start(shipment, "container-dockerfile")
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
        base=_BASES["musl" if "musl" in shipment.plan.target.platform else "glibc"],
        copies="".join(f"COPY {_words(*map(_escaped, words))}\n" for words in copied),
        entrypoint=_words(f"{home}/python/{start.executable}", *start.arguments(home)),
    )


def _escaped(word: str) -> str:
    """*word* of a COPY, in which a builder reads the quotes once more."""
    return re.sub("(['\"])", r"\\\1", word)


def render_script(shipment: Shipment) -> str:
    """The script (Python, standard library) that writes the image of *shipment*'s program as a tar in OCI's layout.

    Raises ``UsageProblem`` where :func:`start_of` does, and for a machine that no image is for.
    """
    start, (architecture, variant) = _start(shipment, "oci")
    home = f"/opt/{start.name}"
    return filled(
        "container_oci.txt",
        target=str(shipment.plan.target),
        digest=json.dumps(shipment.digest),
        base=_BASES["musl" if "musl" in shipment.plan.target.platform else "glibc"],
        bundle=json.dumps(start.bundle),
        script=json.dumps(start.script),
        home=json.dumps(home.lstrip("/")),
        name=json.dumps(start.name),
        version=json.dumps(re.sub(r"[^A-Za-z0-9_.-]", "-", shipment.release)),
        architecture=json.dumps(architecture),
        variant=json.dumps(variant),
        entrypoint=json.dumps([f"{home}/python/{start.executable}", *start.arguments(home)]),
    )


def _start(shipment: Shipment, form: str) -> tuple[Start, tuple[str, str]]:
    start = start_of(shipment, form, "linux")
    target = shipment.plan.target
    architecture = _ARCHITECTURES.get(target.markers.get("platform_machine", ""))
    if architecture is None:
        raise UsageProblem(f"no image is for the machine of {target}")
    floor = re.match(r"manylinux_(\d+)_(\d+)_", target.platform)
    if floor and (int(floor[1]), int(floor[2])) > _GLIBC:
        raise UsageProblem(
            f"{_BASES['glibc']} has glibc {_GLIBC[0]}.{_GLIBC[1]}, and the plan is for {target}",
            hint="plan for an older system: --platform manylinux_2_41_x86_64",
        )
    return start, architecture


def _words(*words: str) -> str:
    return json.dumps(list(words), ensure_ascii=False)
