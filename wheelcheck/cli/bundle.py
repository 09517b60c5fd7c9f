"""``wheelcheck bundle``: a plan file → the environment that ships, as a folder or as archives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wheelcheck.cli.options import allow_build, table_options, words
from wheelcheck.cli.showing import Showing, answer_format, ending_in_order
from wheelcheck.cli.streams import print_note

if TYPE_CHECKING:
    from wheelcheck.api.bundle import BundleRequest


@click.command("bundle", short_help="Make the environment that ships, for any target on any host.")
@click.argument("plan_file", metavar="PLAN")
@click.option(
    "-o", "--output", "out", metavar="OUT", required=True, help="The folder to make; it appears whole or not at all."
)
@click.option(
    "--runtime",
    metavar="PATH",
    help="The target's Python: an embeddable zip, a standalone archive or an installation; without it, packages alone.",
)
@click.option("--wheelhouse", metavar="DIR", help="Where the wheels are, or are fetched to and kept.")
@allow_build
@click.option(
    "--strip",
    "strip",
    metavar="KIND[,KIND]",
    multiple=True,
    callback=words,
    help="Leave files out: tests, docs, pyi, dist-info-extras, or all of them.",
)
@click.option("--size-budget", metavar="SIZE", default="", help="Make nothing larger (150MB, 1.5GiB); exit status 1.")
@click.option("--archive", type=click.Choice(["zip", "tar.zst"]), help="Put an archive in OUT, with its hash.")
@click.option(
    "--layers", "layered", is_flag=True, help="An archive each for the runtime, the base and your own packages."
)
@click.option("--name", metavar="NAME", default="", help="What archives are called; the input's project, else OUT.")
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
    from wheelcheck.api.fetch import FetchRequest
    from wheelcheck.api.request import Request

    wheelhouse, runtime = options.pop("wheelhouse"), options.pop("runtime")
    return BundleRequest(
        out=Path(options.pop("out")),
        wheelhouse=Path(wheelhouse) if wheelhouse is not None else None,
        runtime=Path(runtime) if runtime is not None else None,
        strip=_strip(options.pop("strip")),
        archive=options.pop("archive") or "",
        layered=options.pop("layered"),
        budget=options.pop("size_budget"),
        name=options.pop("name"),
        version=options.pop("version"),
        replace=options.pop("replace"),
        fetching=FetchRequest(allow_build=options.pop("allow_build"), where=Request(inputs=(), **options)),
    )


def _strip(kinds: tuple[str, ...]) -> tuple[str, ...]:
    if "all" not in kinds:
        return kinds
    from wheelcheck.environments.bundle.stripping import KINDS

    return tuple(KINDS)
