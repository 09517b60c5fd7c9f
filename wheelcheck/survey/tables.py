"""The tables on disk: parts that are whole or not there, and from them the dataset; Parquet, schema ``wheelcheck.survey/1``.

``rows → part`` while the survey runs, ``parts → tables`` at its end. A part is a folder with one file for each table; it is made
beside its place and renamed, so that a run that was killed leaves parts that count and nothing else. The tables are sorted, so that
equal answers are equal tables, in whatever order the workers gave them. Large ones are sorted by slices of the questions' keys.
"""

from __future__ import annotations

import itertools
import shutil
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wheelcheck.errors import InputUnreadable, UsageProblem
from wheelcheck.survey.rows import TABLES, FailureRow, Row

if TYPE_CHECKING:
    import pyarrow

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
