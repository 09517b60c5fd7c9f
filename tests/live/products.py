"""Carries out what the packaging plans of four products end with, as far as this machine can.

`python -m tests.live.products FOLDER [PRODUCT[/PART]]…` writes docs/products/PRODUCT.md and reports/products.md. It fetches
from the index, and runs Node, makensis, PyInstaller and the Windows Python that WHEELCHECK_WINDOWS_RUNTIME names. What was
not done is said. A part that is named alone works on in the folder of its product, and its section of the page is written anew.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from tests.cli.test_publish import hosted
from tests.live.builders_lines import RUNTIME, TARGET, Ran, Workshop, named_windows, note, open_workshop
from tests.live.done_lines import without_hosts
from tests.live.peers import CUTOFF, ROOT
from tests.live.product_frozen import frozen_for_linux, frozen_for_windows
from tests.live.product_training import (
    appimage,
    linux_bundle,
    macos_application,
    plans,
    windows_bundle,
    windows_installer,
    windows_training,
)
from tests.live.product_updates import first_run_and_update, online_installer

_SHOWN = 16
"""So many lines of each command are shown: its first and its last."""
STOPPED = "The run was stopped here: what this part goes on with was not carried out."
_UPDATE = """import json, sys
sys.path.insert(0, sys.argv[1])
import first_run
done = first_run.update(sys.argv[2], sys.argv[3])
print(done.version, done.moved)
"""


def samai(shop: Workshop) -> Iterator[Ran]:
    """A clean bundle, its imports checked under Wine, a release ZIP with the same bytes each time, Inno Setup, the workflow."""
    yield from bundled(shop, "samai")
    for name in ("first", "again"):
        words = ("--runtime", RUNTIME, "--archive", "zip", "--name", "samai", "-o", name)
        yield shop.run("bundle", "plan.json", "--wheelhouse", "wheels", *words)
    yield shop.tool("sh", "-c", "cmp first/*.zip again/*.zip && echo the same bytes")
    yield shop.run(
        "export", "plan.json", "--to", "inno-setup", "--bundle", "dist/samai", "--name", "Samai", "--app-version", "1.0",
        "--entry", "app.py", "-o", "samai.iss",
    )  # fmt: skip
    yield note(
        "Inno Setup's compiler, a 32-bit program of Windows, was not run: its script is held to its form in a test."
    )
    (shop.folder / ".github" / "workflows").mkdir(parents=True)
    yield shop.run(
        "export", "plan.json", "--to", "github-actions", "--name", "Samai", "-o", ".github/workflows/bundle.yml"
    )
    yield from checked_by(shop, "actionlint", "-no-color", ".github/workflows/bundle.yml")


def samai_updates(shop: Workshop) -> Iterator[Ran]:
    """Three releases, published in layers, and what the updates from one to another move."""
    yield from updated(shop, "samai", "docstring-parser==0.17.0", "", "lxml==6.0.2")


def bundled(shop: Workshop, product: str) -> Iterator[Ran]:
    """Plan, fetch, bundle and verify *product* for Windows."""
    yield shop.run("plan", f"fixtures/scenarios/{product}/requirements.txt", *TARGET, "-o", "plan.json")
    yield shop.run("fetch", "plan.json", "-d", "wheels")
    yield shop.run("bundle", "plan.json", "--wheelhouse", "wheels", "--runtime", RUNTIME, "-o", f"dist/{product}")
    yield shop.run("verify", f"dist/{product}", "--plan", "plan.json", "--runner", "wine", "--timeout", "300")


def checked_by(shop: Workshop, name: str, *words: str) -> Iterator[Ran]:
    beside = Path(sys.executable).with_name(name)
    yield shop.tool(str(beside), *words) if beside.exists() else note(f"{name} is not installed here.")


def updated(shop: Workshop, product: str, *changes: str) -> Iterator[Ran]:
    """Publish a release for each of *changes* (one more requirement, or none), and count what the updates 1→2→3 and 1→3 move."""
    site, moved = shop.folder / "site", dict[str, int]()
    site.mkdir()
    with hosted(site) as host:
        for number, change in enumerate(changes, 1):
            plan, out = f"plan-{number}.json", f"release-{number}"
            inputs = (f"fixtures/scenarios/{product}/requirements.txt", *([change] if change else []))
            yield shop.run("plan", *inputs, *TARGET, "-q", "-o", plan)
            words = ("--archive", "zip", "--layers", "--name", product, "--bundle-version", f"{number}.0", "-o", out)
            yield shop.run("bundle", plan, "--runtime", RUNTIME, "-q", *words)
            yield shop.run("publish", out, "--to", "site")
            if number == 1:
                yield shop.run(
                    "export",
                    plan,
                    "--to",
                    "first-run-python",
                    "--url",
                    "https://index.example/app",
                    "-o",
                    "first_run.py",
                )
                (shop.folder / "update.py").write_text(_UPDATE, encoding="utf-8")
            for route in ("user", *(["late"] if number in (1, len(changes)) else [])):
                ran = shop.tool(sys.executable, "-I", "update.py", ".", route, host.url)
                moved[f"{route} {number}"] = int(ran.text.split()[-1])
    first = moved["user 1"]
    rows = [
        ("the first run", first),
        ("1 → 2", moved["user 2"]),
        ("2 → 3", moved["user 3"]),
        ("1 → 3", moved["late 3"]),
    ]
    table = "\n".join(f"| {what} | {count:,} | {count / first:.1%} |" for what, count in rows)
    yield note(f"| update | bytes moved | of the first run |\n|---|---|---|\n{table}")


Part: TypeAlias = Callable[[Workshop], Iterator[Ran]]

PRODUCTS: Mapping[str, tuple[str, Mapping[str, Part]]] = {
    "samai": (
        "A clean bundle, its imports checked, a release ZIP with the same bytes each time, Inno Setup, the workflow, updates.",
        {"release": samai, "updates": samai_updates},
    ),
    "vibebells": (
        "A frozen backend under 150 MB that answers in five seconds, on Linux and Windows (Wine), and what Electron takes along.",
        {"linux": frozen_for_linux, "windows": frozen_for_windows},
    ),
    "peft-studio": (
        "One program for each platform: what its builder is given, whether this machine could build it, installer and package.",
        {
            "plans": plans,
            "windows-bundle": windows_bundle,
            "windows-training": windows_training,
            "windows-installer": windows_installer,
            "linux-bundle": linux_bundle,
            "linux-appimage": appimage,
            "macos": macos_application,
        },
    ),
    "creatorcrafter": (
        "An environment that the first run downloads: its plan repaired, two signed releases, the update, an online installer.",
        {"first-run": first_run_and_update, "installer": online_installer},
    ),
}
"""What each product's page is about, and its parts in order; a part finds what those before it left in the folder."""


