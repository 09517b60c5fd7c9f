"""Reads conda's ``environment.yml``: its pip part as a requirements file, its packages as what an index may have of them."""

from __future__ import annotations

import re

from packaging.specifiers import SpecifierSet

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.requirements.collecting import Collector
from wheelcheck.requirements.requirements_file import parse_spec, require_lines
from wheelcheck.texts.sources import Source
from wheelcheck.texts.yaml import Mapping, Scalar, Sequence, YamlNode, parse_yaml


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
    for item in listed.items:
        with collector.noting():
            _collect_item(item, source, collector)


def environment_pythons(source: Source) -> tuple[SpecifierSet, ...]:
    """The bounds on Python in *source*, none for a text that is no environment. Raises ``InputUnreadable`` for no YAML."""
    document = parse_yaml(source.text, source.place)
    listed = document.get("dependencies") if isinstance(document, Mapping) else None
    scalars = [each for each in listed.items if isinstance(each, Scalar)] if isinstance(listed, Sequence) else []
    specs = (parse_spec(each.text, FileOrigin(path=source.place, line=each.line)) for each in scalars)
    return tuple(_minor(bound) for package, bound in specs if package.name == "python" and bound)


def _collect_item(item: YamlNode, source: Source, collector: Collector) -> None:
    match item:
        case Scalar():
            _collect_package(item, source, collector)
        case Mapping(entries={"pip": Scalar(kind="null")}):
            pass
        case Mapping(entries={"pip": Sequence(items=members)}) if all(isinstance(each, Scalar) for each in members):
            lines = ((each.line, each.text) for each in members if isinstance(each, Scalar))
            require_lines(lines, source, collector)
        case Mapping():
            raise InputUnreadable("neither a package nor a list for pip", address=source.at(item.line))
        case _:
            raise InputUnreadable("a list among the packages", address=source.at(item.line))


def _collect_package(item: Scalar, source: Source, collector: Collector) -> None:
    origin = FileOrigin(path=source.place, line=item.line)
    package, bound = parse_spec(item.text, origin)
    if package.name != "python" or bound is None:
        collector.require(package)
    elif bound:
        collector.requires_python.append((_minor(bound), origin))


def _minor(bound: SpecifierSet) -> SpecifierSet:
    """*bound* on Python, exact patch releases widened to their minor: which one conda locked says nothing of the target's."""
    clauses = (re.sub(r"^==(\d++\.\d++)[\d.*]*+$", r"==\1.*", str(clause)) for clause in bound)
    return SpecifierSet(",".join(clauses))
