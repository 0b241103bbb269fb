"""``dream-api doctor``: is everything set up, and does it agree?"""

import asyncio

import typer

from dream_api.cli.configuration import DataOption, clock_of, load_settings


def doctor(data: DataOption = None) -> None:
    """Check settings, stores, Clerk, and Stripe: keys, mode, price, endpoints, clock, OAuth.

    Changes nothing, and runs beside a live server. Exit 1 if something is broken.
    """
    from dream_api.app import Verdict, diagnose

    colors = {Verdict.FINE: "green", Verdict.DOUBTFUL: "yellow", Verdict.BROKEN: "red"}
    settings = load_settings(data)
    findings = asyncio.run(diagnose(settings, clock_of(settings)))
    for finding in findings:
        mark = typer.style(f"{finding.verdict:<4}", fg=colors[finding.verdict])
        typer.echo(f"{mark}  {finding.what}: {finding.detail}")
        if finding.fix:
            typer.echo(f"      {finding.fix}")
    broken = sum(finding.verdict is Verdict.BROKEN for finding in findings)
    typer.echo(f"{len(findings)} things looked at, {broken} broken")
    raise typer.Exit(1 if broken else 0)
