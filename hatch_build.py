"""Build hook: writes the default index that pypi-simple publishes into a module of the package.

It runs for wheels and for editable installations, so that no file of this repository names a host and pypi-simple is
needed only while wheelcheck is built.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

GENERATED = "wheelcheck/model/_default_index.py"


class DefaultIndexHook(BuildHookInterface):
    """Makes ``wheelcheck/model/_default_index.py`` before a wheel or an editable installation is assembled."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's interface
        """Write the module, and name it in *build_data*, because git ignores it and hatchling would leave it out."""
        from pypi_simple import PYPI_SIMPLE_ENDPOINT

        Path(self.root, GENERATED).write_text(render_module(PYPI_SIMPLE_ENDPOINT), encoding="utf-8")
        build_data["artifacts"].append(f"/{GENERATED}")


def render_module(url: str) -> str:
    """The text of the generated module for the index *url*."""
    return f'"""Written by hatch_build.py when wheelcheck was built or installed."""\n\nDEFAULT_INDEX_URL = {url!r}\n'
