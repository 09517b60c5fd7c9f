"""Reads the targets of a GitHub Actions workflow, where its matrices are literal; asks GitHub nothing and runs no expression.

A job counts if it names a Python: in a step's ``python-version``, in its container, else in a key of its matrix.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.distribution import as_specifier
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.model.systems import ImageKnowledge
from wheelcheck.model.target import NamedTarget, NamedTargets, TargetNote
from wheelcheck.targets.image_names import ImageUnknown, parse_image
from wheelcheck.targets.matrices import NotLiteral, Values, expand_matrix, resolved
from wheelcheck.targets.platforms import machine_of, platform_of
from wheelcheck.targets.pythons import WrittenPython, parse_python_version
from wheelcheck.targets.sources import TargetQuery
from wheelcheck.texts.yaml import Mapping, Scalar, Sequence, YamlNode, parse_yaml

_MATRIX_KEYS = ("python-version", "python_version", "python", "pyversion", "py")
_LINUX_CONTAINERS = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}
# Ranges that setup-python takes, where they can only be one minor: 3.12.x, ~3.13.0-0, "3.14.0-alpha - 3.14.0".
_ONE_MINOR = re.compile(r"[~=]{0,2}\s*(3\.\d+)(?:\.[x*]|\.\d+-[\w.]+|\.\d+)?(?:\s+-\s+\1(?:\.[\dx*]+)?)?")


def parse_workflow(text: str, path: str, query: TargetQuery) -> NamedTargets:
    """The targets of every job in the workflow *text*, each once, with notes on values that are no literals.

    Raises ``InputUnreadable`` for a file that is no workflow, for one without a literal Python, and, with the line, for a version
    without quotes that YAML reads as another number (``3.10``).
    """
    workflow = parse_yaml(text, path)
    jobs = workflow.get("jobs") if isinstance(workflow, Mapping) else None
    if not isinstance(workflow, Mapping) or not isinstance(jobs, Mapping):
        raise InputUnreadable("no GitHub Actions workflow: it has no jobs", address=path)
    reading = _Reading(path=path, known=query.known, maintained=query.pythons)
    for name, job in jobs.entries.items():
        if isinstance(job, Mapping):
            reading.take(name, job, _entries(workflow.get("env")))
    if not reading.targets:
        said = "; ".join(dict.fromkeys(f"line {note.origin.line}: {note.reason}" for note in reading.notes))
        raise InputUnreadable(
            f"names no Python that can be read without running it{f' ({said})' if said else ''}",
            address=path,
            hint="give --platform and --python",
        )
    # A machine that is not known is told; it stands for any platform only with Pythons that no other machine has.
    placed = {target.python for target in reading.targets if target.platform is not None}
    targets = [target for target in reading.targets if target.platform is not None or target.python not in placed]
    return NamedTargets.gathered(targets, reading.notes)


class _Job(Struct, frozen=True, kw_only=True):
    """One combination of a job: everything that its expressions may use, and where it stands."""

    name: str
    table: Mapping
    contexts: dict[str, YamlNode]
    matrix: Values


class _Container(Struct, frozen=True, kw_only=True):
    """The target that a container's image tells; empty where the image is not known."""

    platform: str | None
    python: str | None


