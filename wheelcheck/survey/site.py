"""A survey as pages that need no server: one for the whole, one for each target and one for each project.

``tables → Records → Boards → files``. The folder is made beside its place and moved, so that a site is whole or not
there; only a folder that such a run made, or an empty one, is replaced.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from wheelcheck.errors import DiskFailure, UsageProblem
from wheelcheck.model.finding import Code
from wheelcheck.report.html.page import Bar, BarPart, Board, BoardCell, BoardGrid, Entry, Fact, Listing, Tone
from wheelcheck.report.page import size_text
from wheelcheck.survey.summary import GOOD, freeing, share
from wheelcheck.survey.tables import load_rows
from wheelcheck.texts.words import counted, folded, grouped

_TONES: dict[str, Tone] = {"installs": "good", "needs-build": "build", "blocked": "bad", "undecided": "unsure",
                           "failed": "unsure", "unsupported": "none"}  # fmt: skip
_LEGEND: tuple[tuple[Tone, str], ...] = (
    ("good", "installs"), ("build", "needs a build"), ("bad", "blocked"), ("unsure", "no answer"), ("none", "unsupported"),
)  # fmt: skip
_MARK = ".wheelcheck-site"
_MOST_ROWS = 10_000
_ADDRESSES = {code.number: code.address for code in Code}
_NAMED = 4
_WELL, _HALF = 0.95, 0.5  # from which share of inputs a target is shown as good, and as not wholly bad
_RESERVED = re.compile(r"con|prn|aux|nul|(com|lpt)\d")  # no names of files on Windows
Target = tuple[str, str]
Cell = tuple[str, str, str]
"""A question, a platform and a Python."""


def file_of(kind: str, *words: str) -> str:
    """The file of the page of a *kind* about *words*, from the site's folder; what is no plain name is its digest."""
    name = "-".join(words).lower()
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,99}", name) or _RESERVED.fullmatch(name.partition(".")[0]):
        name = "x." + hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()[:20]
    return f"{kind}/{name}.html"


class Records:
    """What the pages tell, read once from the finished tables in *folder*."""

    def __init__(self, folder: Path) -> None:
        rows = partial(load_rows, folder)
        self.ids: dict[str, list[str]] = defaultdict(list)
        for row in rows("inputs", "id", "question"):
            self.ids[row["question"]].append(row["id"])
        self.unread = self.ids.pop("", [])
        self.cells: dict[Cell, dict[str, Any]] = {
            _cell(row): row for row in rows("cells", *_WHERE, "status", "failure", "packages", "size")
        }
        self.targets: list[Target] = sorted({cell[1:] for cell in self.cells}, key=_by_python)
        self.blocking: dict[Cell, dict[str, dict[str, Any]]] = defaultdict(dict)
        for row in rows("findings", *_WHERE, "code", "severity", "package", "version", "root", "message"):
            if row["severity"] == "error":
                self.blocking[_cell(row)].setdefault(row["package"] or "", row)
        self.repairs = {_cell(row): row for row in rows("repairs", *_WHERE, "edits", "risk")}
        self.places = {
            (row["id"], row["name"]): (row["file"], row["line"]) for row in rows("places", "id", "name", "file", "line")
        }
        self.failures = rows("failures", "id", "question", "reason")
        self.installed = _installed(folder)
        self.by_project: dict[str, list[Cell]] = defaultdict(list)
        for cell, found in self.blocking.items():
            for project in found:
                self.by_project[project].append(cell)
        self.projects = sorted({*self.installed, *self.by_project} - {""})
        self.known = frozenset(self.projects)

    def askers(self, cells: Iterable[Cell]) -> int:
        """How many inputs ask the questions of *cells*, each once."""
        return sum(len(self.ids[question]) for question in {cell[0] for cell in cells})

    def statuses(self, target: Target) -> Counter[str]:
        """How many inputs come out how on *target*."""
        found: Counter[str] = Counter()
        for question, ids in self.ids.items():
            if (row := self.cells.get((question, *target))) is not None:
                found[row["status"]] += len(ids)
        return found

    def project_entry(self, name: str, up: str) -> Entry:
        """*name* with the link to its page from a page that is *up* from the site's folder."""
        if not name:
            return Entry(text="a clash of requirements")
        return Entry(text=name, link=up + file_of("projects", name) if name in self.known else "")


