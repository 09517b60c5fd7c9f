"""Build hooks: the default index that pypi-simple publishes becomes a module, and README.md the description of the project.

The first runs for wheels and for editable installations, so that no file of this repository names a host and pypi-simple is
needed only while wheelcheck is built. The second makes addresses of README's links, which lead nowhere on an index's page.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

GENERATED = "wheelcheck/model/_default_index.py"


class DefaultIndexHook(BuildHookInterface):
    """Makes ``wheelcheck/model/_default_index.py`` before a wheel or an editable installation is assembled."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's interface
        """Write the module, and name it in *build_data*, because git ignores it and hatchling would leave it out."""
        from pypi_simple import PYPI_SIMPLE_ENDPOINT

        Path(self.root, GENERATED).write_text(render_module(PYPI_SIMPLE_ENDPOINT), encoding="utf-8")
        build_data["artifacts"].append(f"/{GENERATED}")


class ReadmeHook(MetadataHookInterface):
    """Gives the project README.md as its description."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set ``readme`` in *metadata*; links within the repository lead to the address that ``[project.urls]`` names."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": absolute(text, metadata["urls"]["Repository"]),
        }


def absolute(text: str, repository: str) -> str:
    """The Markdown *text* with each link to a file of this repository as an address in *repository*."""
    link = re.compile(r"(!?)(\[[^\]]*\]\()((?!https?:|#)[^)\s]+\))")
    return link.sub(
        lambda found: f"{found[1]}{found[2]}{repository}/{'raw' if found[1] else 'blob'}/main/{found[3]}", text
    )


def render_module(url: str) -> str:
    """The text of the generated module for the index *url*."""
    return f'"""Written by hatch_build.py when wheelcheck was built or installed."""\n\nDEFAULT_INDEX_URL = {url!r}\n'
