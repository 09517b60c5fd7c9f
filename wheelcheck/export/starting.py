"""What every format needs that takes a bundle along in a folder and starts a program from it: the parts of its script.

``start_of`` makes them of a shipment; a format that is carried out by sh writes them with ``sh_words``.
"""

from __future__ import annotations

import re
import shlex

from msgspec import Struct

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment, file_name_of, one_line
from wheelcheck.plans.documents import refuse_unexecutable

_SYSTEMS = {"linux": "Linux", "darwin": "macOS", "win32": "Windows"}


class Start(Struct, frozen=True, kw_only=True):
    """The *bundle*'s folder, its interpreter *executable* (from that folder), and the program.

    The program is the file *script*, empty for one that the plan brings, of which ``code`` calls the function.
    ``name`` is the program's in lower-case letters, digits and ``.+-``, for files and folders.
    """

    name: str
    bundle: str
    executable: str
    script: str = ""
    code: str = ""

    @property
    def filename(self) -> str:
        """The name of the script's file, which is beside the folder of the environment in all that is made."""
        return file_name_of(self.script)

    def arguments(self, home: str) -> tuple[str, ...]:
        """What the interpreter is given where the program's folder is *home*."""
        return ("-IB", f"{home}/{self.filename}") if self.script else ("-IB", "-c", self.code)


def start_of(shipment: Shipment, form: str, *systems: str) -> Start:
    """How *shipment*'s program starts, for the format *form*, which is for *systems* (values of ``sys_platform``).

    Raises ``UsageProblem`` without a bundle or an entry, for a bundle in archives or without a runtime, for other targets,
    and for a plan that cannot be executed.
    """
    plan = shipment.plan
    refuse_unexecutable(plan)
    if plan.target.markers.get("sys_platform") not in systems:
        raise UsageProblem(
            f"--to {form} is for {', '.join(_SYSTEMS[each] for each in systems)}, and the plan is for {plan.target}"
        )
    bundle = shipment.required("--bundle DIR", shipment.bundle, form)
    entry = shipment.required("--entry SCRIPT", shipment.entry, form)
    if shipment.manifest is not None and shipment.manifest.archives:
        raise UsageProblem(
            "the bundle is in archives", address=bundle, hint="bundle without --archive: what is made compresses"
        )
    name = re.sub(r"[^a-z0-9.+-]+", "-", shipment.title.lower()).strip("-.+")
    if len(name) < 2:
        raise UsageProblem(f"--name {shipment.title!r} makes no name of a package", hint="give two letters or digits")
    is_windows = plan.target.markers.get("sys_platform") == "win32"
    executable = shipment.executable if shipment.manifest is not None or is_windows else "bin/python3"
    if not re.fullmatch(r"[\w./+-]+", executable):
        raise UsageProblem(f"{executable!r} is no interpreter of a bundle", address=shipment.bundle)
    module, _, function = entry.partition(":")
    is_module = bool(function) and all(each.isidentifier() for each in [*module.split("."), function])
    code = f"import sys; from {module} import {function}; sys.exit({function}())"
    return Start(
        name=name,
        bundle=bundle,
        executable=executable,
        script="" if is_module else entry,
        code=code if is_module else "",
    )


def sh_words(shipment: Shipment, start: Start) -> dict[str, str]:
    """The words of a template for sh, in which ``$home`` is the folder that gets the environment and the script."""
    copied = shlex.quote(start.filename)
    return {
        "target": str(shipment.plan.target),
        "digest": shipment.digest,
        "bundle": shlex.quote(start.bundle),
        "entry": shlex.quote(start.script),
        "copy": f'cp "$entry" "$home/"{copied}\n' if start.script else "",
        "start": f'"$home/"{copied}' if start.script else f"-c {shlex.quote(start.code)}",
        "executable": start.executable,
        "package": start.name,
        "title": re.sub(r"[$`\\]", "", one_line(shipment.title)),
    }
