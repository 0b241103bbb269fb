"""``dream-api restore FILE``: put a backup in the stores' place."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from dream_api.cli.configuration import DataOption, clock_of, load_settings


def restore(
    file: Annotated[Path, typer.Argument(help="What dream-api backup wrote.")],
    data: DataOption = None,
    *,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Move stores that are there already aside.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only check the file; put nothing anywhere.")
    ] = False,
) -> None:
    """Check a backup (seal, schema, integrity, counters) and put it in the stores' place.

    Nothing may serve the folder meanwhile. Interrupted at any moment, it can be repeated.
    """
    from dream_api.app import check_backup, restore_backup

    settings = load_settings(data, if_no_master_key="refuse")
    if check:
        manifest = asyncio.run(check_backup(settings, file))
        typer.echo(f"{file}: whole, both stores as of {manifest.taken_at}")
        return
    restored = asyncio.run(restore_backup(settings, clock_of(settings), file, overwrite=overwrite))
    typer.echo(f"{restored.place}: both stores as of {restored.manifest.taken_at}, 0 differences")
    if restored.replaced is not None:
        typer.echo(f"The stores from before are in {restored.replaced}; delete them when you may.")
