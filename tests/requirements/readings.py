"""How the tests of this room ask: files as a mapping, the answer as an InputSet or an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.errors import WheelcheckError
from wheelcheck.model.requirement import InputSet
from wheelcheck.requirements.formats import parse


def write(files: Mapping[str, str | bytes]) -> None:
    """Write *files* under the current folder."""
    for name, content in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def read(
    *inputs: str,
    extras: tuple[str, ...] = (),
    groups: tuple[str, ...] = (),
    constraints: tuple[str, ...] = (),
    web: Mapping[str, str] | None = None,
    stdin: Callable[[], str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> InputSet:
    """Parse *inputs*, with *web* in place of the network."""
    return parse(
        inputs,
        extras=names(extras),
        groups=groups,
        constraints=constraints,
        fetch_text=dict(web).__getitem__ if web is not None else None,
        stdin=stdin,
        environ=environ or {},
    )


def read_text(text: str | bytes, *, environ: Mapping[str, str] | None = None) -> InputSet:
    """Parse *text* as the file requirements.txt."""
    write({"requirements.txt": text})
    return read("requirements.txt", environ=environ)


def failure(*inputs: str, **options: object) -> WheelcheckError:
    """The error that parsing ends with."""
    with pytest.raises(WheelcheckError) as caught:
        read(*inputs, **options)  # type: ignore[arg-type]
    return caught.value


def text_failure(text: str | bytes) -> WheelcheckError:
    """The error that *text* as requirements.txt ends with."""
    write({"requirements.txt": text})
    return failure("requirements.txt")


def asked(found: InputSet) -> list[str]:
    """The requirements as ``name+specifier``, in order."""
    return [f"{requirement.name}{requirement.specifier}" for requirement in found.requirements]


def names(words: tuple[str, ...]) -> frozenset[NormalizedName]:
    return frozenset(canonicalize_name(word) for word in words)
