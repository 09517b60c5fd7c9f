"""The rows of a survey's tables, and the tables on disk: parts that are whole or not there, and from them the dataset.

``Matrix → Answer`` (rows) ``→ part`` while a survey runs, ``parts → tables`` at its end: Parquet, ``wheelcheck.survey/1``. The key
of a question joins the tables; ``inputs`` says which input asked which question, ``places`` where it names a project. A part is a
folder with one file for each table; it is made beside its place and renamed, so that a run that was killed leaves parts that count
and nothing else. Tables are sorted, so that equal answers are equal tables; large ones by slices of the questions' keys.
"""

from __future__ import annotations

import hashlib
import itertools
import shutil
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from wheelcheck.errors import InputUnreadable, UsageProblem

if TYPE_CHECKING:
    import pyarrow

    from wheelcheck.model.answers import Cell, Matrix, Opening
    from wheelcheck.model.plan import Plan


class Row(Struct, frozen=True, kw_only=True):
    """A row; the fields are the columns, in order."""


class InputRow(Row, frozen=True, kw_only=True):
    """An input of the survey and the question that it asks; empty for one that could not be read."""

    id: str
    question: str


class PlaceRow(Row, frozen=True, kw_only=True):
    """Where an input asks for a project: *file* as the input names it, *line* from 1, 0 where there are no lines."""

    id: str
    name: str
    file: str
    line: int


class CellRow(Row, frozen=True, kw_only=True):
    """How a question came out on one target; *digest* is that of the packages, and equal where equal ones would be installed."""

    question: str
    platform: str
    python: str
    status: str
    failure: str
    packages: int | None
    size: int | None
    digest: str | None


class FindingRow(Row, frozen=True, kw_only=True):
    """A finding of a cell; *root* is the project that the input asks for on the way to it."""

    question: str
    platform: str
    python: str
    code: str
    severity: str
    package: str | None
    version: str | None
    root: str | None
    message: str


class PackageRow(Row, frozen=True, kw_only=True):
    """What a cell would install."""

    question: str
    platform: str
    python: str
    name: str
    version: str
    requested: bool
    installability: str
    filename: str | None
    size: int | None


class RepairRow(Row, frozen=True, kw_only=True):
    """What opens a cell, where it was resolved again; *proved* says that it was found there, and its risk judged."""

    question: str
    platform: str
    python: str
    risk: str
    edits: str
    options: str
    proved: bool


class FailureRow(Row, frozen=True, kw_only=True):
    """Why there is no answer to an input (*question* is empty) or to a question (*id* is empty)."""

    id: str
    question: str
    reason: str


class TimingRow(Row, frozen=True, kw_only=True):
    """What a question cost; no part of the answer."""

    question: str
    seconds: float
    worker: str


class RunRow(Row, frozen=True, kw_only=True):
    """What the survey was made with: wheelcheck's *version*, the *day* asked about, the *index* and the *options* as JSON."""

    version: str
    day: str
    index: str
    options: str


class Answer(Struct, frozen=True, kw_only=True):
    """The rows of one question."""

    question: str
    cells: tuple[CellRow, ...]
    findings: tuple[FindingRow, ...]
    packages: tuple[PackageRow, ...]
    repairs: tuple[RepairRow, ...]


TABLES: dict[str, type[Row]] = {
    "inputs": InputRow,
    "places": PlaceRow,
    "cells": CellRow,
    "findings": FindingRow,
    "packages": PackageRow,
    "repairs": RepairRow,
    "failures": FailureRow,
    "timings": TimingRow,
    "run": RunRow,
}
"""Every table and what its rows are."""


def answer_rows(question: str, matrix: Matrix) -> Answer:
    """*matrix* as rows of *question*."""
    return Answer(
        question=question,
        cells=tuple(_cell(question, cell) for cell in matrix.cells),
        findings=tuple(row for cell in matrix.cells for row in _iter_findings(question, cell)),
        packages=tuple(row for cell in matrix.cells for row in _iter_packages(question, cell)),
        repairs=tuple(row for opening in matrix.openings for row in _iter_repairs(question, opening)),
    )


def _cell(question: str, cell: Cell) -> CellRow:
    plan = cell.plan
    sizes = [package.size for package in plan.packages] if plan is not None else []
    known = [size for size in sizes if size is not None]
    return CellRow(
        question=question,
        platform=cell.target.platform,
        python=cell.target.python,
        status=cell.status.value,
        failure=cell.failure,
        packages=len(plan.packages) if plan is not None else None,
        size=sum(known) if known and len(known) == len(sizes) else None,
        digest=_digest(plan) if plan is not None else None,
    )


def _digest(plan: Plan) -> str:
    named = sorted(f"{each.name}=={each.version} {each.filename or ''}" for each in plan.packages)
    return hashlib.sha256("\n".join(named).encode()).hexdigest()


