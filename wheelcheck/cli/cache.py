"""``wheelcheck cache``: where the cache lies, what it holds, and how to empty it."""

from __future__ import annotations

from pathlib import Path

import click


@click.group("cache", short_help="Show or empty the cache.")
@click.option("--cache-dir", metavar="DIR", help="Of this folder instead of the default one.")
@click.pass_context
def cache_group(context: click.Context, cache_dir: str | None) -> None:
    """Show or empty the cache of pages and metadata."""
    from wheelcheck.index.disk_cache import default_cache_dir

    context.obj = Path(cache_dir) if cache_dir else default_cache_dir()


@cache_group.command("dir")
@click.pass_obj
def dir_command(folder: Path) -> int:
    """Print the folder."""
    click.echo(str(folder))
    return 0


@cache_group.command("info")
@click.pass_obj
def info_command(folder: Path) -> int:
    """Print how many entries there are and how large they are."""
    from wheelcheck.index.disk_cache import cache_info

    info = cache_info(folder)
    click.echo(f"{folder}\n{info.entries} entries, {info.size / 1e6:.1f} MB")
    return 0


@cache_group.command("clear")
@click.pass_obj
def clear_command(folder: Path) -> int:
    """Remove every entry."""
    from wheelcheck.index.disk_cache import clear_cache

    click.echo(f"removed {clear_cache(folder).entries} entries from {folder}")
    return 0