def _shown(text: str, folder: Path) -> str:
    for place, name in ((folder, "FOLDER"), (ROOT, "CHECKOUT")):
        # Wine shows the root of this machine as drive Z.
        text = text.replace(str(place), name).replace("Z:" + str(place).replace("/", "\\"), name)
    lines = without_hosts(text).rstrip().splitlines()
    lines = [re.sub(r"(host: )\S+( *)", r"\1index.example\2", line) for line in lines]
    lines = [re.sub(r"\bos=\S+", "os=Linux", line) for line in lines]
    lines = [re.sub(r"/(?:tmp|root|usr|work)/\S*/", "…/", line) for line in lines]
    if len(lines) > _SHOWN:
        half = _SHOWN // 2
        lines[half : -half + 1] = [f"… {len(lines) - _SHOWN + 1} more lines"]
    return "\n".join(lines)


def page_of(product: str, sections: Mapping[str, str]) -> str:
    """The page of *product*, whose parts have *sections*."""
    lead, parts = PRODUCTS[product]
    head = f"# {product}\n\n{lead}\n\nRun by `python -m tests.live.products`, with the index as of {CUTOFF}.\n"
    return head + "".join(f"\n## {name}\n\n{sections[name]}" for name in parts if name in sections)


def sections_of(page: Path) -> dict[str, str]:
    """The sections that the *page* has, by the names of their parts."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    found = re.split(r"^## (\S+)\n\n", text, flags=re.MULTILINE)[1:]
    return {name: f"{body.rstrip()}\n" for name, body in zip(found[::2], found[1::2], strict=True)}


def section_of(part: Part, ran: Sequence[Ran], folder: Path) -> str:
    """The section of *part*: each command with its exit status and what it printed."""
    parts = [(part.__doc__ or "").strip()]
    for each in ran:
        if not each.command:
            parts.append(f"<!-- said -->\n{each.text}\n<!-- /said -->")
            continue
        ended = f"exit status {each.status}, {each.seconds:.0f} s"
        shown = _shown(each.text, folder)
        parts.append(
            f"```text\n$ {without_hosts(each.command.replace(str(folder), 'FOLDER'))}\n{shown}\n```\n\n{ended}"
        )
    return "\n\n".join(parts) + "\n"


def report_of(pages: Path) -> str:
    """The table of every step that the pages in *pages* show, with its exit status."""
    lines = ["# Products, from their requirements to what ships", ""]
    lines.append(
        f"Made by `python -m tests.live.products`, with the index as of {CUTOFF}; what each printed is in docs/products/."
    )
    for page in sorted(pages.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        lines += [
            "",
            f"## {page.stem}",
            "",
            text.split("\n\n")[1],
            "",
            "| step | exit status | seconds |",
            "|---|---|---|",
        ]
        found = re.findall(r"^```text\n\$ (.*)\n(?:.*\n)*?```\n\nexit status (-?\d+), (\d+) s$", text, re.MULTILINE)
        lines += [f"| `{command.replace('|', ' ')}` | {status} | {seconds} |" for command, status, seconds in found]
        lines += [f"\n{said}" for said in re.findall(r"<!-- said -->\n(.*?)\n<!-- /said -->", text, re.DOTALL)]
    return "\n".join(lines) + "\n"


def told_to_the_end(steps: Iterator[Ran]) -> Iterator[Ran]:
    """*steps*; where a person stops the run, that is said in place of what is left."""
    try:
        yield from steps
    except KeyboardInterrupt:
        yield note(STOPPED)


def main(words: list[str]) -> None:
    """Write the pages of the products that *words* name, all by default, and the report of those whose pages are there."""
    windows = named_windows()
    if windows is None or not words:
        sys.exit(__doc__)
    pages = ROOT / "docs" / "products"
    pages.mkdir(exist_ok=True)
    for word in words[1:] or list(PRODUCTS):
        product, _, only = word.partition("/")
        folder, page = Path(words[0]).resolve() / product, pages / f"{product}.md"
        if not only:
            shutil.rmtree(folder, ignore_errors=True)
        sections = sections_of(page) if only else {}
        for name, part in PRODUCTS[product][1].items():
            if only not in ("", name):
                continue
            ran = list[Ran]()
            for each in told_to_the_end(part(open_workshop(folder, windows))):
                ran.append(each)
                sections[name] = section_of(part, ran, folder)
                page.write_text(page_of(product, sections), encoding="utf-8", newline="\n")
            failed = [each.command for each in ran if each.status]
            print(f"{product}/{name}: {len(ran)} steps, not zero: {json.dumps(failed, ensure_ascii=False)}", flush=True)
        (ROOT / "reports" / "products.md").write_text(report_of(pages), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
