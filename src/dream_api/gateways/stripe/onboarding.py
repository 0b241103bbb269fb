"""How a developer's account comes to be connected: the port, beside which another way may stand.

OAuth links an account that exists already, which is what developers have. Account Links, where
Stripe makes a new account under our control, would be a second implementation of this port.
"""

from typing import Protocol

from dream_api.gateways.stripe.model import ConnectedAccount, OauthConnection


class Onboarding(Protocol):
    """What connecting an account needs of Stripe; ``Stripe`` does it by OAuth."""

    def authorize_url(self, *, state: str, redirect_uri: str, email: str | None = None) -> str:
        """Build the address at Stripe where a developer starts. No call is made."""
        ...

    async def exchange_code(self, code: str) -> OauthConnection:
        """Turn what came back into an account. Never sent twice."""
        ...

    async def deauthorize(self, account_id: str) -> None:
        """Give our access to an account back."""
        ...

    async def get_account(self, account: str) -> ConnectedAccount:
        """Read a connected account; being refused tells that the access is gone."""
        ...
