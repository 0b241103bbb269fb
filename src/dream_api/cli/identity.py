"""``dream-api identity``: look after the keys that sign tokens."""

import asyncio
from typing import Annotated

import typer

from dream_api.cli.configuration import DataOption, clock_of, load_settings

identity = typer.Typer(help="Look after the keys that sign tokens.", no_args_is_help=True)


@identity.callback()
def _group() -> None:
    """Keep ``identity rotate`` two words while it is the only command of its group."""


@identity.command()
def rotate(
    *,
    revoke_now: Annotated[
        bool,
        typer.Option("--revoke-now", help="A key leaked: end every token and session at once."),
    ] = False,
    data: DataOption = None,
) -> None:
    """Let the next signing key of each world sign. Works beside a running server.

    What the old key signed stays valid for a day, longer than any token lives.
    """
    from dream_api.app import rotate_signing_keys

    settings = load_settings(data, if_no_master_key="refuse")
    rotated = asyncio.run(rotate_signing_keys(settings, clock_of(settings), revoke_now=revoke_now))
    for world, key_id in rotated.items():
        typer.echo(f"{world}: {key_id} signs from now on")
    if revoke_now:
        typer.echo("Every token and session has ended; everybody signs in again.")
    else:
        typer.echo("The keys before them verify for 24 hours more.")
