"""``dream-api audit``: recompute every counter from the ledger and report where it differs."""

import asyncio

import typer

from dream_api.app import Engine, engine_of
from dream_api.cli.configuration import DataOption, load_settings
from dream_api.customers.metering import Difference
from dream_api.customers.metering import audit as audit_counters


def audit(data: DataOption = None) -> None:
    """Recompute usage and the dashboard's counts from the ledger; exit 1 on any difference.

    Read-only, on one snapshot: runs beside a live server.
    """
    differences = asyncio.run(
        _find_differences(engine_of(load_settings(data, if_no_master_key="go on")))
    )
    for difference in differences:
        typer.echo(str(difference))
    typer.echo(f"{len(differences)} differences")
    raise typer.Exit(1 if differences else 0)


async def _find_differences(engine: Engine) -> list[Difference]:
    await engine.check()
    async with engine.opened_for_operator() as bindings:
        return await bindings.customers.read(audit_counters)
