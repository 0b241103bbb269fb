"""``dream-api bench``: the hot path against the same server doing nothing, and is it right?"""

from typing import Annotated

import typer


def bench(
    rounds: Annotated[int, typer.Option(min=1, help="Measured rounds of every case.")] = 3,
    seconds: Annotated[int, typer.Option(min=1, help="Length of each.")] = 5,
    users: Annotated[int, typer.Option(min=1, help="End users that calls spread over.")] = 10_000,
    workers: Annotated[
        int, typer.Option(min=1, help="Serving processes, and as many clients; SQLite allows one.")
    ] = 1,
    database_url: Annotated[
        str | None, typer.Option(help="An empty PostgreSQL database; a fresh SQLite folder else.")
    ] = None,
) -> None:
    """Measure counting and asking on this machine; exit 1 when anything acknowledged is missing.

    Starts servers of its own on free ports with stores of their own, which are removed at the
    end (a PostgreSQL database is filled and left).
    """
    from dream_api.cli.bench.running import run

    is_right = run(
        rounds=rounds, seconds=seconds, users=users, workers=workers, database_url=database_url
    )
    raise typer.Exit(0 if is_right else 1)
