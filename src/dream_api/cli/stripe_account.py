"""Our own Stripe account: what it needs, made where it is missing."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from dream_api.app import (
    STRIPE_ACCOUNT_EVENTS,
    STRIPE_ACCOUNT_PATH,
    STRIPE_CONNECT_EVENTS,
    STRIPE_CONNECT_PATH,
    stripe_of,
)
from dream_api.gateways.stripe import API_VERSION, Stripe, WebhookEndpoint
from dream_api.kit.keys import Mode
from dream_api.settings import Settings


class Done(StrEnum):
    """What was done about an endpoint."""

    MADE = "made"
    BROUGHT_UP_TO_DATE = "brought up to date"
    LEFT = "was there"


@dataclass(frozen=True, slots=True)
class Arranged:
    """One endpoint as it stands now; the secret is None where it was made earlier."""

    url: str
    done: Done
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What one mode of our Stripe account now has."""

    price_id: str
    account: Arranged
    connect: Arranged

    @property
    def account_secret(self) -> str | None:
        """The secret of the account endpoint, if it was made just now."""
        return self.account.secret

    @property
    def connect_secret(self) -> str | None:
        """The secret of the Connect endpoint, if it was made just now."""
        return self.connect.secret


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
        arranged = [
            await _ensure_endpoint(gateway, existing, wanted, renew_secret=renew_secrets)
            for wanted in (
                _Wanted(
                    settings.public_url + STRIPE_ACCOUNT_PATH, STRIPE_ACCOUNT_EVENTS, connect=False
                ),
                _Wanted(
                    settings.public_url + STRIPE_CONNECT_PATH, STRIPE_CONNECT_EVENTS, connect=True
                ),
            )
        ]
    finally:
        await gateway.close()
    return Arrangement(price_id, *arranged)


@dataclass(frozen=True, slots=True)
class _Wanted:
    url: str
    events: tuple[str, ...]
    connect: bool

    def is_met_by(self, endpoint: WebhookEndpoint) -> bool:
        """Tell whether an endpoint hears exactly this."""
        return endpoint.is_enabled and set(endpoint.enabled_events) == set(self.events)


async def _ensure_endpoint(
    gateway: Stripe,
    existing: tuple[WebhookEndpoint, ...],
    wanted: _Wanted,
    *,
    renew_secret: bool,
) -> Arranged:
    """Make the endpoint, or bring the one that is there up to date.

    Neither the API version nor whom an endpoint hears can be changed, so that one of another
    version is made anew, with a new secret.
    """
    own = gateway.own_account
    found = [one for one in existing if (one.url, one.is_connect) == (wanted.url, wanted.connect)]
    kept = [one for one in found if one.api_version == API_VERSION and not renew_secret][:1]
    for endpoint in found:
        if endpoint not in kept:
            await own.delete_webhook_endpoint(endpoint.id)
    if not kept:
        made = await own.create_webhook_endpoint(
            wanted.url, list(wanted.events), connect=wanted.connect
        )
        return Arranged(wanted.url, Done.MADE, made.secret)
    if wanted.is_met_by(kept[0]):
        return Arranged(wanted.url, Done.LEFT)
    await own.update_webhook_endpoint(kept[0].id, list(wanted.events))
    return Arranged(wanted.url, Done.BROUGHT_UP_TO_DATE)


def describe(mode: Mode, arrangement: Arrangement) -> Iterator[str]:
    """Say what was done, and which setting takes which value."""
    prefix = "DREAM_STRIPE_" if mode is Mode.LIVE else "DREAM_STRIPE_TEST_"
    yield f"{mode} mode:"
    for endpoint in (arrangement.account, arrangement.connect):
        yield f"  Endpoint {endpoint.url} {endpoint.done}."
    yield "  Set these:"
    yield f"  {prefix}PRICE_ID={arrangement.price_id}"
    for name, secret in (
        ("WEBHOOK_SECRETS", arrangement.account_secret),
        ("CONNECT_WEBHOOK_SECRETS", arrangement.connect_secret),
    ):
        shown = secret or "(as it is; Stripe's dashboard shows it)"
        yield f"  {prefix}{name}={shown}"
