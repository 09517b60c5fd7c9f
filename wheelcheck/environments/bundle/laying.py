"""Lays a recognised runtime down in a folder, the parts of it that belong into an environment; changes two kinds of files only."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from wheelcheck.environments.bundle import embeddable, installation, standalone
from wheelcheck.environments.bundle.claims import Admission, Claim
from wheelcheck.environments.bundle.members import name_problem
from wheelcheck.environments.bundle.relocating import relocated
from wheelcheck.environments.bundle.trees import iter_entries, leads_outside, refuse
from wheelcheck.model.environment import EnvironmentFile, RuntimeKind

if TYPE_CHECKING:
    from pathlib import Path

    from wheelcheck.environments.bundle.claims import Claims
    from wheelcheck.environments.bundle.runtimes import RuntimeSource
    from wheelcheck.environments.bundle.trees import TreeEntry
    from wheelcheck.environments.bundle.writing import Folder

_KEEPS = {
    RuntimeKind.EMBEDDABLE: standalone.keeps,
    RuntimeKind.STANDALONE: standalone.keeps,
    RuntimeKind.INSTALLATION: installation.keeps,
}


def lay_runtime(source: RuntimeSource, folder: Folder, claims: Claims) -> tuple[EnvironmentFile, ...]:
    """Write the runtime of *source* into *folder*, claiming its paths; the files written.

    Raises ``ArchiveRefused`` for a member that leads outside or that the target can't have, and ``OSError``.
    """
    if source.path is None:
        return ()
    keeps = _KEEPS[source.runtime.kind]
    files: dict[str, EnvironmentFile] = {}
    links: dict[str, str] = {}
    for entry in iter_entries(source.path):
        path = entry.path.removeprefix(source.prefix)
        if not entry.path.startswith(source.prefix) or not keeps(path):
            continue
        problem = name_problem(path, source.runtime.system)
        if problem:
            refuse(source.path, problem, entry.path)
        if entry.link and not entry.is_hard:
            links[path] = entry.link
            continue
        file = _written(source, source.path, entry, path, folder, files, claims)
        if file is not None:
            files[path] = file
    for path, link in _whole(links, frozenset(files)).items():
        if leads_outside(path, link):
            refuse(source.path, f"a link to {link}, outside of the runtime", path)
        claim = Claim(path=path, owner=source.path.name, member=path, digest=f"link {link}")
        if claims.admit(claim) is Admission.NEW:
            folder.link(path, link)
            files[path] = EnvironmentFile(path=path, size=0, sha256="", link=link)
    return tuple(files.values())


def _written(
    source: RuntimeSource,
    archive: Path,
    entry: TreeEntry,
    path: str,
    folder: Folder,
    files: dict[str, EnvironmentFile],
    claims: Claims,
) -> EnvironmentFile | None:
    if entry.is_hard:
        original = files.get(entry.link.removeprefix(source.prefix))
        if original is None:
            return None
        content, executable = folder.read(original.path), original.executable
    else:
        content, executable = _fitted(source.runtime.kind, path, entry.read()), entry.executable
    # Its content does not matter to what a wheel may put there: nothing but the very same, which no wheel has.
    claim = Claim(path=path, owner=archive.name, member=entry.path, digest=f"runtime {path}")
    if claims.admit(claim) is not Admission.NEW:
        refuse(archive, "twice in the archive", entry.path)
    written = folder.write(path, (content,), 0o755 if executable else 0o644)
    return EnvironmentFile(path=path, size=written.size, sha256=written.digest.hex(), executable=executable)


def _fitted(kind: RuntimeKind, path: str, content: bytes) -> bytes:
    if kind is RuntimeKind.EMBEDDABLE:
        return embeddable.open_site_packages(content) if embeddable.is_path_file(path) else content
    return relocated(path, content)


def _whole(links: dict[str, str], files: frozenset[str]) -> dict[str, str]:
    """The links that lead to something which is there, directly or over other links."""
    there = set(files)
    for path in files:
        folder = posixpath.dirname(path)
        while folder and folder not in there:
            there.add(folder)
            folder = posixpath.dirname(folder)
    whole: dict[str, str] = {}
    found = True
    while found:
        found = False
        for path, link in sorted(links.items()):
            at = posixpath.normpath(posixpath.join(posixpath.dirname(path), link))
            if path not in whole and (at in there or leads_outside(path, link)):
                whole[path] = link
                there.add(path)
                found = True
    return whole
