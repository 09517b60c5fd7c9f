"""What ships with a bundle: all that an application's first run needs to download, verify and update it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from wheelcheck.model.environment import EnvironmentFile, Layout, Runtime


class BundledPackage(Struct, frozen=True, kw_only=True):
    """One project in the bundle; ``wheel`` is the file name it was unpacked from and ``sha256`` that file's hash (hex)."""

    name: NormalizedName
    version: Version
    wheel: str
    sha256: str


class BundleArchive(Struct, frozen=True, kw_only=True):
    """One archive to download; ``layer`` is its name where the bundle is split, else empty; ``size`` in bytes, ``sha256`` in hex.

    ``installed`` is what it unpacks to, in bytes. Layers are unpacked over each other in the order of the manifest.
    """

    filename: str
    size: int
    sha256: str
    installed: int
    layer: str = ""


class Manifest(Struct, frozen=True, kw_only=True):
    """The bundle ``name`` in ``version``, made from the plan whose digest is ``plan_digest`` (``sha256:…``).

    ``platform`` and ``python`` are the plan's target; ``stripped`` the kinds of files that were left out (``tests``, ``docs``, …).
    ``archives`` is empty for a bundle that is a folder.
    """

    name: str
    version: str
    plan_digest: str
    platform: str
    python: str
    runtime: Runtime
    layout: Layout
    packages: tuple[BundledPackage, ...]
    files: tuple[EnvironmentFile, ...]
    archives: tuple[BundleArchive, ...] = ()
    stripped: tuple[str, ...] = ()
