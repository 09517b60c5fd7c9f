"""Only a source whose compiled part is optional is built as if there were no compiler."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.environments.wheelhouse.plans import package, planned_file
from tests.fakes.backends import make_buildable
from wheelcheck.environments.building import BuildContext, run_build
from wheelcheck.environments.wheelhouse import Wanted
from wheelcheck.errors import ArchiveRefused
from wheelcheck.model.distribution import Installability


@pytest.mark.parametrize(
    ("installability", "compiler"),
    [(Installability.SDIST_OPTIONAL, "false"), (Installability.SDIST_PURE, "gcc-of-mine")],
)
def test_source_whose_compiled_part_is_optional_is_built_without_a_compiler(
    tmp_path: Path, installability: Installability, compiler: str
) -> None:
    made = make_buildable("a", "1.0", before="import os, sys; sys.exit('compiles with ' + os.environ['CC'])")
    with tarfile.open(fileobj=io.BytesIO(made[1])) as archive:
        archive.extractall(tmp_path, filter="data")
    file = planned_file(made)
    wanted = Wanted(package=replace(package(file), installability=installability), file=file)
    around = BuildContext(environ={**os.environ, "CC": "gcc-of-mine"})
    with pytest.raises(ArchiveRefused, match=f"compiles with {compiler}"):
        run_build(wanted, tmp_path / "a-1.0", tmp_path, around)
