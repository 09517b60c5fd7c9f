"""What ships with a bundle: all that an application's first run needs to download, verify and update it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field
from packaging.version import Version

from wheelcheck.model.document import HEX_SHA256, Count, ProjectName, about
from wheelcheck.model.environment import EnvironmentFile, Layout, Runtime

_FILE_OR_LINK = {"anyOf": [{"required": ["sha256"]}, {"required": ["link"]}]}
_FILENAME = r"^(?![^/]:)(?!\.{1,2}$)[^/\\\0]+$"

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


class ManifestTarget(Struct, frozen=True, kw_only=True):
    """The plan's target."""

    platform: Annotated[str, about("A wheel's platform tag, such as win_amd64.")]
    python: Annotated[str, about("The Python version, such as 3.11.")]


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
    target: ManifestTarget
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
