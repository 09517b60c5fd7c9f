"""The questions that are measured: small, middle, large, hard, and a grid of targets; knows no tool."""

from __future__ import annotations

from itertools import product
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

Size = Literal["small", "middle", "large", "hard"]


class Work(Struct, frozen=True, kw_only=True):
    """One input on one target."""

    name: str
    size: Size
    requirements: tuple[str, ...]
    platform: str = "win_amd64"
    python: str = "3.11"

    def on(self, platform: str, python: str) -> Work:
        """The same input on another target."""
        return replace(self, platform=platform, python=python)


# What trio's documentation is built with, and trio's own dependencies: a public file of the usual size.
_TRIO_DOCS = (
    "sphinx >= 6.0",
    "jinja2",
    "sphinx_rtd_theme",
    "sphinxcontrib-jquery",
    "sphinxcontrib-trio",
    "towncrier",
    "sphinx-hoverxref",
    "sphinx-codeautolink",
    "cffi >= 1.17.0rc1; os_name == 'nt'",
    "attrs >= 23.2.0",
    "sortedcontainers",
    "idna",
    "outcome",
    "sniffio",
    "exceptiongroup >= 1.0.0rc9",
    "immutables >= 0.6",
    "pyOpenSSL",
)
_PEFT_STUDIO = (
    "fastapi",
    "uvicorn[standard]",
    "torch",
    "transformers",
    "peft",
    "datasets",
    "accelerate",
    "bitsandbytes",
    "sqlalchemy",
    "websockets",
    "pydantic",
    "psutil",
)

LARGE = Work(name="peft-studio", size="large", requirements=_PEFT_STUDIO)

WORKS: tuple[Work, ...] = (
    Work(name="trio-docs", size="small", requirements=_TRIO_DOCS),
    Work(name="jupyter", size="middle", requirements=("jupyter",)),
    LARGE,
    # Inputs on which a resolver must go back: after the public ones that uv is tried with.
    Work(name="boto3-urllib3", size="hard", requirements=("boto3", "urllib3<1.25.4"), python="3.12"),
    Work(name="starlette-fastapi", size="hard", requirements=("starlette<=0.36.0", "fastapi<=0.115.2"), python="3.12"),
    Work(
        name="sentry",
        size="hard",
        requirements=("python-rapidjson<=1.20,>=1.4", "sentry-kafka-schemas<=0.1.113,>=0.1.50"),
        python="3.12",
        platform="manylinux_2_28_x86_64",
    ),
)

PLATFORMS = (
    "win_amd64",
    "win_arm64",
    "macosx_13_0_arm64",
    "macosx_13_0_x86_64",
    "manylinux_2_28_x86_64",
    "manylinux_2_28_aarch64",
    "musllinux_1_2_x86_64",
    "musllinux_1_2_aarch64",
)
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")

GRID: tuple[Work, ...] = tuple(LARGE.on(platform, python) for python, platform in product(PYTHONS, PLATFORMS))
"""Forty cells, the peers' order as well."""
