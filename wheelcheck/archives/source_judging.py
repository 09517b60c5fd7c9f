"""Unpacks source archives, and judges such a tree: its metadata, and whether building it compiles anything, each with the evidence.

A native project taken for pure sends a user into a compiler error; a pure one taken for native costs a second look. So in doubt
every rule says native or unknown, and the share of both errors is measured in ``reports/judgement.md``. An archive is gone through
once, in memory and within limits; no link is followed, and nothing is written to disk.
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, BinaryIO, NoReturn, cast

from msgspec.structs import replace

from wheelcheck.archives.core_metadata import FileIdentity
from wheelcheck.archives.purity import (
    SourceFacts,
    Verdict,
    compiled_sources,
    in_doubt,
    is_something,
    judge_hooks,
    judge_script_backend,
    judge_setup,
    native,
    parse_project_table,
    pure,
)
from wheelcheck.archives.source_tree import Limits, SourceTree, is_wanted, rooted_tree
from wheelcheck.archives.static_metadata import find_metadata, read_pkg_info
from wheelcheck.errors import ArchiveRefused
from wheelcheck.model.code import parse_tree
from wheelcheck.model.distribution import Judgement, Purity
from wheelcheck.model.knowledge import BackendKind, NativeKnowledge
from wheelcheck.texts.archive_members import (
    DAMAGED,
    HeaderTooLong,
    Member,
    MemberKind,
    iter_members,
    leads_outside,
    path_problem,
    plain_path,
)
from wheelcheck.texts.setup_script import read_script
from wheelcheck.texts.setup_values import Environ, ScriptReading, Value

# The rule of each kind of build backend; those that always or never compile need none.
_RULES: dict[BackendKind, Callable[[SourceFacts, str], Verdict]] = {
    BackendKind.SETUP: judge_setup,
    BackendKind.HOOKS: judge_hooks,
    BackendKind.SCRIPT: judge_script_backend,
}

_ASKS_FOR_SYSTEM = re.compile(
    r"\bsys\.platform\b|\bos\.name\b|\bplatform\.system\b|\bget_platform\b|import (?:platform|system)\b"
)


def judge_tree(tree: SourceTree, identity: FileIdentity, knowledge: NativeKnowledge) -> Judgement:
    """Metadata and purity of *tree*, which calls itself *identity*; costs a few ms, most of it for ``setup.py``."""
    facts = SourceFacts(
        tree=tree,
        identity=identity,
        project=parse_project_table(tree),
        script=_script(tree, Environ(), knowledge),
        switched_script=_script(tree, Environ("1"), knowledge),
        knowledge=knowledge,
        headers=read_pkg_info(tree),
    )
    verdict = _judge_purity(facts)
    metadata, why_not = find_metadata(facts)
    if verdict.purity is Purity.NATIVE and (fallback := _fallback(facts)):
        verdict = Verdict(purity=Purity.OPTIONAL, evidence=(fallback, *verdict.evidence))
    detour = _way_round(facts, verdict)
    return Judgement(
        purity=verdict.purity,
        evidence=(*verdict.evidence, *filter(None, (detour, why_not))),
        metadata=metadata,
        avoidable=bool(detour),
        pure_on=_pure_on(facts) if verdict.purity is Purity.NATIVE else (),
    )


def _pure_on(facts: SourceFacts) -> tuple[str, ...]:
    """The values of ``sys.platform`` on which the ``setup.py`` of *facts*, which asks for the system, compiles nothing."""
    if facts.kind is not BackendKind.SETUP or not _ASKS_FOR_SYSTEM.search(facts.tree.text("setup.py") or ""):
        return ()
    return tuple(
        system
        for system in ("darwin", "linux", "win32")
        if (script := _script(facts.tree, Environ(), facts.knowledge, system)) is not None
        and script.calls
        and _judge_purity(replace(facts, script=script)).purity is Purity.PURE
    )


def _script(tree: SourceTree, environ: Environ, knowledge: NativeKnowledge, system: str = "") -> ScriptReading | None:
    text = tree.text("setup.py")
    if text is None:
        return None
    try:
        return read_script("setup.py", text, knowledge, tree.text, environ, system=system)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _judge_purity(facts: SourceFacts) -> Verdict:
    """The verdict on *facts*; costs a look at each path and at the scripts already read."""
    if facts.project.broken:
        return in_doubt(facts, f"pyproject.toml is not valid TOML: {facts.project.broken}")
    found = facts.knowledge.backend(facts.project.backend)
    compiling = _compiling(facts)
    if found is None:
        return _judge_own_backend(facts)
    name, kind = found
    if kind is BackendKind.PURE:
        return pure(f"pyproject.toml: {name} never compiles")
    if kind is BackendKind.NATIVE:
        return native(facts, f"pyproject.toml: builds with {name}")
    verdict = _RULES[kind](facts, name)
    if verdict.purity is not Purity.NATIVE and compiling:
        return Verdict(
            purity=Purity.NATIVE,
            evidence=(f"pyproject.toml: [build-system] requires {', '.join(compiling)}", *verdict.evidence),
        )
    return verdict


def _compiling(facts: SourceFacts) -> list[str]:
    return sorted(facts.project.build_requires & facts.knowledge.compiling_requirements)


def _fallback(facts: SourceFacts) -> str:
    """How *facts* build a ``py3-none-any`` wheel of themselves where nothing can be compiled; empty where they do not.

    An extension marked optional is no such way: where it is left out, the wheel still has the tag of a platform.
    """
    script = facts.script
    if facts.kind is not BackendKind.SETUP or script is None or script.signs or _compiling(facts):
        return ""
    extends = [_extends(facts, call) for call in script.calls]
    if any(extends) and any(not extends[position] for position in script.fallbacks):
        return "setup.py calls setup() again without extensions where they cannot be compiled"
    return ""


def _way_round(facts: SourceFacts, verdict: Verdict) -> str:
    """How a native tree says that it can be built, if slower, without what it compiles; empty where it does not.

    It does so by an environment variable, by calling ``setup()`` again without extensions, by marking an extension optional, or
    by a setting of its own backend. Such a tree is native all the same: with a compiler at hand, its wheel fits one platform.
    Maintainers who leave a way round often, not always, publish a ``none-any`` wheel too.
    """
    if verdict.purity is not Purity.NATIVE:
        return ""
    if facts.project.backend_path and any(
        re.search(r"pure[-_]python", facts.tree.text(path) or "", re.IGNORECASE)
        for folder in facts.project.backend_path
        for path in facts.tree.iter_scripts()
        if folder.strip("./") and path.startswith(f"{folder.strip('./')}/")
    ):
        return f"{facts.project.backend} has a setting that leaves the compiled part out"
    if facts.kind not in (BackendKind.SETUP, None) or facts.script is None:
        return ""
    if facts.script.optional:
        return "setup.py marks an extension optional: where it cannot be compiled, it is left out"
    plain = [_extends(facts, call) for call in facts.script.calls]
    if any(plain) and not all(plain):
        return "setup.py also calls setup() without extensions: where they cannot be compiled, they are left out"
    switched = [_extends(facts, call) for call in facts.switched_script.calls] if facts.switched_script else []
    if any(plain) and switched and not all(switched):
        return "an environment variable that setup.py reads leaves the compiled part out"
    return ""


def _extends(facts: SourceFacts, call: Mapping[str, Value]) -> bool:
    return "**" in call or any(is_something(call.get(keyword)) for keyword in facts.knowledge.setup_keywords)


def _judge_own_backend(facts: SourceFacts) -> Verdict:
    """The verdict on a tree with a backend of its own, which usually wraps a known one: its imports say which."""
    name = facts.project.backend
    if not facts.project.backend_path:
        return in_doubt(facts, f"pyproject.toml: the build backend {name} is not known")
    module = name.partition(":")[0].replace(".", "/")
    folders = tuple(folder.strip("./") for folder in facts.project.backend_path)
    wrapped: set[tuple[str, BackendKind]] = set()
    for folder in folders:
        start = f"{folder}/{module}".strip("/")
        for path in facts.tree.iter_scripts():
            if path == f"{start}.py" or path.startswith(f"{start.rpartition('/')[0] or start}/"):
                wrapped |= _imported_backends(facts, path)
    kinds = {kind for _, kind in wrapped}
    if len(kinds) != 1:
        return in_doubt(facts, f"pyproject.toml: the build backend {name} is the project's own")
    backend, kind = min(wrapped, key=lambda pair: pair[0])
    if kind is BackendKind.PURE:
        verdict = in_doubt(facts, f"pyproject.toml: {name}, the project's own backend, wraps {backend}")
        return verdict if verdict.purity is Purity.NATIVE else pure(*verdict.evidence)
    if kind is BackendKind.NATIVE or compiled_sources(facts):
        return native(facts, f"{name}, the project's own backend, wraps {backend}")
    return _RULES[kind](facts, backend)


def _imported_backends(facts: SourceFacts, path: str) -> set[tuple[str, BackendKind]]:
    try:
        tree = parse_tree(facts.tree.text(path) or "")
    except SyntaxError:
        return set()
    modules: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules.append(node.module)
    return {found for module in modules if (found := facts.knowledge.backend(module)) is not None}


_HINT = "do not unpack this file; choose another version, or tell the index's operator"


def unpack(file: BinaryIO, filename: str, limits: Limits, wanted: Callable[[str], bool] = is_wanted) -> SourceTree:
    """The tree in the source archive *file* (seekable), whatever its suffix says its kind is, with the files that are *wanted*.

    Costs one pass of decompression for a tar, the directory and a few members for a zip. Raises ``ArchiveRefused``, naming
    the member where there is one, for broken, hostile and oversized archives.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size > limits.compressed:
        _refuse(filename, f"{size} bytes, more than the limit of {limits.compressed}")
    start = file.read(6)
    file.seek(0)
    if not start:
        _refuse(filename, "an empty file")
    if start.startswith(b"\x1f\x9d"):
        _refuse(filename, "an old compress (.tar.Z) archive, which is not read")
    collected = _Collection(filename, limits, wanted)
    announced = 0
    with _plain_refusals(filename):
        for member in iter_members(file, lambda plain: cast("IO[bytes]", _Metered(plain, size, collected))):
            _collect(member, collected)
            announced += member.size
        # Members that are not read cannot harm us, but what unpacks to more than the limits is refused all the same.
        collected.check_expansion(announced, size)
    if not collected.paths:
        _refuse(filename, "no files in it")
    return rooted_tree(list(collected.paths), collected.contents)


