"""The answer of ``verify`` as a JSON document in ASCII; the same inspection gives the same bytes."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Struct
from packaging.version import Version

from wheelcheck.model.document import about, document_of, render_json
from wheelcheck.model.environment import RuntimeKind
from wheelcheck.model.inspection import InspectedDistribution, Inspection, Problem


class RuntimeDocument(Struct, frozen=True, kw_only=True):
    """The Python of the environment, found without running it."""

    kind: Annotated[RuntimeKind, about("none: packages without a Python.")]
    python: Annotated[Version | None, about("Its version, as far as files tell it.")]
    system: Annotated[str | None, about("windows, linux (glibc), musl or macos.")]
    machine: Annotated[str | None, about("As wheel tags spell it: amd64, arm64, x86_64, aarch64.")]
    free_threaded: Annotated[bool, about("Whether it has no global lock.")]


class VerifyDocument(Struct, frozen=True, kw_only=True):
    """What a look at a bundle or environment found.

    Keys, kinds of problems and outcomes may be added without a new schema number: readers keep what they do not know.
    """

    schema: Annotated[
        Literal["wheelcheck.verify/1"],
        about("Names this schema. Its number grows only when an old reader would misunderstand a new answer."),
    ]
    subject: Annotated[str, about("The path that was given.")]
    ok: Annotated[
        bool, about("Whether there is no problem of severity error; with --strict the command fails on warnings too.")
    ]
    runtime: RuntimeDocument
    site_packages: Annotated[str, about("Where its packages are, relative to the root, with /; . is the root itself.")]
    target: Annotated[
        str | None, about("The platform whose floor counted, such as manylinux_2_28_x86_64; null where none is known.")
    ]
    compared: Annotated[tuple[str, ...], about("What the files were held against: RECORD, manifest, plan.")]
    no_imports: Annotated[str | None, about("Why no import was tried; null where imports were.")]
    distributions: Annotated[tuple[InspectedDistribution, ...], about("Sorted by name.")]
    problems: Annotated[tuple[Problem, ...], about("Errors first, then warnings, then notes.")]


def render_verify_json(inspection: Inspection) -> str:
    """*inspection* as JSON (schema ``wheelcheck.verify/1``), ending in a newline."""
    runtime = document_of(RuntimeDocument, inspection.runtime, system=inspection.runtime.system or None)
    document = document_of(
        VerifyDocument,
        inspection,
        schema="wheelcheck.verify/1",
        ok=not inspection.errors,
        runtime=runtime,
        site_packages=inspection.layout.site_packages,
        target=inspection.target or None,
        no_imports=inspection.no_imports or None,
    )
    return render_json(document, ascii_only=True).decode()
