"""``dream-api rekey``: seal every stored secret under the new master key."""

import asyncio

import typer

from dream_api.cli.configuration import DataOption, clock_of, load_settings


def rekey(data: DataOption = None) -> None:
    """Seal every stored secret under the first master key. Works beside a running server.

    Set DREAM_MASTER_KEY=new,old, restart the server, run this, then leave the old key out. Safe to
    repeat.
    """
    from dream_api.app import rekey as rekey_stores

    settings = load_settings(data, if_no_master_key="refuse")
    done = asyncio.run(rekey_stores(settings, clock_of(settings)))
    for world, rekeyed in done.items():
        typer.echo(
            f"{world}: {rekeyed.signing_keys} signing keys and {rekeyed.messages} waiting messages "
            "sealed anew"
        )
    typer.echo(
        "The first master key opens everything now. The others may leave the list in 10 minutes, "
        "when the last code that was mailed before is void."
    )
