"""Renders a plan as pinned requirements with hashes, as pip and uv read them; refuses to leave anything to resolve."""

from __future__ import annotations

from collections.abc import Iterator

from wheelcheck.export.shipment import PIP_HASHES, ReadyPackage, Shipment, iter_ready, pinned, safe_address
from wheelcheck.model.judgement import Installability
from wheelcheck.model.plan import Plan
from wheelcheck.model.urls import is_default_index


def render(shipment: Shipment) -> str:
    """Render the plan of *shipment* for ``pip install --no-deps --require-hashes -r FILE``, one file's hashes for each project.

    Credentials are left out: installers find them in netrc or their own configuration. Raises ``UsageProblem`` when the
    plan is blocked or undecided, or when a file has no hash that pip accepts.
    """
    plan = shipment.plan
    ready = tuple(iter_ready(plan, PIP_HASHES, takes_several=True))
    blocks = ["\n".join(lines) for lines in (tuple(_iter_header(plan)), tuple(_iter_indexes(plan, ready))) if lines]
    lines = ([pinned(each.package), *(f"    --hash={name}:{digest}" for name, digest in each.hashes)] for each in ready)
    pins = "\n".join(" \\\n".join(each) for each in lines)
    return "\n\n".join([*blocks, *([pins] if pins else [])]) + "\n"


def _iter_header(plan: Plan) -> Iterator[str]:
    yield f"# Made by wheelcheck for {plan.target}, and for no other platform or Python."
    yield "# The list is complete. Install it as it stands, without resolving again:"
    yield "#   pip install --no-deps --require-hashes -r THIS_FILE"
    built = [package for package in plan.packages if package.installability is not Installability.WHEEL]
    if built:
        yield f"# Built from source while installing ({len(built)} of {len(plan.packages)}):"
        for package in built:
            yield f"#   {package.name} {package.version} ({package.installability.value})"


def _iter_indexes(plan: Plan, ready: tuple[ReadyPackage, ...]) -> Iterator[str]:
    """The options that lead an installer to the indexes and folders that the files come from, and to no other.

    An index that was configured and not needed is left out: it may be a folder of the planner's own machine, and an installer
    that takes the first index that knows a project would stop there.
    """
    used = dict.fromkeys(
        safe_address(entry.file.index) for entry in ready if entry.file.index and not entry.package.direct
    )
    links = [url for url in (safe_address(url) for url in plan.options.find_links) if url in used]
    configured = [url for url in (safe_address(url) for url in plan.options.indexes) if url in used]
    # A project may be pinned to an index that is not searched for the others, or come from a folder of pip's own settings.
    others = [url for url in used if url not in links and url not in configured]
    first, *rest = [*configured, *others] or [""]
    if rest:
        # By uv's own strategy the first index that knows a project hides the files of the others.
        yield "# The files come from several indexes; uv finds them with --index-strategy unsafe-best-match."
    if first and not is_default_index(first):
        yield f"--index-url {first}"
    for url in rest:
        yield f"--extra-index-url {url}"
    for url in links:
        yield f"--find-links {url}"