class _Reading(Struct, kw_only=True):
    """One reading of a workflow, with the targets and notes so far."""

    path: str
    known: ImageKnowledge
    maintained: tuple[str, ...]
    targets: list[NamedTarget] = field(default_factory=list)
    notes: list[TargetNote] = field(default_factory=list)

    def take(self, name: str, table: Mapping, env: Values) -> None:
        """Read the job *name* in each combination of its matrix."""
        combinations, unknown = expand_matrix(table.get("strategy", "matrix"), self.path)
        found_before = len(self.targets)
        notes_before = len(self.notes)
        for matrix in combinations:
            contexts: dict[str, YamlNode] = {"env": Mapping({**env, **_entries(table.get("env"))}, table.line)}
            if not unknown or matrix:
                contexts["matrix"] = Mapping(matrix, table.line)
            self._take_one(_Job(name=name, table=table, contexts=contexts, matrix=matrix))
        if len(self.targets) > found_before or len(self.notes) > notes_before:
            # The matrix of a job without a Python is no business of ours.
            for each in unknown:
                self._skip(each.line, f"job {name}: {each.text} is no literal")

    def _take_one(self, job: _Job) -> None:
        pythons = list(self._pythons(job))
        container = self._container(job)
        if not pythons and container is not None and container.python is not None:
            node = _container_image(job)
            line = node.line if node is not None else job.table.line
            self._add(job, container.platform, container.python, line)
            return
        if not pythons:
            return
        platform = self._runner(job)
        for python, line, said, architecture in pythons:
            place = _on(platform, architecture) if container is None else container.platform
            assumed = f"job {job.name}: {said} {python.remark}" if python.remark else ""
            self._add(job, place, python.word, line, assumed)

    def _add(self, job: _Job, platform: str | None, python: str | None, line: int, assumed: str = "") -> None:
        origin = FileOrigin(path=self.path, line=line or job.table.line)
        self.targets.append(NamedTarget(platform=platform, python=python, origin=origin, assumed=assumed))

    def _pythons(self, job: _Job) -> Iterator[tuple[WrittenPython, int, str, str | None]]:
        """Each Python of *job* with its line, its words and the architecture that is asked with it."""
        asked = False
        for inputs in _step_inputs(job.table):
            node = inputs.get("python-version")
            if node is not None:
                asked = True
                architecture = _text(inputs.get("architecture"), job)
                free = _text(inputs.get("freethreaded"), job) == "true"
                for python, line, said in self._versions(node, job):
                    word = f"{python.word}t" if free and python.word and not python.word.endswith("t") else python.word
                    yield WrittenPython(word=word, remark=python.remark), line, said, architecture
            elif (file := inputs.text("python-version-file")) is not None:
                asked = True
                self._skip(file.line, f"job {job.name}: its Python is in {file.text}")
        for key in _MATRIX_KEYS if not asked else ():
            if key in job.matrix:
                for python, line, said in self._versions(job.matrix[key], job):
                    yield python, line, said, None
                return

    def _versions(self, node: YamlNode, job: _Job) -> Iterator[tuple[WrittenPython, int, str]]:
        literal = resolved(node, job.contexts)
        if isinstance(literal, NotLiteral):
            self._skip(literal.line, f"job {job.name}: {literal.text} is no literal")
            return
        for scalar in literal.items if isinstance(literal, Sequence) else (literal,):
            if not isinstance(scalar, Scalar) or not scalar.text.strip():
                continue
            self._refuse_other_number(scalar)
            # A block of several lines is several versions to setup-python.
            for word in filter(None, map(str.strip, scalar.text.splitlines())):
                python = _python(word, self.maintained)
                if python is None:
                    self._skip(scalar.line, f"job {job.name}: {word!r} is no version of CPython or PyPy 3")
                else:
                    yield python, scalar.line, word

    def _refuse_other_number(self, scalar: Scalar) -> None:
        if scalar.kind != "float" or re.fullmatch(r"\d+\.\d+", scalar.text) is None:
            return
        number = repr(float(scalar.text))
        if number != scalar.text or number == "3.1":
            is_other = f"is the number {number} to YAML" if number != scalar.text else "is a Python without wheels"
            meant = "3.10" if number == "3.1" else scalar.text
            raise InputUnreadable(
                f"python-version {scalar.text} {is_other}",
                address=f"{self.path}:{scalar.line}",
                hint=f'put it in quotes: "{meant}"',
            )

    def _runner(self, job: _Job) -> str | None:
        """The platform of ``runs-on``, ``None`` where it is not known."""
        node = job.table.get("runs-on")
        if isinstance(node, Mapping):
            node = node.get("labels")
        if node is None:
            return None
        literal = resolved(node, job.contexts)
        if isinstance(literal, NotLiteral):
            self._skip(literal.line, f"job {job.name}: runs-on {literal.text} is no literal")
            return None
        labels = [_text(each, job) or "" for each in (literal.items if isinstance(literal, Sequence) else (literal,))]
        platform = next(
            (self.known.runners[label] for label in map(str.lower, labels) if label in self.known.runners), None
        )
        if platform is None:
            self._skip(literal.line, f"job {job.name}: the machine {', '.join(labels)!r} is not known")
        return platform

    def _container(self, job: _Job) -> _Container | None:
        """The target that the job's container tells; ``None`` without a container."""
        node = _container_image(job)
        literal = resolved(node, job.contexts) if node is not None else None
        if literal is None or (isinstance(literal, Scalar) and not literal.text):
            return None
        if not isinstance(literal, Scalar):
            self._skip(literal.line, f"job {job.name}: its container is no literal")
            return _Container(platform=None, python=None)
        machine = (self._runner(job) or "").partition("_")[2]
        host = next((each for end, each in _LINUX_CONTAINERS.items() if machine.endswith(end)), None)
        try:
            image = parse_image(literal.text, self.known, platform=host)
        except ImageUnknown as problem:
            self._skip(literal.line, f"job {job.name}: the container {literal.text} {problem}")
            return _Container(platform=None, python=None)
        return _Container(platform=image.platform, python=image.python)

    def _skip(self, line: int, reason: str) -> None:
        self.notes.append(TargetNote(origin=FileOrigin(path=self.path, line=line), reason=reason))


