"""``wheelcheck publish`` and ``sign``: a bundle → the folder that a program's first run and updates read."""

from __future__ import annotations

import os
from pathlib import Path

import click

from wheelcheck.cli.commands import command
from wheelcheck.cli.streams import write_result
from wheelcheck.errors import UsageProblem

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
    lines += (
        []
        if done.is_signed
        else ["  It is not signed: who changes the host's files changes the program. See: wheelcheck sign"]
    )
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