def _iter_findings(question: str, cell: Cell) -> Iterator[FindingRow]:
    for finding in cell.plan.findings if cell.plan is not None else ():
        yield FindingRow(
            question=question,
            platform=cell.target.platform,
            python=cell.target.python,
            code=finding.code.number,
            severity=finding.severity.value,
            package=finding.package,
            version=str(finding.version) if finding.version is not None else None,
            root=_root(finding.paths, finding.package),
            message=finding.message,
        )


def _root(paths: tuple[tuple[str, ...], ...], package: str | None) -> str | None:
    """The project that the shortest way begins with; a way is ``audiocraft==1.3.0``, ``av==11.0.0``."""
    return paths[0][0].partition("==")[0] if paths and paths[0] else package


def _iter_packages(question: str, cell: Cell) -> Iterator[PackageRow]:
    for package in cell.plan.packages if cell.plan is not None else ():
        yield PackageRow(
            question=question,
            platform=cell.target.platform,
            python=cell.target.python,
            name=package.name,
            version=str(package.version),
            requested=package.requested,
            installability=package.installability.value,
            filename=package.filename,
            size=package.size,
        )


def _iter_repairs(question: str, opening: Opening) -> Iterator[RepairRow]:
    if opening.repair is None:
        return
    for target in (opening.proved, *opening.alike):
        yield RepairRow(
            question=question,
            platform=target.platform,
            python=target.python,
            risk=opening.repair.risk.value,
            edits="; ".join(edit.line for edit in opening.repair.edits),
            options=" ".join(opening.repair.options),
            proved=target is opening.proved,
        )


_PARTS = "parts"
_DAY = "day"
_ROWS_AT_ONCE = 2_000_000
_REPEATED = frozenset({
    "question", "platform", "python", "status", "code", "severity", "package", "name", "version", "installability", "root", "risk",
})  # fmt: skip
"""Columns in which few values come often: they are kept as a dictionary."""


def schema_of(row: type[Row], *, plain: bool = False) -> pyarrow.Schema:
    """The Arrow schema of the table with such rows, from the types of its fields; *plain* has no dictionaries."""
    import pyarrow

    kinds_of = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64(), bool: pyarrow.bool_()}
    fields = []
    for name, hint in typing.get_type_hints(row).items():
        kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
        kind = next(each for each in kinds if each is not type(None))
        has_few = name in _REPEATED and not plain
        arrow = pyarrow.dictionary(pyarrow.int32(), pyarrow.string()) if has_few else kinds_of[kind]
        fields.append(pyarrow.field(name, arrow, nullable=len(kinds) > 1))
    return pyarrow.schema(fields, metadata={"schema": "wheelcheck.survey/1"})


