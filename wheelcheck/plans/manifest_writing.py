"""Writes the manifest of a bundle as JSON: the same manifest gives the same bytes; looks at no file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from wheelcheck.plans.schema import BUNDLE_SCHEMA_NAME

if TYPE_CHECKING:
    from wheelcheck.model.environment import EnvironmentFile, Layout, Runtime
    from wheelcheck.model.manifest import BundleArchive, BundledPackage, Manifest

_Object = dict[str, object]


def render_manifest(manifest: Manifest) -> bytes:
    """Render *manifest* as the JSON of schema ``wheelcheck.bundle/1``: UTF-8, keys in the documented order.

    Every package, archive and file has a line of its own, so that a person can read the manifest and two of them can be compared
    line by line. What is false or empty of a file is left out: most of a manifest is files.
    """
    head: _Object = {
        "schema": BUNDLE_SCHEMA_NAME,
        "name": manifest.name,
        "version": manifest.version,
        "plan": manifest.plan_digest,
        "target": {"platform": manifest.platform, "python": manifest.python},
        "runtime": _runtime(manifest.runtime),
        "layout": _layout(manifest.layout),
        "stripped": list(manifest.stripped),
    }
    lines = [f"  {_compact(key)}: {_compact(value)}" for key, value in head.items()]
    lines.append(_rows("archives", [_archive(archive) for archive in manifest.archives]))
    lines.append(_rows("packages", [_package(package) for package in manifest.packages]))
    lines.append(_rows("files", [_file(file) for file in manifest.files]))
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode("utf-8", "backslashreplace")


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _rows(key: str, rows: list[_Object]) -> str:
    if not rows:
        return f'  "{key}": []'
    return f'  "{key}": [\n' + ",\n".join(f"    {_compact(row)}" for row in rows) + "\n  ]"


def _runtime(runtime: Runtime) -> _Object:
    return {
        "kind": runtime.kind.value,
        "python": str(runtime.python) if runtime.python is not None else None,
        "system": runtime.system,
        "machine": runtime.machine,
        "free_threaded": runtime.free_threaded,
    }


def _layout(layout: Layout) -> _Object:
    return {
        "executable": layout.executable,
        "site_packages": layout.site_packages,
        "scripts": layout.scripts,
        "headers": layout.headers,
        "data": layout.data,
    }


def _archive(archive: BundleArchive) -> _Object:
    return {
        "filename": archive.filename,
        "size": archive.size,
        "sha256": archive.sha256,
        "installed": archive.installed,
        "layer": archive.layer or None,
    }


def _package(package: BundledPackage) -> _Object:
    return {
        "name": package.name,
        "version": str(package.version),
        "wheel": package.wheel,
        "sha256": package.sha256,
    }


def _file(file: EnvironmentFile) -> _Object:
    row: _Object = {"path": file.path, "size": file.size}
    if not file.link:
        row["sha256"] = file.sha256
    if file.owner is not None:
        row["owner"] = file.owner
    if file.executable:
        row["executable"] = True
    if file.link:
        row["link"] = file.link
    return row
