"""``dream-api audit``: recompute every counter from the ledger and report where it differs."""

import asyncio

import typer

from dream_api.cli.configuration import DataOption, load_settings


def audit(data: DataOption = None) -> None:
    """Recompute usage from the ledger and counts from the users; exit 1 on any difference.

    Read-only, on one snapshot: runs beside a live server.
    """
    from dream_api.app import engine_of
    from dream_api.customers.end_users import find_count_differences
    from dream_api.customers.metering import audit as audit_counters

    engine = engine_of(load_settings(data, if_no_master_key="go on"))

    async def find_differences() -> list[str]:
        await engine.check()
        async with engine.opened_for_operator() as bindings:
            return await bindings.customers.read(
                lambda c: [str(one) for one in (*audit_counters(c), *find_count_differences(c))]
            )

    differences = asyncio.run(find_differences())
    for difference in differences:
        typer.echo(difference)
    typer.echo(f"{len(differences)} differences")
    raise typer.Exit(1 if differences else 0)