class _Collection:
    """What has been seen so far, and the limits on it."""

    def __init__(self, filename: str, limits: Limits, wanted: Callable[[str], bool]) -> None:
        self.filename = filename
        self.limits = limits
        self._wanted = wanted
        self.paths: dict[str, None] = {}
        self.contents: dict[str, bytes] = {}
        self.member = ""
        self._seen = 0
        self._kept = 0
        self._scripts = 0

    def enter(self, raw: str) -> str:
        """Count the member *raw* and answer its safe path."""
        self._seen += 1
        self.member = raw
        if self._seen > self.limits.members:
            self.refuse(f"more than {self.limits.members} members")
        problem = path_problem(raw)
        if problem:
            self.refuse(problem)
        return plain_path(raw)

    def keep(self, path: str, content: bytes) -> None:
        self._kept += len(content)
        if self._kept > self.limits.kept:
            self.refuse(f"the files to read are more than {self.limits.kept} bytes together")
        self.contents[path] = content

    def wants(self, path: str, size: int) -> bool:
        if not self._wanted(path):
            return False
        if path.endswith("/setup.py"):
            return size <= self.limits.member
        if path.endswith(".py"):
            self._scripts += size
            return size <= self.limits.script and self._scripts <= self.limits.scripts
        if size > self.limits.member:
            self.refuse(f"{size} bytes, more than the limit of {self.limits.member} for a file that is read")
        return True

    def check_expansion(self, expanded: int, compressed: int) -> None:
        if expanded > self.limits.expanded:
            self.refuse(f"expands to more than {self.limits.expanded} bytes")
        if expanded > self.limits.ratio_floor and expanded > compressed * self.limits.ratio:
            self.refuse(f"expands to more than {self.limits.ratio} times its size")

    def refuse(self, fact: str) -> NoReturn:
        _refuse(self.filename, f"member {self.member!r}: {fact}" if self.member else fact)


