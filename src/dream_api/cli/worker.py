"""``dream-api worker``: the door of time as a process of its own."""

import typer

from dream_api.cli.configuration import DataOption, clock_of, load_settings
from dream_api.cli.server import Serving, run_worker
from dream_api.stores.sqlite import check_stores


def worker(data: DataOption = None) -> None:
    """Run both loops without serving HTTP: inboxes, outboxes, intents, rollups, clean-up.

    `dev` and `serve` run them already, and an SQLite store has one writing process; this command
    is for catching up while nothing serves the folder.
    """
    settings = load_settings(data)
    check_stores(settings.data_dir)
    run_worker(
        Serving(settings, clock_of(settings)),
        on_ready=lambda: typer.echo("Working. Ctrl-C stops."),
    )
