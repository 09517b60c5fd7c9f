"""The tables on disk: parts that are whole or not there, and from them the dataset; Parquet, schema ``wheelcheck.survey/1``.

``rows → part`` while the survey runs, ``parts → tables`` at its end. A part is a folder with one file for each table; it is made
beside its place and renamed, so that a run that was killed leaves parts that count and nothing else. The tables are sorted, so that
equal answers are equal tables, in whatever order the workers gave them.
"""

from __future__ import annotations

import shutil
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import structs

from wheelcheck.errors import InputUnreadable, UsageProblem
from wheelcheck.survey.rows import TABLES, Row

if TYPE_CHECKING:
    import pyarrow

_PARTS = "parts"
_REPEATED = frozenset({
    "question", "platform", "python", "status", "code", "severity", "package", "name", "version", "installability", "root", "risk",
})  # fmt: skip
"""Columns in which few values come often: they are kept as a dictionary."""


def schema_of(row: type[Row]) -> pyarrow.Schema:
    """The Arrow schema of the table with such rows, from the types of its fields."""
    import pyarrow

    plain = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64(), bool: pyarrow.bool_()}
    fields = []
    for name, hint in typing.get_type_hints(row).items():
        kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
        kind = next(each for each in kinds if each is not type(None))
        arrow = pyarrow.dictionary(pyarrow.int32(), pyarrow.string()) if name in _REPEATED else plain[kind]
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

    def add(self, name: str, rows: Mapping[str, Sequence[Row]]) -> None:
        """Keep *rows*, by table, as the part *name*, whole or not at all. Raises ``OSError``."""
        half = self._parts / f"{name}.partial"
        half.mkdir()
        for table, of_table in rows.items():
            _write(half / f"{table}.parquet", table, of_table)
        half.rename(self._parts / name)

    def read(self, table: str) -> list[dict[str, Any]]:
        """All rows of *table* in the parts."""
        import pyarrow.parquet as parquet

        files = sorted(self._parts.glob(f"*/{table}.parquet"))
        return [
            row for file in files if file.parent.suffix != ".partial" for row in parquet.read_table(file).to_pylist()
        ]

    def finish(self, asked: Mapping[str, Sequence[Row]], questions: frozenset[str]) -> None:
        """Write every table: of *asked* (``inputs``, ``places``, ``run``) as it is, of the parts what is about *questions*."""
        for table in TABLES:
            rows: Sequence[Row] = asked.get(table, ())
            kept: list[dict[str, Any]] = (
                [row for row in self.read(table) if row["question"] in questions]
                if table not in ("inputs", "places")
                else []
            )
            path = self.folder / f"{table}.parquet"
            ordered: list[dict[str, Any]] = sorted([*map(_plain, rows), *kept], key=_order)
            _write(path.with_suffix(".partial"), table, ordered)
            path.with_suffix(".partial").replace(path)


def load_rows(folder: Path, table: str, *columns: str) -> list[dict[str, Any]]:
    """The rows of *table* of the finished survey in *folder*, with *columns* alone. Raises ``InputUnreadable``."""
    import pyarrow
    import pyarrow.parquet as parquet

    try:
        found: list[dict[str, Any]] = parquet.read_table(folder / f"{table}.parquet", columns=list(columns)).to_pylist()
    except (OSError, pyarrow.ArrowException) as error:
        raise InputUnreadable(
            f"no table of a survey: {str(error).splitlines()[0]}",
            address=str(folder / f"{table}.parquet"),
            hint="name the folder that `wheelcheck survey -o` wrote, once it has ended",
        ) from error
    return found


def refuse_without_engine() -> None:
    """Raise ``UsageProblem`` where the extra is not installed; nothing is imported, which takes a second."""
    missing = [name for name in ("distributed", "pyarrow", "pypi_simple") if find_spec(name) is None]
    if missing:
        raise UsageProblem(f"a survey needs {' and '.join(missing)}", hint="pip install 'wheelcheck[survey]'")


def _plain(row: Row | dict[str, Any]) -> dict[str, Any]:
    """*row* by columns; half characters, which names of files have where they are no UTF-8, are written as their escapes."""
    if not isinstance(row, Row):
        return row
    return {
        name: value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
        for name, value in structs.asdict(row).items()
    }


def _order(row: dict[str, Any]) -> tuple[tuple[bool, str], ...]:
    return tuple((value is not None, str(value)) for value in row.values())


def _write(path: Path, table: str, rows: Iterable[Row | dict[str, Any]]) -> None:
    import pyarrow
    import pyarrow.parquet as parquet

    made = pyarrow.Table.from_pylist(list(map(_plain, rows)), schema=schema_of(TABLES[table]))
    parquet.write_table(made, path, compression="zstd", store_schema=True)