_WHERE = ("question", "platform", "python")


def _cell(row: Mapping[str, Any]) -> Cell:
    return row["question"], row["platform"], row["python"]


def _by_python(target: Target) -> tuple[str, list[int], str]:
    return target[0], [int(number) for number in re.findall(r"\d+", target[1])], target[1]


def _installed(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Of each project its versions by target, counted by questions in compiled code: this is by far the largest table."""
    import pyarrow.parquet as parquet

    columns = ["name", "version", "platform", "python", "installability"]
    table = parquet.read_table(folder / "packages.parquet", columns=["question", *columns])
    rows: list[dict[str, Any]] = table.group_by(columns).aggregate([("question", "count")]).to_pylist()
    return grouped(rows, lambda row: str(row["name"]))


def write_site(survey: Path, out: Path) -> int:
    """Write the survey in the folder *survey* as pages into *out*, and return how many.

    Raises ``InputUnreadable`` where there is no survey, ``UsageProblem`` for a folder with other files, ``DiskFailure``.
    """
    from wheelcheck.report.html.rendering import render_board

    records = Records(survey)
    if out.exists() and not (out / _MARK).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise UsageProblem(f"{out} is no site of a survey and is not empty", hint="name another folder with -o")
    half = out.with_name(out.name + ".partial")
    number = 0
    try:
        shutil.rmtree(half, ignore_errors=True)
        for folder in ("targets", "projects"):
            (half / folder).mkdir(parents=True)
        (half / _MARK).write_text("", encoding="utf-8")
        for path, board in iter_boards(records):
            (half / path).write_text(render_board(board), encoding="utf-8", errors="backslashreplace")
            number += 1
        shutil.rmtree(out, ignore_errors=True)
        half.rename(out)
    except OSError as error:
        raise DiskFailure(f"cannot be written: {error.strerror or error}", address=str(out)) from error
    return number


def iter_boards(records: Records) -> Iterator[tuple[str, Board]]:
    """Every page with its place in the site's folder."""
    yield "index.html", _whole(records)
    for target in records.targets:
        yield file_of("targets", *target), _of_target(records, target)
    for project in records.projects:
        yield file_of("projects", project), _of_project(records, project)


def _tone(good: int, asked: int) -> Tone:
    part = good / asked if asked else 1.0
    return "none" if not asked else "good" if part >= _WELL else "unsure" if part >= _HALF else "bad"


def _whole(records: Records) -> Board:
    statuses = {target: records.statuses(target) for target in records.targets}
    total: Counter[str] = sum(statuses.values(), Counter())
    good, asked = share(total)
    opened = sum(len(records.ids[cell[0]]) for cell in records.repairs if cell in records.cells)
    blocked = {
        cell: frozenset(records.blocking[cell]) for cell, row in records.cells.items() if row["status"] == "blocked"
    }
    inputs = [*_iter_inputs(records)]
    return Board(
        title="Survey",
        verdict=f"{good:,} of {asked:,} cells install",
        rest="A cell is an input on a target.",
        tone=_tone(good, asked),
        facts=(
            Fact(label="inputs", text=f"{sum(map(len, records.ids.values())) + len(records.unread):,}"),
            Fact(label="distinct questions", text=f"{len(records.ids):,}"),
            Fact(label="targets", text=f"{len(records.targets):,}"),
            Fact(label="blocked cells", text=f"{total['blocked']:,}", more=f"{opened:,} with a repair" if opened else ""),
        ),
        grid=_grid(records.targets, statuses),
        bars=tuple(_bar(target, statuses[target]) for target in records.targets),
        legend=_LEGEND,
        listings=tuple(each for each in (
            Listing(title="Whose wheels would free most", columns=("project", "more cells"), rows=_freed(records, blocked),
                    hint="In this order, each counted once those before it have wheels."),
            Listing(title="And where the repairs are applied", columns=("project", "more cells"),
                    rows=_freed(records, blocked, records.repairs) if opened else (),
                    hint="The same for the cells that no repair opens."),
            _blockers(records, records.by_project, ""),
            Listing(title="Inputs", columns=("input", "installs on", "of targets", "blockers"),
                    rows=tuple(inputs[:_MOST_ROWS]), hint=_left_out(inputs)),
            Listing(title="Without an answer", columns=("input or question", "why"), rows=tuple(
                (Entry(text=row["id"] or row["question"]), Entry(text=row["reason"])) for row in records.failures)),
        ) if each.rows),
    )  # fmt: skip


def _freed(
    records: Records, blocked: Mapping[Cell, frozenset[str]], repaired: Collection[Cell] = ()
) -> tuple[tuple[Entry, ...], ...]:
    askers = {question: len(ids) for question, ids in records.ids.items()}
    found = freeing(blocked, askers, repaired)
    return tuple((records.project_entry(each.project, ""), _number(each.cells)) for each in found)


def _grid(targets: list[Target], statuses: Mapping[Target, Mapping[str, int]]) -> BoardGrid:
    pythons = sorted({python for _, python in targets}, key=lambda python: _by_python(("", python)))

    def cell(platform: str, python: str) -> BoardCell | None:
        if (platform, python) not in statuses:
            return None
        good, asked = share(statuses[platform, python])
        return BoardCell(
            text=f"{100 * good // asked} %" if asked else "\N{EN DASH}",
            title=f"{platform}, Python {python}: {good:,} of {asked:,} install",
            tone=_tone(good, asked),
            link=file_of("targets", platform, python),
        )

    return BoardGrid(
        pythons=tuple(pythons),
        rows=tuple(
            (platform, tuple(cell(platform, python) for python in pythons))
            for platform in dict.fromkeys(platform for platform, _ in targets)
        ),
    )


def _bar(target: Target, statuses: Mapping[str, int]) -> Bar:
    total, start, parts = sum(statuses.values()), 0.0, []
    for word, tone in _TONES.items():
        if part := statuses.get(word, 0) / total if total else 0.0:
            parts.append(BarPart(tone=tone, word=f"{statuses[word]:,} {word}", start=start, share=part))
            start += part
    return Bar(label=f"{target[0]} {target[1]}", parts=tuple(parts))


def _blockers(records: Records, by_project: Mapping[str, list[Cell]], up: str) -> Listing:
    """The projects that block, most inputs first; ``alone`` counts inputs of which it is the only blocker somewhere."""
    rows = [
        (
            records.project_entry(project, up),
            _number(records.askers(cells)),
            _number(records.askers(cell for cell in cells if len(records.blocking[cell]) == 1)),
            _number(len({cell[1:] for cell in cells})),
        )
        for project, cells in by_project.items()
    ]
    rows.sort(key=lambda row: (-(row[1].key or 0), row[0].text))
    return Listing(title="What blocks", columns=("project", "inputs", "alone", "targets"), rows=tuple(rows))


def _iter_inputs(records: Records) -> Iterator[tuple[Entry, ...]]:
    """A row for each input, those that install on fewest targets first."""
    of_question = grouped(records.cells, lambda cell: cell[0])
    rows = []
    for question, ids in records.ids.items():
        cells = of_question.get(question, [])
        good = sum(records.cells[cell]["status"] in GOOD for cell in cells)
        names = sorted({name or "a clash" for cell in cells for name in records.blocking.get(cell, ())})
        told = _number(good), _number(len(cells)), Entry(text=folded(names, _NAMED))
        rows += [(good, each, (records.project_entry(each, ""), *told)) for each in ids]
    yield from (row for _, _, row in sorted(rows, key=lambda row: row[:2]))


def _of_target(records: Records, target: Target) -> Board:
    statuses = records.statuses(target)
    good, asked = share(statuses)
    here = {project: [each for each in cells if each[1:] == target] for project, cells in records.by_project.items()}
    by_project = {project: cells for project, cells in here.items() if cells}
    rows = []
    for question, ids in records.ids.items():
        cell = (question, *target)
        if (row := records.cells.get(cell)) is None:
            continue
        names = sorted(name or "a clash" for name in records.blocking.get(cell, ()))
        repair = records.repairs.get(cell, {})
        told = (
            Entry(text=row["status"], tone=_TONES.get(row["status"], "none")),
            _number(row["packages"]),
            Entry(text=size_text(row["size"]) if row["size"] is not None else "", key=float(row["size"] or 0)),
            Entry(text=folded(names, _NAMED) or row["failure"]),
            Entry(text=repair.get("edits", "")),
        )
        rows += [(row["status"] in GOOD, each, (records.project_entry(each, "../"), *told)) for each in ids]
    rows.sort(key=lambda row: row[:2])
    columns = ("input", "status", "packages", "size", "blockers", "repair")
    shown = tuple(row for _, _, row in rows[:_MOST_ROWS])
    listed = Listing(title="Inputs", columns=columns, rows=shown, hint=_left_out(rows))
    return Board(
        title="Survey",
        verdict=f"{good:,} of {asked:,} install on {target[0]}, Python {target[1]}",
        tone=_tone(good, asked),
        up="../index.html",
        facts=tuple(Fact(label=word, text=f"{count:,}") for word, count in sorted(statuses.items())),
        listings=tuple(each for each in (_blockers(records, by_project, "../"), listed) if each.rows),
    )


def _of_project(records: Records, project: str) -> Board:
    cells = records.by_project.get(project, [])
    blocks = list(_iter_blocks(records, project))
    inputs = records.askers(cells)
    columns = ("input", "version", "finding", "targets", "asked for in", "what", "where")
    listings = (
        Listing(title="Where it blocks", columns=columns, rows=tuple(blocks[:_MOST_ROWS]), hint=_left_out(blocks)),
        Listing(title="Where it is part of the answer", columns=("target", "version", "from", "questions"),
                rows=tuple(_iter_installs(records, project))),
    )  # fmt: skip
    return Board(
        title="Project",
        verdict=f"{project} blocks {counted(inputs, 'input')}" if inputs else f"{project} blocks nothing",
        rest=f"On {counted(len({cell[1:] for cell in cells}), 'target')} of {len(records.targets)}." if inputs else "",
        tone="bad" if inputs else "good",
        up="../index.html",
        listings=tuple(each for each in listings if each.rows),
    )


def _iter_blocks(records: Records, project: str) -> Iterator[tuple[Entry, ...]]:
    """A row for each input that *project* blocks, with the targets of one finding together."""

    def finding(cell: Cell) -> tuple[str, str, str]:
        row = records.blocking[cell][project]
        return cell[0], row["code"], row["version"] or ""

    for (question, code, version), found in sorted(grouped(records.by_project.get(project, ()), finding).items()):
        row = records.blocking[found[0]][project]
        targets = [f"{platform}/{python}" for _, platform, python in found]
        for each in records.ids[question]:
            file, line = records.places.get((each, row["root"] or ""), ("", 0))
            yield (
                records.project_entry(each, "../"), Entry(text=version), Entry(text=code, link=_ADDRESSES.get(code, "")),
                _number(len(targets)),
                Entry(text=f"{file}:{line}" if line else file), Entry(text=row["message"]), Entry(text=folded(targets, _NAMED)),
            )  # fmt: skip


def _iter_installs(records: Records, project: str) -> Iterator[tuple[Entry, ...]]:
    """A row for each version of *project* on each target, with how many questions have it in their answer."""
    rows = records.installed.get(project, ())
    for row in sorted(rows, key=lambda row: (_by_python((row["platform"], row["python"])), row["version"])):
        platform, python = row["platform"], row["python"]
        yield (
            Entry(text=f"{platform} {python}", link="../" + file_of("targets", platform, python)),
            Entry(text=row["version"]),
            Entry(text=row["installability"], tone="good" if row["installability"] == "wheel" else "build"),
            _number(row["question_count"]),
        )


def _number(number: int | None) -> Entry:
    return Entry(text=f"{number:,}" if number is not None else "", key=float(number or 0))


def _left_out(rows: list[Any]) -> str:
    return f"The first {_MOST_ROWS:,} of {len(rows):,}; the tables have all." if len(rows) > _MOST_ROWS else ""
