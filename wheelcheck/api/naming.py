"""Names bundles and their archives: from what was asked, from the project, or from the plan alone."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

from wheelcheck.errors import UsageProblem
from wheelcheck.model.plan import Plan
from wheelcheck.model.target import Target

_WORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._+-]*[A-Za-z0-9])?")
_STRANGE = re.compile(r"[^A-Za-z0-9._+-]+")
_DIGITS = 12  # of the plan's digest: enough to tell any two plans of one product apart


def bundle_name(asked: str, plan: Plan, folder: Path) -> str:
    """The name *asked* for, else that of the project whose pyproject.toml *plan* was made from, else one that the plan tells.

    The file is looked for from *folder* on, and counts where it is what the plan was made from. The plan tells the folder of its
    first input, or the one package that was asked for. The folder that is made has no say: it would change the archives' bytes
    and the names of layers. Raises ``UsageProblem`` for a name that no file name may hold.
    """
    if asked:
        return _word(asked, "--name")
    places = (Path(record.path.replace("\\", "/")).parent.name for record in plan.inputs)
    asked_for = [package.name for package in plan.packages if package.requested]
    told = next(filter(None, map(_plain, places)), "") or (asked_for[0] if len(asked_for) == 1 else "")
    return _plain(_project_name(plan, folder)) or told or "bundle"


def bundle_version(asked: str, digest: str) -> str:
    """The version *asked* for, else the beginning of the plan's *digest*; raises ``UsageProblem`` likewise."""
    if asked:
        return _word(asked, "--bundle-version")
    return digest.removeprefix("sha256:")[:_DIGITS]


def target_words(target: Target) -> str:
    """The words for *target* in a file name: ``win_amd64-cp311``; the ABI distinguishes a free-threaded build."""
    abis = (abi for _, abi, _ in target.tags if abi not in ("none", "abi3", "abi3t"))
    interpreter = target.tags[0][0] if target.tags else f"py{target.python.replace('.', '')}"
    own = next(abis, interpreter) if target.implementation == "cpython" else interpreter
    return f"{_plain(target.platform)}-{_plain(own)}"


def _word(text: str, option: str) -> str:
    if not _WORD.fullmatch(text):
        raise UsageProblem(
            f"{option} {text!r} cannot be part of a file name",
            hint="use letters, digits, dots, hyphens, underscores and plus signs, with a letter or digit at both ends",
        )
    return text


def _plain(text: str) -> str:
    return _STRANGE.sub("-", text).strip("._+-")


def _project_name(plan: Plan, folder: Path) -> str:
    for record in plan.inputs:
        if Path(record.path).name != "pyproject.toml":
            continue
        try:
            content = (folder / record.path).read_bytes()
        except OSError:
            continue
        if hashlib.sha256(content).hexdigest() == record.sha256:
            project = tomllib.loads(content.decode("utf-8-sig")).get("project")
            name = project.get("name") if isinstance(project, dict) else None
            return name if isinstance(name, str) else ""
    return ""
