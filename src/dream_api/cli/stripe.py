"""``dream-api stripe``: arrange our own Stripe account, and compare what we keep with it."""

import asyncio
from typing import Annotated

import typer

from dream_api.cli.configuration import DataOption, clock_of, load_settings
from dream_api.kit.keys import Mode
from dream_api.kit.money import format_money

stripe = typer.Typer(help="Arrange our own Stripe account.", no_args_is_help=True)


@stripe.command()
def setup(data: DataOption = None) -> None:
    """Create what our account needs, where it is missing: price, and both webhook endpoints.

    Safe to repeat. Prints which setting takes which value; a secret only when it is made.
    """
    from dream_api.app import stripe_of
    from dream_api.cli.stripe_account import arrange, describe

    settings = load_settings(data)
    modes = [mode for mode in Mode if stripe_of(settings, mode) is not None]
    if not modes:
        typer.secho("Set DREAM_STRIPE_SECRET_KEY or DREAM_STRIPE_TEST_SECRET_KEY first.", fg="red")
        raise typer.Exit(2)
    for mode in modes:
        for line in describe(mode, asyncio.run(arrange(settings, mode))):
            typer.echo(line)


@stripe.command()
def reconcile(
    data: DataOption = None,
    platform: Annotated[
        str | None, typer.Option(help="Compare this platform alone (pk_…).")
    ] = None,
) -> None:
    """Compare every subscription with Stripe, heal what drifted, and print each with its money.

    Runs beside a live server, which does the same by itself every night. Safe to repeat.
    """
    from dream_api.app import reconcile_stripe

    settings = load_settings(data)
    compared = asyncio.run(reconcile_stripe(settings, clock_of(settings), platform_id=platform))
    for drift in compared.drifts:
        typer.echo(drift.describe())
    healed = f"{len(compared.drifts)} drift{'' if len(compared.drifts) == 1 else 's'} healed"
    typer.echo(f"{compared.asked} subscriptions compared, {healed}")
    for currency, cents in sorted(compared.money.items()):
        sign = "-" if cents < 0 else "+"
        typer.echo(f"{sign}{format_money(abs(cents), currency)} a month")
    for currency, cents in sorted(compared.refunded.items()):
        typer.echo(f"{format_money(cents, currency)} more went back")
