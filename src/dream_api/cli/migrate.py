"""``dream-api migrate``: bring both worlds' stores to this release."""

import asyncio

import typer

from dream_api.cli.configuration import DataOption, load_settings


def migrate(data: DataOption = None) -> None:
    """Bring both stores to this release's schema. Safe to repeat.

    On PostgreSQL it also gives the roles of the DREAM_DATABASE_URL_… settings their rights.
    """
    from dream_api.app import engine_of
    from dream_api.stores import World

    engine = engine_of(load_settings(data))
    asyncio.run(engine.migrate())
    typer.echo(f"{' and '.join(World)}: up to date in {engine.place}")
