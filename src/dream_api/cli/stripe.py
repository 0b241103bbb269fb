"""``dream-api stripe``: arrange our own Stripe account."""

import asyncio
from dataclasses import dataclass

import typer

from dream_api.app import STRIPE_ACCOUNT_EVENTS, STRIPE_CONNECT_EVENTS, stripe_of
from dream_api.cli.configuration import DataOption, load_settings
from dream_api.gateways.stripe import Stripe, WebhookEndpoint
from dream_api.kit.keys import Mode
from dream_api.settings import Settings

stripe = typer.Typer(help="Arrange our own Stripe account.", no_args_is_help=True)

CONNECT_PATH = "/webhook/stripe"
ACCOUNT_PATH = "/platform/webhook/stripe"


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What one mode of our Stripe account now has. A secret is None where it was made earlier."""

    price_id: str
    account_secret: str | None
    connect_secret: str | None


@stripe.callback()
def _group() -> None:
    """Keep ``stripe setup`` two words while it is the only command of its group."""


@stripe.command()
def setup(data: DataOption = None) -> None:
    """Create what our account needs, where it is missing: price, and both webhook endpoints.

    Safe to repeat. Prints which setting takes which value; Stripe shows a secret only once.
    """
    settings = load_settings(data)
    modes = [mode for mode in Mode if stripe_of(settings, mode) is not None]
    if not modes:
        typer.secho("Set DREAM_STRIPE_SECRET_KEY or DREAM_STRIPE_TEST_SECRET_KEY first.", fg="red")
        raise typer.Exit(2)
    for mode in modes:
        _print(mode, asyncio.run(arrange(settings, mode)))


async def arrange(settings: Settings, mode: Mode, *, renew_secrets: bool = False) -> Arrangement:
    """Bring one mode of our account into shape. Safe to repeat.

    Args:
        settings: the settings; the endpoints deliver to their ``public_url``.
        mode: which of our keys to use.
        renew_secrets: make an endpoint anew where it exists, since its secret is lost to us.
    """
    gateway = stripe_of(settings, mode)
    assert gateway is not None, "called for configured modes only"
    try:
        price_id = await gateway.own_account.ensure_platform_price(settings.platform_price_cents)
        existing = await gateway.own_account.list_webhook_endpoints()
        secrets = [
            await _ensure_endpoint(gateway, existing, wanted, renew_secret=renew_secrets)
            for wanted in (
                _Wanted(settings.public_url + ACCOUNT_PATH, STRIPE_ACCOUNT_EVENTS, connect=False),
                _Wanted(settings.public_url + CONNECT_PATH, STRIPE_CONNECT_EVENTS, connect=True),
            )
        ]
    finally:
        await gateway.close()
    return Arrangement(price_id, *secrets)


@dataclass(frozen=True, slots=True)
class _Wanted:
    url: str
    events: tuple[str, ...]
    connect: bool


async def _ensure_endpoint(
    gateway: Stripe,
    existing: tuple[WebhookEndpoint, ...],
    wanted: _Wanted,
    *,
    renew_secret: bool,
) -> str | None:
    """Make the endpoint, or bring the one that is there up to date; give a new one's secret."""
    found = [
        endpoint
        for endpoint in existing
        if endpoint.url == wanted.url and endpoint.is_connect == wanted.connect
    ]
    if found and not renew_secret:
        await gateway.own_account.update_webhook_endpoint(found[0].id, list(wanted.events))
        return None
    for endpoint in found:
        await gateway.own_account.delete_webhook_endpoint(endpoint.id)
    made = await gateway.own_account.create_webhook_endpoint(
        wanted.url, list(wanted.events), connect=wanted.connect
    )
    return made.secret


def _print(mode: Mode, arrangement: Arrangement) -> None:
    prefix = "DREAM_STRIPE_" if mode is Mode.LIVE else "DREAM_STRIPE_TEST_"
    typer.echo(f"{mode} mode:")
    typer.echo(f"  {prefix}PRICE_ID={arrangement.price_id}")
    for name, secret in (
        ("WEBHOOK_SECRETS", arrangement.account_secret),
        ("CONNECT_WEBHOOK_SECRETS", arrangement.connect_secret),
    ):
        shown = secret or "(the endpoint existed; Stripe shows its secret only once)"
        typer.echo(f"  {prefix}{name}={shown}")
