"""Renders a workflow for GitHub Actions that bundles a plan on a clean machine; refuses targets that no hosted machine is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment, fetch_options, refuse_unhashed
from wheelcheck.model.plan import Plan

_RUNNERS = {
    ("win32", "amd64"): ("windows-2025", "x64"),
    ("win32", "arm64"): ("windows-11-arm", "arm64"),
    ("win32", "x86"): ("windows-2025", "x86"),
    ("linux", "x86_64"): ("ubuntu-22.04", "x64"),
    ("linux", "aarch64"): ("ubuntu-22.04-arm", "arm64"),
    ("darwin", "arm64"): ("macos-15", "arm64"),
    ("darwin", "x86_64"): ("macos-15-intel", "x64"),
}
"""The hosted machine and setup-python's architecture for ``sys_platform`` and ``platform_machine``."""


def render(shipment: Shipment) -> str:
    """The workflow for *shipment*'s plan, which lies at ``plan_path`` in the repository; a tag makes a release of it.

    The hash of the plan file is in the workflow, so that another plan needs another workflow, and a review. Raises ``UsageProblem``
    for targets that no hosted machine is, for a plan that cannot be executed, and for files without a hash.
    """
    plan = shipment.plan
    refuse_unhashed(plan)
    return "\n".join([*_iter_head(shipment, plan), *_iter_steps(plan), *_RELEASE]) + "\n"


def _runner(plan: Plan) -> tuple[str, str]:
    markers = plan.target.markers
    found = _RUNNERS.get((markers.get("sys_platform", ""), markers.get("platform_machine", "").lower()))
    if found is None or "musllinux" in plan.target.platform or plan.target.implementation != "cpython":
        raise UsageProblem(
            f"no hosted machine is {plan.target}",
            hint="use --to dockerfile for Alpine, or run `wheelcheck bundle` in a workflow of your own",
        )
    return found


def _iter_head(shipment: Shipment, plan: Plan) -> Iterator[str]:
    machine, architecture = _runner(plan)
    series = f"{plan.target.python_full.major}.{plan.target.python_full.minor}"
    free_threaded = "t" if any(tag[1].endswith("t") for tag in plan.target.tags[:1]) else ""
    yield f"# Made by wheelcheck for {plan.target}: .github/workflows/bundle.yml. Export again when the plan changes."
    yield f"name: {_quoted(f'bundle {shipment.title}')}"
    yield "on:"
    yield "  workflow_dispatch:"
    yield "  push:"
    yield '    tags: ["v*"]'
    yield "permissions:"
    yield "  contents: read"
    yield "env:"
    yield "  WHEELCHECK: wheelcheck # a requirement, or the address of a wheel, an archive or a git repository that pip installs"
    yield f"  PLAN: {_quoted(shipment.plan_path)}"
    yield f"  PLAN_SHA256: {_quoted(shipment.plan_sha256)}"
    yield f"  NAME: {_quoted(_file_name(shipment))}"
    if plan.target.markers.get("sys_platform") == "linux":
        yield "# The Python that setup-python brings runs on Ubuntu 22.04 (glibc 2.35) and newer, and so will the bundle: plan with"
        yield "# --platform manylinux_2_35_…, or let RUNTIME below name one that was built for older systems."
    yield "jobs:"
    yield "  bundle:"
    yield f"    runs-on: {machine} # the target itself, so that imports are tried where they will happen"
    yield "    defaults:"
    yield "      run:"
    yield "        shell: bash"
    yield "    steps:"
    yield "      - name: Check out every byte as it was committed, on Windows too"
    yield "        run: git config --global core.autocrlf false"
    yield "      - uses: actions/checkout@v6"
    yield "      - name: The plan is the one that was reviewed"
    yield '        run: echo "$PLAN_SHA256 *$PLAN" | shasum -a 256 -c -'
    yield "      - uses: actions/setup-python@v6"
    yield "        id: runtime"
    yield "        with:"
    yield f'          python-version: "{series}{free_threaded}"'
    yield f"          architecture: {architecture}"


def _iter_steps(plan: Plan) -> Iterator[str]:
    yield "      - name: Install wheelcheck, apart from what ships"
    yield "        run: |"
    yield '          python -m venv "$RUNNER_TEMP/tool"'
    yield '          if [ -d "$RUNNER_TEMP/tool/Scripts" ]; then bin=Scripts; else bin=bin; fi'
    yield '          "$RUNNER_TEMP/tool/$bin/python" -m pip install --quiet "$WHEELCHECK"'
    yield '          echo "$RUNNER_TEMP/tool/$bin" >> "$GITHUB_PATH"'
    yield "      - name: Fetch"
    yield f'        run: wheelcheck fetch "$PLAN" -d wheels{fetch_options(plan)}'
    yield "      - name: Bundle"
    yield "        env:"
    yield "          RUNTIME: ${{ env.pythonLocation }}"
    yield '        run: wheelcheck bundle "$PLAN" --wheelhouse wheels --runtime "$RUNTIME" --name "$NAME" -o bundle'
    yield "      - name: Validate files, libraries and imports"
    yield '        run: wheelcheck verify bundle --plan "$PLAN"'
    yield "      - name: Zip, with checksums and manifest"
    yield "        env:"
    yield "          RUNTIME: ${{ env.pythonLocation }}"
    yield "        run: |"
    yield "          version=${GITHUB_REF_NAME#v}"
    yield '          if [ "$GITHUB_REF_TYPE" != tag ]; then version=${GITHUB_SHA::12}; fi'
    yield '          wheelcheck bundle "$PLAN" --wheelhouse wheels --runtime "$RUNTIME" --name "$NAME" \\'
    yield '            --bundle-version "$version" --archive zip -o dist'


def _file_name(shipment: Shipment) -> str:
    """The program's name as files may be called that ``wheelcheck bundle`` makes."""
    name = re.sub(r"[^A-Za-z0-9._+-]+", "-", shipment.title).strip("-._+")
    if not name:
        raise UsageProblem(
            f"--name {shipment.title!r} has no letter or digit that the name of a file can have",
            hint="give a name in ASCII",
        )
    return name


def _quoted(text: str) -> str:
    """*text* as a YAML scalar in double quotes, as JSON writes it, but for surrogate pairs and unprintable characters."""
    if "${{" in text:
        raise UsageProblem(
            f"{text!r} holds ${{{{, which GitHub would evaluate", hint="use another name, or another path for the plan"
        )
    written = json.dumps(text, ensure_ascii=False)
    return "".join(each if each.isprintable() else _escaped(ord(each)) for each in written)


def _escaped(code: int) -> str:
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


_RELEASE = (
    "      - uses: actions/upload-artifact@v6",
    "        with:",
    "          name: bundle",
    "          path: dist/",
    "          if-no-files-found: error",
    "  release:",
    "    if: github.ref_type == 'tag'",
    "    needs: bundle",
    "    runs-on: ubuntu-latest",
    "    permissions:",
    "      contents: write # to make the release; nothing that was downloaded runs in this job",
    "    steps:",
    "      - uses: actions/download-artifact@v7",
    "        with:",
    "          name: bundle",
    "          path: dist",
    "      - name: Checksums",
    "        run: cd dist && sha256sum -c SHA256SUMS",
    "      - name: Release",
    "        env:",
    "          GH_TOKEN: ${{ github.token }}",
    '        run: gh release create "$GITHUB_REF_NAME" --repo "$GITHUB_REPOSITORY" --verify-tag dist/*',
)
