"""The result of ``bundle`` as text and as JSON: the bundle, its sizes, and the next step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Struct
from packaging.version import Version

from wheelcheck.model.document import SCHEMA_KEY, Count, about, document_of, render_json
from wheelcheck.model.environment import Bundling, FetchedRuntime, KnownRuntime, Runtime, RuntimeKind
from wheelcheck.model.target import TargetName
from wheelcheck.report.commands import draw_command
from wheelcheck.report.fetch import USERS
from wheelcheck.report.page import Detail, Page, on_page, size_text
from wheelcheck.texts.words import counted

_LARGEST_IN_BRIEF = 5
_LARGEST = 12
_KINDS = {
    RuntimeKind.EMBEDDABLE: "embeddable package",
    RuntimeKind.STANDALONE: "standalone build",
    RuntimeKind.INSTALLATION: "copied installation",
}


@on_page("ascii")
def render_bundling(page: Page, bundling: Bundling, detail: Detail) -> None:  # noqa: ARG001 - as of every answer
    """Draw *bundling*; one over its budget with all tables."""
    if bundling.is_within_budget:
        _made(page, bundling)
    else:
        _over(page, bundling)


def _made(page: Page, bundling: Bundling) -> None:
    manifest = bundling.manifest
    page.paragraph(
        f"Bundled {manifest.name} {manifest.version} for {manifest.target.platform}, Python {manifest.target.python}: "
        f"{counted(len(manifest.packages), 'package')} in {bundling.out}",
        style="bold green",
    )
    page.blank()
    _facts(page, bundling)
    page.blank()
    _largest(page, "Largest packages", bundling.sizes.packages, bundling, most=_LARGEST_IN_BRIEF)
    _warnings(page, bundling)
    page.heading("Next")
    page.line(("    # ", "dim"), ("see that it is whole, and that nothing it imports is missing", "dim"))
    draw_command(page, ("wheelcheck", "verify", bundling.out))


def _over(page: Page, bundling: Bundling) -> None:
    manifest, budget = bundling.manifest, bundling.budget
    if budget is None:
        return
    what = "the archives" if manifest.archives else "what is installed"
    page.paragraph(
        f"Over the size budget: {what} of {manifest.name} {manifest.version} would be {size_text(bundling.measured)}, "
        f"{size_text(bundling.measured - budget.limit)} more than {budget.text}; nothing was made",
        style="bold red",
    )
    page.blank()
    _facts(page, bundling)
    page.blank()
    _largest(page, "Largest packages", bundling.sizes.packages, bundling, most=_LARGEST)
    page.blank()
    _largest(page, "Largest folders", bundling.sizes.folders, bundling, most=_LARGEST)
    savings = [row for row in sorted(bundling.sizes.strippable.items(), key=lambda row: (-row[1], row[0])) if row[1]]
    page.blank()
    if savings:
        rows = ((f"--strip {kind}", size_text(size)) for kind, size in savings)
        page.columns(rows, indent=2, header=("What stripping would save", "installed"))
    else:
        page.paragraph("Stripping would save nothing more.", indent=2)
    _warnings(page, bundling)


def _facts(page: Page, bundling: Bundling) -> None:
    manifest, sizes = bundling.manifest, bundling.sizes
    rows = [
        ("Runtime", _runtime(manifest.runtime)),
        ("Installed", f"{size_text(sizes.installed)} in {len(manifest.files):,} files"),
    ]
    if manifest.stripped:
        rows.append(("Stripped", f"{', '.join(manifest.stripped)}: {size_text(bundling.saved)} less"))
    if manifest.archives:
        several = len(manifest.archives) > 1
        total = f"{size_text(bundling.archived)}{' together' if several else ''}"
        rows.append(("Download", f"{total}; {USERS:,} users: {size_text(bundling.archived * USERS)}"))
    if bundling.budget is not None and bundling.is_within_budget:
        left = size_text(bundling.budget.limit - bundling.measured)
        rows.append(("Budget", f"{left} left of {bundling.budget.text}"))
    for label, text in rows:
        page.paragraph(text, lead=(label.ljust(11), "dim"), indent=2)
    if manifest.archives:
        page.blank()
        archives = ((size_text(archive.size), archive.filename) for archive in manifest.archives)
        page.columns(archives, indent=2, header=("size", "archive"))


def _runtime(runtime: Runtime | KnownRuntime) -> str:
    if runtime.kind is RuntimeKind.NONE:
        return "none: packages alone"
    python = f"Python {runtime.python}" if runtime.python is not None else "Python"
    where = " ".join(word for word in (runtime.system, runtime.machine) if word)
    threads = ", free-threaded" if runtime.free_threaded else ""
    return f"{python} for {where}, {_KINDS[runtime.kind]}{threads}"


def _largest(page: Page, title: str, rows: Sequence[tuple[str, int]], bundling: Bundling, *, most: int) -> None:
    whole, rest = bundling.sizes.installed or 1, rows[most:]
    more = [(f"{len(rest)} more", sum(size for _, size in rest))] if rest else []
    page.columns(
        ((size_text(size).rjust(8), f"{size / whole:.0%}".rjust(5), name) for name, size in (*rows[:most], *more)),
        indent=2,
        header=("    size", "share", title.lower()),
    )


def _warnings(page: Page, bundling: Bundling) -> None:
    for warning in bundling.warnings:
        page.paragraph(warning, lead=("! ", "bold yellow"), indent=2, apart=True)


@on_page("ascii")
def render_runtime(page: Page, fetched: FetchedRuntime, detail: Detail) -> None:  # noqa: ARG001 - as of every answer
    """Draw the runtime that was *fetched*, what else there is, and the next step."""
    page.paragraph(f"{_runtime(fetched.runtime)}: {fetched.path}", style="bold green")
    page.paragraph(f"SHA-256 {fetched.runtime.sha256}, from {fetched.url}", indent=2)
    if fetched.newer is not None:
        word = fetched.newer.kind.value
        page.paragraph(f"There is also {_runtime(fetched.newer)}, with later fixes: --runtime {word}", indent=2)
    page.heading("Next")
    draw_command(page, ("wheelcheck", "bundle", "PLAN", "--runtime", str(fetched.path), "-o", "FOLDER"))


class OtherRuntime(Struct, frozen=True, kw_only=True):
    """Another file that would fit the target."""

    filename: Annotated[str, about("Its name.")]
    kind: Annotated[RuntimeKind, about("What it is.")]
    python: Annotated[Version, about("Its version.")]


class RuntimeDocument(Struct, frozen=True, kw_only=True):
    """The Python that was fetched for a target."""

    schema: Annotated[Literal["wheelcheck.runtime/1"], SCHEMA_KEY]
    path: Annotated[str, about("Where it is.")]
    filename: Annotated[str, about("Its name at its publisher.")]
    sha256: Annotated[str, about("Its hash, in hex.")]
    url: Annotated[str, about("Where it came from.")]
    kind: Annotated[RuntimeKind, about("What it is.")]
    python: Annotated[Version, about("Its version.")]
    system: Annotated[str, about("windows, linux (glibc), musl or macos.")]
    machine: Annotated[str, about("As wheel tags spell it: amd64, arm64, x86_64, aarch64.")]
    free_threaded: Annotated[bool, about("Whether it has no global lock.")]
    others: Annotated[tuple[OtherRuntime, ...], about("Other files that would fit the target.")]


class BudgetDocument(Struct, frozen=True, kw_only=True):
    """The size that a bundle may have."""

    limit: Annotated[Count, about("At most so many bytes.")]
    of: Annotated[Literal["archives", "installed"], about("What is measured.")]
    measured: Annotated[Count, about("How many bytes it has.")]


class BundledArchive(Struct, frozen=True, kw_only=True):
    """One archive to download."""

    filename: Annotated[str, about("Its name.")]
    layer: Annotated[str | None, about("runtime, base or app where the bundle is split.")]
    size: Annotated[Count, about("Its bytes.")]
    installed: Annotated[Count, about("The bytes of what it unpacks to.")]
    sha256: Annotated[str, about("Its hash, in hex.")]


class BundlingDocument(Struct, frozen=True, kw_only=True):
    """The bundle that was made, or would have been, had it been within its budget."""

    schema: Annotated[Literal["wheelcheck.bundling/1"], SCHEMA_KEY]
    made: Annotated[bool, about("Whether it was made.")]
    out: Annotated[str, about("Where it is.")]
    name: Annotated[str | None, about("The application's name.")]
    version: Annotated[str | None, about("Its version.")]
    plan: Annotated[str, about("The digest of the plan.")]
    target: Annotated[TargetName, about("The target.")]
    runtime: Annotated[RuntimeKind, about("What its Python is.")]
    installed: Annotated[Count, about("The bytes of all files.")]
    files: Annotated[Count, about("How many files it has.")]
    download: Annotated[Count | None, about("The bytes of all archives; null for a folder.")]
    budget: Annotated[BudgetDocument | None, about("The size that it may have.")]
    archives: Annotated[tuple[BundledArchive, ...], about("In the order in which they are unpacked over each other.")]
    stripped: Annotated[tuple[str, ...], about("The kinds of files that were left out.")]
    saved: Annotated[Count, about("The bytes that this saved.")]
    strippable: Annotated[dict[str, Count], about("The bytes that each other kind would save.")]
    packages: Annotated[dict[str, Count], about("The bytes of each project, largest first.")]
    folders: Annotated[dict[str, Count], about("The bytes of each folder, largest first.")]
    warnings: Annotated[tuple[str, ...], about("What is to be known of it, in sentences.")]


def render_runtime_json(fetched: FetchedRuntime) -> str:
    """Render the runtime that was *fetched* as JSON (schema ``wheelcheck.runtime/1``)."""
    document = document_of(
        RuntimeDocument,
        fetched.runtime,
        schema="wheelcheck.runtime/1",
        path=str(fetched.path),
        url=fetched.url,
        others=tuple(document_of(OtherRuntime, each) for each in fetched.others),
    )
    return render_json(document).decode()


def render_bundling_json(bundling: Bundling) -> str:
    """Render *bundling* as JSON (schema ``wheelcheck.bundling/1``), sizes in bytes; the manifest itself is in the bundle."""
    manifest, sizes, budget = bundling.manifest, bundling.sizes, bundling.budget
    of: Literal["archives", "installed"] = "archives" if manifest.archives else "installed"
    document = document_of(
        BundlingDocument,
        bundling,
        schema="wheelcheck.bundling/1",
        made=bundling.is_within_budget,
        name=manifest.name,
        version=manifest.version,
        plan=manifest.plan_digest,
        target=manifest.target,
        runtime=manifest.runtime.kind,
        installed=sizes.installed,
        files=len(manifest.files),
        download=bundling.archived if manifest.archives else None,
        budget=BudgetDocument(limit=budget.limit, of=of, measured=bundling.measured) if budget is not None else None,
        archives=tuple(document_of(BundledArchive, archive) for archive in manifest.archives),
        stripped=manifest.stripped,
        strippable=sizes.strippable,
        packages=dict(sizes.packages),
        folders=dict(sizes.folders),
    )
    return render_json(document).decode()
