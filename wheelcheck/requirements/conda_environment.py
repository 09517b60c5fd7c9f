"""Reads conda's ``environment.yml``: its pip part as a requirements file, its packages as what an index may have of them."""

from __future__ import annotations

import re

from packaging.specifiers import SpecifierSet

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.requirements.collecting import Collector
from wheelcheck.requirements.conda import parse_spec
from wheelcheck.requirements.requirements_file import require_file
from wheelcheck.texts.sources import Source
from wheelcheck.texts.yaml import Mapping, Scalar, Sequence, parse_yaml


def collect_environment(source: Source, collector: Collector) -> None:
    """Ask for what *source* lists; its Python is a bound. Raises ``InputUnreadable`` for YAML that is no environment."""
    document = parse_yaml(source.text, source.place)
    listed = document.get("dependencies") if isinstance(document, Mapping) else None
    if not isinstance(listed, Sequence):
        raise InputUnreadable(
            "no conda environment: it has no list of dependencies",
            address=source.place,
            hint="name the file that lists the dependencies; a workflow goes to --targets-from",
        )
    pip: list[Scalar] = []
    for item in listed.items:
        if isinstance(item, Mapping):
            members = item.get("pip")
            if isinstance(members, Scalar) and members.kind == "null":
                continue
            if not isinstance(members, Sequence) or not all(isinstance(each, Scalar) for each in members.items):
                raise InputUnreadable("neither a package nor a list for pip", address=source.at(item.line))
            pip += [each for each in members.items if isinstance(each, Scalar)]
        elif isinstance(item, Scalar):
            _collect_package(item, source, collector)
        else:
            raise InputUnreadable("a list among the packages", address=source.at(item.line))
    _collect_pip(pip, source, collector)


def _collect_package(item: Scalar, source: Source, collector: Collector) -> None:
    origin = FileOrigin(path=source.place, line=item.line)
    package, bound = parse_spec(item.text, origin)
    if package.name != "python" or bound is None:
        collector.require(package)
    elif bound:
        collector.requires_python.append((_minor(bound), origin))


def _minor(bound: SpecifierSet) -> SpecifierSet:
    """*bound* on Python, exact patch releases widened to their minor: which one conda locked says nothing of the target's."""
    clauses = (re.sub(r"^==(\d+\.\d+)[\d.*]*$", r"==\1.*", str(clause)) for clause in bound)
    return SpecifierSet(",".join(clauses))


def _collect_pip(members: list[Scalar], source: Source, collector: Collector) -> None:
    """Read *members* as the lines of a requirements file, each on its line of *source*."""
    lines = [""] * max((each.line for each in members), default=0)
    for each in members:
        lines[each.line - 1] = each.text
    require_file(Source(place=source.place, text="\n".join(lines), folder=source.folder, url=source.url), collector)
