"""The embeddable package for Windows: recognised by its ``._pth``, whose lines are kept and made to find site-packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelcheck.environments.bundle.layouts import WINDOWS_LAYOUT, windows_runtime
from wheelcheck.model.environment import RuntimeKind

if TYPE_CHECKING:
    from wheelcheck.environments.bundle.surveys import Survey
    from wheelcheck.model.environment import Layout, Runtime

_SITE_PACKAGES = "Lib\\site-packages"


def recognise_embeddable(survey: Survey) -> tuple[str, Runtime, Layout] | None:
    """The prefix, runtime and layout of an embeddable package; ``None`` where *survey* holds none."""
    for found in survey.matching(r"(|[^/]+/)python3\d+t?\._pth"):
        runtime = windows_runtime(survey, found[1], RuntimeKind.EMBEDDABLE)
        if runtime is not None:
            return found[1], runtime, WINDOWS_LAYOUT
    return None


def is_path_file(path: str) -> bool:
    """Whether *path*, relative to the environment's root, is the file that says what is importable."""
    return "/" not in path and path.startswith("python") and path.endswith("._pth")


def open_site_packages(content: bytes) -> bytes:
    r"""A ``._pth`` file that finds ``Lib\site-packages`` and runs ``site``, so that ``.pth`` files of packages work.

    Its other lines and its line ends stay as they are; a file that says both already is answered unchanged. The interpreter reads
    it as UTF-8 (CPython's ``getpath.py``).
    """
    text = content.decode("utf-8-sig")
    end = "\r\n" if "\r\n" in text or "\n" not in text else "\n"
    lines = text.splitlines()
    plain = [line.strip().replace("/", "\\").lower() for line in lines]
    if _SITE_PACKAGES.lower() not in plain:
        # After the last path: what is below may be comments and the line that imports site.
        places = [number for number, line in enumerate(plain) if line and not line.startswith(("#", "import "))]
        at = places[-1] + 1 if places else 0
        lines.insert(at, _SITE_PACKAGES)
    if "import site" not in plain:
        commented = [number for number, line in enumerate(lines) if line.strip().lstrip("#").strip() == "import site"]
        if commented:
            lines[commented[0]] = "import site"
        else:
            lines.append("import site")
    return "".join(line + end for line in lines).encode()
