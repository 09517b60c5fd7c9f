"""Whether pip is here in the version that the frozen answers are written for; older ones read specifiers and tags otherwise."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from packaging.version import Version

PIP = Version("26.3")


def why_no_pip() -> str:
    """Why the tests that ask pip are skipped; empty where they are not."""
    try:
        installed = Version(version("pip"))
    except PackageNotFoundError:
        return "pip is not installed: pip install -e '.[peers]'"
    return f"pip {installed} is older than {PIP}: pip install -e '.[peers]'" if installed < PIP else ""
