"""``fetch``, ``bundle``, ``verify``, ``publish``: a plan → its wheels → the environment that ships → is it right? → releases."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wheelcheck.cli.commands import allow_build, command, table_options, words
from wheelcheck.cli.showing import Showing, answer_format, print_note, write_result
from wheelcheck.cli.signals import ending_in_order
from wheelcheck.errors import UsageProblem

if TYPE_CHECKING:
    from wheelcheck.api.bundle import BundleRequest
    from wheelcheck.api.fetch import FetchRequest
    from wheelcheck.model.environment import Fetched
    from wheelcheck.plans.documents import ExecutablePlan
    from wheelcheck.report.progress import TransferProgress


@command(
    "fetch",
    examples=(("wheelcheck fetch plan.json -d wheels", "every file of the plan, each hash checked"),),
    short_help="Download every file of a plan into a folder, checked.",
)
@click.argument("plan_file", metavar="PLAN")
@click.option(
    "-d", "--directory", metavar="DIR", help="The wheelhouse: the folder for the wheels; made if it does not exist."
)
@allow_build
@click.option("--build-seconds", type=click.FloatRange(min=0.0, min_open=True), default=600.0, show_default=True,
              metavar="SECONDS", help="The limit for one build.")  # fmt: skip
@click.option(
    "--dry-run", "--sizes", "dry_run", is_flag=True, help="Show the sizes to download and to install, and stop."
)
@answer_format("fetch")
@table_options("fetch")
def fetch_command(plan_file: str, directory: str | None, dry_run: bool, form: str, **options: Any) -> int:  # noqa: ANN401 - click
    """Download every file of PLAN, made by `wheelcheck plan -o` (or "-" for standard input), into a folder, each hash checked.

    Files that are there already are not downloaded again, and interrupted downloads are continued. The user and password that are
    known for an index are sent for files on its host; the plan holds none.
    """
    from wheelcheck.api.edges import read_plan_file
    from wheelcheck.api.fetch import FetchRequest
    from wheelcheck.api.request import Request
    from wheelcheck.plans.documents import parse_executable

    if directory is None and not dry_run:
        raise UsageProblem("it is not said where the files go", hint="name a folder with -d DIR, or give --dry-run")
    executable = parse_executable(read_plan_file(plan_file), plan_file)
    showing = Showing.taken_from(options)
    allowed, seconds = options.pop("allow_build"), options.pop("build_seconds")
    request = FetchRequest(allow_build=allowed, build_seconds=seconds, where=Request(inputs=(), **options))
    with ending_in_order(), showing.transfers() as reporter:
        if directory is None or dry_run:
            _print_sizes(executable, request, form)
            return 0
        answer = _fetched(executable, Path(directory), request, reporter)
    showing.write("fetch", form, answer)
    return 0


def _print_sizes(executable: ExecutablePlan, request: FetchRequest, form: str) -> None:
    from wheelcheck.api.fetch import sizes_to_fetch
    from wheelcheck.report.fetch import render_sizes, render_sizes_json

    sizes = sizes_to_fetch(executable, request)
    text = render_sizes_json(sizes, executable.digest) if form == "json" else render_sizes(sizes) + "\n"
    write_result(text.encode(), None)


def _fetched(executable: ExecutablePlan, folder: Path, request: FetchRequest, reporter: TransferProgress) -> Fetched:
    from wheelcheck.api.fetch import fetch

    try:
        return fetch(executable, folder, request, reporter)
    except KeyboardInterrupt:
        reporter.close()
        print_note(f"what was downloaded is kept in {folder}; the same command continues from there")
        raise


@command(
    "bundle",
    examples=(
        ("wheelcheck bundle plan.json --runtime python-3.11-embed-amd64.zip -o dist", "what ships, with its Python"),
    ),
    short_help="Make the environment that ships, for any target on any host.",
)
@click.argument("plan_file", metavar="PLAN")
@click.option(
    "-o", "--output", "out", metavar="OUT", required=True, help="The folder to make; it appears whole or not at all."
)
@click.option(
    "--runtime",
    metavar="PATH|auto",
    help="The target's Python: auto fetches it (or embeddable, standalone); else an embeddable zip, a standalone archive or an "
    "installation. Without it, packages alone.",
)
@click.option("--wheelhouse", metavar="DIR", help="Where the wheels are, or are fetched to and kept.")
@allow_build
@click.option("--strip", "strip", metavar="KIND[,KIND]", multiple=True, callback=words,
              help="Leave files out: tests, docs, pyi, dist-info-extras, or all of them.")  # fmt: skip
@click.option("--size-budget", metavar="SIZE", default="", help="Make nothing larger (150MB, 1.5GiB); exit status 1.")
@click.option("--archive", type=click.Choice(["zip", "tar.zst"]), help="Put an archive in OUT, with its hash.")
@click.option(
    "--layers", "layered", is_flag=True, help="An archive each for the runtime, the base and your own packages."
)
@click.option(
    "--name", metavar="NAME", default="", help="What archives are called; else the input's project or folder."
)
@click.option(
    "--bundle-version", "version", metavar="VERSION", default="", help="Its version; the plan's digest, else."
)
@click.option("--force", "replace", is_flag=True, help="Replace the bundle that is at OUT, once the new one is whole.")
@answer_format("bundle")
@table_options("bundle")
def bundle_command(plan_file: str, form: str, **options: Any) -> int:  # noqa: ANN401 - click
    """Make the environment of PLAN, a file made by `wheelcheck plan -o` (or "-" for standard input), in the folder OUT.

    Nothing of it is run, so any host makes it for any target. The wheels are downloaded first, where --wheelhouse lacks them. OUT
    is the environment with its manifest.json; with --archive it holds the archives, the manifest and SHA256SUMS, whose bytes are
    the same wherever they are made.

    Exit status: 0 made, 1 over the size budget.
    """
    from wheelcheck.api.bundle import bundle
    from wheelcheck.api.edges import read_plan_file
    from wheelcheck.plans.documents import parse_executable

    showing = Showing.taken_from(options)
    request = _request(options)
    executable = parse_executable(read_plan_file(plan_file), plan_file)
    try:
        with ending_in_order(), showing.transfers() as reporter:
            bundling = bundle(executable, request, reporter)
    except KeyboardInterrupt:
        if request.wheelhouse is None:
            print_note("the downloaded wheels are kept; the same command continues from there")
        raise
    showing.write("bundle", form, bundling)
    return 0 if bundling.is_within_budget else 1


def _request(options: dict[str, Any]) -> BundleRequest:
    from wheelcheck.api.bundle import BundleRequest
    from wheelcheck.api.environments import WORDS
    from wheelcheck.api.fetch import FetchRequest
    from wheelcheck.api.request import Request
    from wheelcheck.environments.bundle.stripping import KINDS

    wheelhouse, runtime, strip = options.pop("wheelhouse"), options.pop("runtime"), options.pop("strip")
    return BundleRequest(
        out=Path(options.pop("out")),
        wheelhouse=Path(wheelhouse) if wheelhouse is not None else None,
        runtime=runtime if runtime is None or runtime in WORDS else Path(runtime),
        strip=tuple(KINDS) if "all" in strip else strip,
        archive=options.pop("archive") or "",
        layered=options.pop("layered"),
        budget=options.pop("size_budget"),
        name=options.pop("name"),
        version=options.pop("version"),
        replace=options.pop("replace"),
        fetching=FetchRequest(allow_build=options.pop("allow_build"), where=Request(inputs=(), **options)),
    )


@command(
    "runtime",
    examples=(("wheelcheck runtime plan.json -o runtimes", "the Python that the plan is for"),),
    short_help="Fetch the Python that is published for a target, checked.",
)
@click.argument("target", metavar="PLAN|TARGET")
@click.option(
    "-o", "--output", "out", metavar="DIR", required=True, help="The folder to put it in; made if it does not exist."
)
@click.option("--kind", type=click.Choice(["auto", "embeddable", "standalone"]), default="auto", show_default=True,
              help="The embeddable package of python.org (Windows), or a python-build-standalone build.")  # fmt: skip
@answer_format("runtime")
@table_options("runtime")
def runtime_command(target: str, out: str, kind: str, form: str, **options: Any) -> int:  # noqa: ANN401 - click
    """Fetch the newest Python that is known for TARGET, a plan file or words such as win_amd64/3.11, into a folder.

    Its version, address and SHA-256 are data of wheelcheck. It is kept in the cache, and continued after an interruption.
    `wheelcheck bundle --runtime auto` does the same by itself.
    """
    from wheelcheck.api.environments import fetch_runtime, load_target
    from wheelcheck.api.request import Request

    showing = Showing.taken_from(options)
    found = load_target(target)
    with ending_in_order(), showing.transfers() as reporter:
        fetched = fetch_runtime(found, kind, Request(inputs=(), **options), reporter, into=Path(out))
    showing.write("runtime", form, fetched)
    return 0


@command("doctor", short_help="Is this machine fit to build a plan?")
@click.argument("plan_file", metavar="[PLAN]", required=False)
@click.option(
    "--builder", default="", metavar="NAME", help="What builds: bundle, nsis, pynsist, pyinstaller, electron-builder, …"
)
@click.option("--at", "place", default=".", metavar="DIR", help="The folder that is built in.", show_default=True)
@answer_format("doctor")
@table_options("doctor")
def doctor_command(plan_file: str | None, builder: str, place: str, form: str, **options: Any) -> int:  # noqa: ANN401 - click
    """Check what goes wrong before a build: Python, contamination, disk, tools, folder, hosts and clock.

    With PLAN, what that plan takes: its target, its sizes and its hosts.

    Exit status: 0 fit, 1 an error; warnings do not count.
    """
    from wheelcheck.api.edges import read_plan_file
    from wheelcheck.api.environments import doctor
    from wheelcheck.api.request import Request
    from wheelcheck.model.environment import Fitness
    from wheelcheck.plans.documents import parse_executable

    showing = Showing.taken_from(options)
    plan = parse_executable(read_plan_file(plan_file), plan_file).plan if plan_file else None
    with ending_in_order(), showing.reporter() as reporter:
        checks = doctor(plan, Request(inputs=(), **options), Path(place), builder, reporter)
    showing.write("doctor", form, checks)
    return 1 if any(check.fitness is Fitness.ERROR for check in checks) else 0


@command(
    "verify",
    examples=(("wheelcheck verify dist", "whether files, libraries and imports are there"),),
    short_help="Check a bundle or environment: files, libraries, imports.",
)
@click.argument("path", metavar="BUNDLE|DIR|ENV")
@click.option(
    "--plan", "plan", metavar="PLAN", default="", help="Compare it with this plan too: packages, versions, target."
)
@click.option("--imports", "tried", type=click.Choice(["all", "none"]), default="all", show_default=True,
              help="Import each distribution's top-level modules in a fresh process, where its Python runs here.")  # fmt: skip
@click.option("--runner", metavar="COMMAND", default="", help="What runs the target's programs here, such as wine.")
@click.option("--skip-import", "skipped", metavar="NAME", multiple=True, help="A module or distribution not to import.")
@click.option("--timeout", type=click.FloatRange(min=0.1), metavar="SECONDS", default=60.0, show_default=True,
              help="What each process may take.")  # fmt: skip
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@table_options("verify")
@answer_format("verify")
def verify_command(
    path: str,
    plan: str,
    tried: str,
    runner: str,
    skipped: tuple[str, ...],
    timeout: float,
    strict: bool,
    form: str,
    **options: Any,  # noqa: ANN401 - click
) -> int:
    """Check a bundle (its folder, archive or manifest), a virtual environment, an embeddable Python or a site-packages folder.

    Files are compared with RECORD and the bundle's manifest, shared libraries with those of the environment and of a clean
    target, on any machine; imports are tried where the environment's Python runs, or under --runner. Nothing is written into it.

    Exit status: 0 no problems, 1 problems (with --strict, warnings too), 2 no environment or unreadable input, 3 disk failed.
    """
    from wheelcheck.api.environments import verify
    from wheelcheck.environments.verify.imports import ImportOptions

    showing = Showing.taken_from(options)
    trying = ImportOptions(wanted=tried == "all", runner=runner, timeout=timeout, skipped=frozenset(skipped))
    with ending_in_order(), showing.reporter() as reporter:
        inspection = verify(path, trying, plan=plan, reporter=reporter)
    showing.write("verify", form, inspection)
    return 1 if inspection.errors or (strict and inspection.warnings) else 0


_key = click.option("--key", metavar="FILE", help="The private key of `wheelcheck sign` that signs the release.")


@command("publish", short_help="Lay a bundle out for programs that install and update it.")
@click.argument("bundle", metavar="DIR")
@click.option(
    "--to", "folder", metavar="FOLDER", required=True, help="The folder that a static host serves; made if needed."
)
@_key
@click.option("--keep", type=click.IntRange(min=1), default=3, show_default=True, metavar="N",
              help="How many releases stay; the files of older ones are removed.")  # fmt: skip
def publish_command(bundle: str, folder: str, key: str | None, keep: int) -> int:
    """Lay DIR, made by `wheelcheck bundle --archive zip -o DIR`, out in FOLDER: archives, lists of their files, latest.json.

    The programs that `wheelcheck export --to first-run-node`, `first-run-python` and `first-run-powershell` write install and
    update from it; upload FOLDER as it is, latest.json last.
    """
    from wheelcheck.api.publish import publish

    done = publish(Path(bundle), Path(folder), key=Path(key) if key else None, keep=keep, environ=dict(os.environ))
    release = done.release
    lines = [f"Published {release.name} {release.version} as release {release.sequence} in {done.to}"]
    lines += [f"  new      {name}" for name in done.written]
    lines += [f"  removed  {name}" for name in done.removed]
    if not done.is_signed:
        lines.append("  It is not signed: who changes the host's files changes the program. See: wheelcheck sign")
    write_result("".join(f"{line}\n" for line in lines).encode(), None)
    return 0


@command("sign", short_help="Make the keys that sign releases, or sign one.")
@click.argument("folder", metavar="[FOLDER]", required=False)
@click.option(
    "-o", "--output", "out", metavar="FILE", help="Write a new private key here, and the public one to FILE.pub."
)
@_key
def sign_command(folder: str | None, out: str | None, key: str | None) -> int:
    """Make a pair of Ed25519 keys with -o FILE; or, with --key, sign the latest release in FOLDER again.

    Keep the private key where the host cannot reach it. The public one goes into the program: `wheelcheck export --public-key`.
    """
    from wheelcheck.api.publish import make_keys, resign

    if out and not folder and not key:
        text = f"{make_keys(Path(out))}\n"
    elif folder and key and not out:
        text = f"Signed release {resign(Path(folder), Path(key)).sequence} in {folder}\n"
    else:
        raise UsageProblem("sign makes keys or signs", hint="give -o FILE, or FOLDER and --key FILE")
    write_result(text.encode(), None)
    return 0
