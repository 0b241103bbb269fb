"""``dream-api demo``: a believable year in a development store.

A developer walks through our own doors (and the Stripe simulator's pages), so that account,
subscription, connection, tiers and keys are the real thing; then the rooms take the year in bulk.
"""

from typing import Annotated

import typer

from dream_api.cli.configuration import DataOption, load_settings

USERS = 5_000
EVENTS = 2_000_000


def demo(
    seed: Annotated[int, typer.Option(min=1, help="The same seed makes the same year.")] = 1,
    users: Annotated[int, typer.Option(min=1, max=1_000_000, help="End users.")] = USERS,
    events: Annotated[int, typer.Option(min=0, max=50_000_000, help="Usage events.")] = EVENTS,
    data: DataOption = None,
) -> None:
    """Fill a development store with a year: a developer, four tiers, end users, revenue, usage.

    Needs the folder to itself: stop `dream-api dev` first. Afterwards start it on the same
    folder and sign in with the address and password that are printed.
    """
    from dream_api.cli.demo.making import make_demo
    from dream_api.cli.demo.opening import (
        END_USER_EMAIL,
        PASSWORD,
        AlreadyThere,
        developer_email,
    )

    settings = load_settings(data)
    if settings.database_url is not None:
        typer.secho("The demo fills SQLite stores only; unset DREAM_DATABASE_URL.", fg="red")
        raise typer.Exit(2)
    try:
        opened = make_demo(settings, seed, users=users, events=events)
    except AlreadyThere:
        typer.secho(
            f"This folder has the demo of seed {seed}: sign in as {developer_email(seed)} "
            f"with the password “{PASSWORD}”. Another --seed adds another developer.",
            fg="yellow",
        )
        raise typer.Exit(2) from None
    typer.echo(
        f"\n  The demo is ready in {settings.data_dir}\n\n"
        f"  Start it      dream-api dev --data {settings.data_dir}\n"
        f"  Console       {settings.public_url}/sign-in\n"
        f"  Address       {opened.email}\n"
        f"  Password      {PASSWORD}\n"
        f"  Secret key    {opened.secret_key}\n"
        f"  Pricing page  {settings.public_url}/p/{opened.platform_id}/pricing\n"
        f"  An end user   {END_USER_EMAIL}, with the same password\n"
    )