def _refuse(filename: str, fact: str) -> NoReturn:
    raise ArchiveRefused(fact, address=filename, hint=_HINT)


@contextmanager
def _plain_refusals(filename: str) -> Iterator[None]:
    try:
        yield
    except EOFError as problem:
        raise ArchiveRefused("the archive is cut short", address=filename, hint=_HINT) from problem
    except NotImplementedError as problem:
        raise ArchiveRefused(f"compressed in a way that is not read: {problem}", address=filename) from problem
    except HeaderTooLong as problem:
        raise ArchiveRefused(str(problem), address=filename, hint=_HINT) from problem
    except (*DAMAGED, OSError) as problem:
        # bz2 has no exception of its own for damaged data.
        raise ArchiveRefused(f"not a readable archive: {problem}", address=filename, hint=_HINT) from problem


class _Metered:
    """A stream that refuses to give more than the limits allow: the only place where expansion can be stopped in time."""

    def __init__(self, stream: IO[bytes], compressed: int, collected: _Collection) -> None:
        self._stream = stream
        self._compressed = compressed
        self._collected = collected
        self._given = 0

    def read(self, size: int = -1, /) -> bytes:
        content = self._stream.read(size)
        self._given += len(content)
        self._collected.check_expansion(self._given, self._compressed)
        return content


def _collect(member: Member, collected: _Collection) -> None:
    path = collected.enter(member.name)
    if member.kind in (MemberKind.LINK, MemberKind.HARD_LINK):
        if member.is_encrypted:
            collected.refuse("encrypted")
        # A symbolic link is relative to its folder, a hard link to the archive's root.
        if leads_outside(path if member.kind is MemberKind.LINK else "", member.link):
            collected.refuse(f"a link to {member.link!r}, outside the archive")
        collected.paths[path] = None
    elif member.kind is MemberKind.OTHER:
        collected.refuse("neither a file, a folder nor a link")
    elif member.kind is MemberKind.FILE:
        collected.paths[path] = None
        if collected.wants(path, member.size):
            if member.is_encrypted:
                collected.refuse("encrypted")
            with member.open() as stream:
                collected.keep(path, stream.read())
