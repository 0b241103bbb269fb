"""``dream-api worker``: the door of time as a process of its own."""

import asyncio

import typer

from dream_api.cli.configuration import DataOption, clock_of, load_settings


def worker(data: DataOption = None) -> None:
    """Run both loops without serving HTTP: inboxes, outboxes, intents, rollups, clean-up.

    On PostgreSQL `serve` runs none, so this has to run somewhere; several may. An SQLite store
    has one writing process, and `serve` and `dev` run the loops in it: there this command is for
    catching up while nothing serves the folder.
    """
    from dream_api.app import engine_of
    from dream_api.cli.server import Serving, run_worker

    settings = load_settings(data, if_no_master_key="refuse")
    asyncio.run(engine_of(settings).check())
    run_worker(
        Serving(settings, clock_of(settings), services=frozenset()),
        on_ready=lambda: typer.echo("Working. Ctrl-C stops."),
    )
