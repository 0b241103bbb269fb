"""The steps of the demo, and what the terminal shows of them."""

import asyncio
import logging
import socket
from datetime import datetime

import structlog
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from dream_api.cli.configuration import clock_of
from dream_api.cli.demo.filling import Filling, Year, make_year
from dream_api.cli.demo.opening import Opened, open_account
from dream_api.cli.demo.story_clock import StoryClock
from dream_api.cli.demo.year import YEAR
from dream_api.cli.dev import arrange_simulator
from dream_api.cli.simulator import SIMULATOR_HOST, run_simulator
from dream_api.settings import Settings
from dream_api.stores.sqlite import SqliteStores, migrate_stores


def make_demo(settings: Settings, seed: int, *, users: int, events: int) -> Opened:
    """Make the demo of a seed in the settings' data folder, showing how far it is.

    Raises:
        AlreadyThere: it was made before.
        AlreadyServed: a product runs on this folder.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    until = clock_of(settings).now().replace(minute=0, second=0, microsecond=0)
    migrate_stores(settings.data_dir)
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<32}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    ) as progress:
        opened = _open(settings, seed, until, progress)
        making = progress.add_task("Making a year up", total=None)
        year = make_year(seed, users, events, until)
        progress.remove_task(making)
        asyncio.run(_fill(settings, opened, year, progress))
    return opened


def _open(settings: Settings, seed: int, until: datetime, progress: Progress) -> Opened:
    """Walk through the doors, with Stripe's stand-in on a port that nobody uses."""
    walk = progress.add_task("Starting the Stripe simulator", total=None)
    port = _free_port()
    with run_simulator(settings, port, is_quiet=True):
        arranged = arrange_simulator(settings, port)
        opened = asyncio.run(
            open_account(
                arranged,
                seed,
                until - YEAR,
                lambda step: progress.update(walk, description=step),
            )
        )
    progress.update(walk, description="A developer with keys", total=1, completed=1)
    return opened


async def _fill(settings: Settings, opened: Opened, year: Year, progress: Progress) -> None:
    people = progress.add_task("People and subscriptions", total=len(year.lives))
    usage = progress.add_task("Usage events", total=year.events)
    with SqliteStores(settings.data_dir, StoryClock(year.until)) as stores:
        filling = Filling(stores.bindings.api_multi, opened, year.until)
        await filling.add_people(year.lives, lambda count: progress.advance(people, count))
        await filling.add_usage(year, lambda count: progress.advance(usage, count))
        await filling.add_log(year, opened.secret_key)


def _free_port() -> int:
    """Find a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((SIMULATOR_HOST, 0))
        port: int = probe.getsockname()[1]
        return port
