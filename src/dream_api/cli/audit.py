"""``dream-api audit``: recompute every counter from the ledger and report where it differs."""

import asyncio

import typer

from dream_api.cli.configuration import DataOption, load_settings
from dream_api.customers.metering import audit as audit_counters
from dream_api.stores.sqlite import open_stores_for_operator


def audit(data: DataOption = None) -> None:
    """Recompute usage and the dashboard's counts from the ledger; exit 1 on any difference.

    Read-only, on one snapshot: runs beside a live server.
    """
    settings = load_settings(data)
    with open_stores_for_operator(settings.data_dir) as stores:
        differences = asyncio.run(stores.bindings.customers.read(audit_counters))
    for difference in differences:
        typer.echo(str(difference))
    typer.echo(f"{len(differences)} differences")
    raise typer.Exit(1 if differences else 0)