class Dataset:
    """The folder of a survey."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._parts = folder / _PARTS

    def open(self) -> None:
        """Make the folder, and remove what a killed run left half-written. Raises ``OSError``."""
        self._parts.mkdir(parents=True, exist_ok=True)
        for half in self._parts.glob("*.partial"):
            shutil.rmtree(half)

    def day_of(self, today: str, *, is_continued: bool) -> str:
        """The day that the survey here is about: *today*, but that of a run which was ended, or of one that *is_continued*."""
        begun = self.folder / _DAY
        if begun.exists():
            return begun.read_text(encoding="utf-8")
        if is_continued and (self.folder / "run.parquet").exists():
            return str(load_rows(self.folder, "run", "day")[0]["day"])
        half = begun.with_suffix(".partial")
        half.write_text(today, encoding="utf-8")
        half.replace(begun)
        return today

    def add(self, rows: Mapping[str, Sequence[Row]]) -> None:
        """Keep *rows*, by table, as one part more, whole or not at all. Raises ``OSError``."""
        import pyarrow.parquet as parquet

        number = 1 + max((int(part.name) for part in self._parts.iterdir() if part.name.isdecimal()), default=0)
        half = self._parts / f"{number:06}.partial"
        half.mkdir()
        for table, of_table in rows.items():
            parquet.write_table(_arrow(TABLES[table], of_table), half / f"{table}.parquet", compression="zstd")
        half.rename(half.with_suffix(""))

    def questions(self, table: str, **values: str) -> dict[str, str]:
        """The keys of the questions that *table* of some part has rows of, with such *values*; and the newest of these parts."""
        import pyarrow.parquet as parquet

        filters = [(name, "=", value) for name, value in values.items()] or None
        read = [(file, parquet.read_table(file, columns=["question"], filters=filters)) for file in self._files(table)]
        return {key: file.parent.name for file, found in read for key in found.column("question").unique().to_pylist()}

    def failures(self, questions: frozenset[str]) -> list[FailureRow]:
        """Why there is no answer to *questions*, as the newest part that says so has it."""
        import pyarrow.parquet as parquet

        rows = [row for file in self._files("failures") for row in parquet.read_table(file).to_pylist()]
        reasons = {row["question"]: row["reason"] for row in rows}
        return [FailureRow(id="", question=key, reason=reasons.get(key, "")) for key in sorted(questions)]

    def finish(self, asked: Mapping[str, Sequence[Row]], questions: frozenset[str]) -> None:
        """Write every table: of *asked* (``inputs``, ``places``, ``run``) as it is, of the parts what is about *questions*."""
        import pyarrow.parquet as parquet

        unanswered = self.failures(questions - self.questions("cells").keys())
        asked = {**asked, "failures": [*asked.get("failures", ()), *unanswered]}
        for table, row in TABLES.items():
            path = self.folder / f"{table}.parquet"
            half = path.with_suffix(".partial")
            with parquet.ParquetWriter(half, schema_of(row), compression="zstd", store_schema=True) as writer:
                for each in self._iter_sorted(table, _arrow(row, asked.get(table, ())), questions):
                    writer.write_table(each)
            half.replace(path)
        (self.folder / _DAY).unlink(missing_ok=True)

    def _files(self, table: str) -> list[Path]:
        return [file for file in sorted(self._parts.glob(f"*/{table}.parquet")) if file.parent.suffix != ".partial"]

    def _iter_sorted(self, table: str, own: pyarrow.Table, questions: frozenset[str]) -> Iterator[pyarrow.Table]:
        """The rows of *table*: its *own*, and of the parts those about *questions*, in slices that follow each other."""
        import pyarrow
        import pyarrow.compute as compute
        import pyarrow.parquet as parquet

        files = self._files(table) if table not in ("inputs", "failures", "places", "run") else []
        count = sum(parquet.read_metadata(file).num_rows for file in files)
        slices = 1 + count // _ROWS_AT_ONCE
        bounds = ["", *(f"{65_536 * number // slices:04x}" for number in range(1, slices)), "\U0010ffff"]
        plain = schema_of(TABLES[table], plain=True)
        by_part: dict[str, list[str]] = {}
        for key, name in self.questions("cells").items() if files else ():
            by_part.setdefault(name, []).append(key)
        for first, end in itertools.pairwise(bounds):
            read = [own.cast(plain)]
            for file in files:
                keys = [key for key in by_part.get(file.parent.name, ()) if first <= key < end and key in questions]
                taken = pyarrow.array(keys, pyarrow.string())
                part = parquet.read_table(file).cast(plain)
                read.append(part.filter(compute.is_in(part["question"], value_set=taken)))
            rows = pyarrow.concat_tables(read)
            yield rows.sort_by([(name, "ascending") for name in rows.column_names]).cast(schema_of(TABLES[table]))


def load_rows(folder: Path, table: str, *columns: str) -> list[dict[str, Any]]:
    """The rows of *table* of the finished survey in *folder*, with *columns* alone. Raises ``InputUnreadable``."""
    found: list[dict[str, Any]] = load_table(folder, table, *columns).to_pylist()
    return found


def load_table(folder: Path, table: str, *columns: str) -> pyarrow.Table:
    """The same as an Arrow table."""
    import pyarrow
    import pyarrow.parquet as parquet

    try:
        return parquet.read_table(folder / f"{table}.parquet", columns=list(columns))
    except (OSError, pyarrow.ArrowException) as error:
        raise InputUnreadable(
            f"no table of a survey: {str(error).splitlines()[0]}",
            address=str(folder / f"{table}.parquet"),
            hint="name the folder that `wheelcheck survey -o` wrote, once it has ended",
        ) from error


def refuse_without_engine() -> None:
    """Raise ``UsageProblem`` where the extra is not installed; nothing is imported, which takes a second."""
    missing = [name for name in ("distributed", "pyarrow", "pypi_simple") if find_spec(name) is None]
    if missing:
        raise UsageProblem(f"a survey needs {' and '.join(missing)}", hint="pip install 'wheelcheck[survey]'")


def _arrow(kind: type[Row], rows: Sequence[Row]) -> pyarrow.Table:
    import pyarrow

    schema = schema_of(kind)
    columns = [pyarrow.array(_written([getattr(row, field.name) for row in rows]), field.type) for field in schema]
    return pyarrow.Table.from_arrays(columns, schema=schema)


def _written(values: list[Any]) -> list[Any]:
    """*values* as they can be written: half characters, which names of files have where they are no UTF-8, as their escapes."""
    try:
        for value in values:
            if isinstance(value, str):
                value.encode()
    except UnicodeEncodeError:
        return [each.encode("utf-8", "backslashreplace").decode() if isinstance(each, str) else each for each in values]
    return values