def _step_inputs(job: Mapping) -> Iterator[Mapping]:
    steps = job.get("steps")
    for step in steps.items if isinstance(steps, Sequence) else ():
        inputs = step.get("with") if isinstance(step, Mapping) else None
        if isinstance(inputs, Mapping):
            yield inputs


def _container_image(job: _Job) -> YamlNode | None:
    node = job.table.get("container")
    return node.get("image") if isinstance(node, Mapping) else node


def _python(word: str, maintained: tuple[str, ...]) -> WrittenPython | None:
    found = parse_python_version(word) if word != "3" else None
    if found is not None:
        return found
    one = _ONE_MINOR.fullmatch(word)
    if one is not None:
        return parse_python_version(one[1])
    if re.match(r"3(\.[x*])?$|[<>=^~]{1,2}\s*3", word):
        newest = _newest_within(word, maintained)
        remark = f"was read as {newest}, the newest of its range" if newest else "names no one minor version"
        return WrittenPython(word=newest, remark=remark)
    return None


def _newest_within(word: str, maintained: tuple[str, ...]) -> str | None:
    """The newest of *maintained* Pythons in the range *word*, which setup-python takes; ``None`` where that is not told."""
    if re.fullmatch(r"\^?3(\.[x*])?|\^3\.\d+(\.\d+)?", word):
        word = "<4"
    bounds = as_specifier(re.sub(r"(?<=[\w*])\s+(?=[<>=~!])", ",", word))
    if bounds is None:
        return None
    admitted = [each for each in maintained if not each.endswith("t") and bounds.contains(each)]
    return admitted[-1] if admitted else None


def _on(platform: str | None, architecture: str | None) -> str | None:
    """*platform*, with the machine that setup-python was told to take."""
    if platform is None or not architecture:
        return platform
    floor = next(
        (platform.removesuffix(end) for end in ("_amd64", "_arm64", "_x86_64", "_aarch64") if platform.endswith(end)),
        "",
    )
    return platform_of(floor, machine_of(architecture)) if floor else platform


def _text(node: YamlNode | None, job: _Job) -> str | None:
    literal = resolved(node, job.contexts) if node is not None else None
    return literal.text if isinstance(literal, Scalar) else None


def _entries(node: YamlNode | None) -> Values:
    return node.entries if isinstance(node, Mapping) else {}
