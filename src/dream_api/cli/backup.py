"""``dream-api backup FILE``: both stores as one file, beside a running server."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from dream_api.cli.configuration import DataOption, clock_of, load_settings


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist yet.")],
    data: DataOption = None,
) -> None:
    """Copy both stores, as they are at one moment, into one file that only you can read.

    Runs beside a live server. On PostgreSQL it needs pg_dump. The master key is left out.
    """
    from dream_api.app import write_backup

    settings = load_settings(data, if_no_master_key="refuse")
    manifest = asyncio.run(write_backup(settings, clock_of(settings), file))
    size_bytes = file.stat().st_size
    typer.echo(f"{file}: {size_bytes:,} bytes, both stores as of {manifest.taken_at}")
    typer.echo(
        "The master key is not in it. Keep that elsewhere: without it nobody can restore this."
    )
