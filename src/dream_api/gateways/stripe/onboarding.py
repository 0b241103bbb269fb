"""How a developer's account comes to be connected: a port, and OAuth as the way that stands there.

OAuth links an account that exists already, which is what developers have. Account Links
(https://docs.stripe.com/connect/hosted-onboarding), where Stripe makes a new account under our
control, would be another way through the same port: there the account is known when the developer
leaves, and the way back carries no code.
"""

from dataclasses import dataclass
from typing import Protocol

from dream_api.gateways.stripe.errors import OauthRefused
from dream_api.gateways.stripe.gateway import Stripe
from dream_api.gateways.stripe.model import ConnectedAccount, OauthConnection

CODE_CHARACTERS_MAX = 512


@dataclass(frozen=True, slots=True)
class Departure:
    """Where a developer goes; ``account_id`` where the account is known before they return."""

    url: str
    account_id: str | None = None


class Onboarding(Protocol):
    """What connecting an account needs of Stripe."""

    async def begin(self, *, state: str, return_url: str, email: str | None) -> Departure:
        """Prepare a visit to Stripe that leads back to *return_url* with *state*."""
        ...

    async def finish(self, *, code: str | None, account_id: str | None) -> OauthConnection:
        """Turn a return into an account; called once for each visit.

        Args:
            code: what the way back carried.
            account_id: what ``begin`` told.

        Raises:
            OauthRefused: no account comes of it.
            StripeUnavailable: nobody knows; the developer starts again.
        """
        ...

    async def deauthorize(self, account_id: str) -> None:
        """Give our access to an account back."""
        ...

    async def get_account(self, account_id: str) -> ConnectedAccount:
        """Read a connected account; being refused tells that the access is gone."""
        ...


class OauthOnboarding:
    """Connects Standard accounts by OAuth (https://docs.stripe.com/connect/oauth-reference)."""

    def __init__(self, stripe: Stripe) -> None:
        self._stripe = stripe

    async def begin(self, *, state: str, return_url: str, email: str | None) -> Departure:
        """Build the address where a developer allows us onto their account. No call is made."""
        return Departure(
            self._stripe.authorize_url(state=state, redirect_uri=return_url, email=email)
        )

    async def finish(self, *, code: str | None, account_id: str | None) -> OauthConnection:
        """Exchange the code, which is never sent twice; OAuth names the account in its answer."""
        if not code or len(code) > CODE_CHARACTERS_MAX:
            raise OauthRefused("Stripe sent no code. Connect again.", stripe_code="invalid_grant")
        connection = await self._stripe.exchange_code(code)
        assert account_id in (None, connection.account_id), "OAuth learns the account here"
        return connection

    async def deauthorize(self, account_id: str) -> None:
        """Give our access to an account back."""
        await self._stripe.deauthorize(account_id)

    async def get_account(self, account_id: str) -> ConnectedAccount:
        """Read a connected account."""
        return await self._stripe.get_account(account_id)
