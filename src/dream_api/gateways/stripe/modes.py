"""Our two sets of Stripe settings: one for live platforms, one for test platforms."""

from dataclasses import dataclass

from dream_api.gateways.stripe.errors import StripeNotConfigured
from dream_api.gateways.stripe.gateway import Stripe
from dream_api.kit.keys import Mode

CONFIGURE_AGAIN_SECONDS = 60


@dataclass(frozen=True, slots=True)
class StripeModes:
    """The gateway of each mode; None where this deployment has no settings for it."""

    live: Stripe | None
    test: Stripe | None

    def of(self, mode: Mode) -> Stripe:
        """Give the gateway of a platform's mode.

        Raises:
            StripeNotConfigured: there is none.
        """
        stripe = self.live if mode is Mode.LIVE else self.test
        if stripe is None:
            raise StripeNotConfigured(
                f"This deployment has no Stripe settings for {mode} mode; its operator adds them.",
                retry_after_seconds=CONFIGURE_AGAIN_SECONDS,
            )
        return stripe

    async def close(self) -> None:
        """Close the connections of both."""
        for stripe in (self.live, self.test):
            if stripe is not None:
                await stripe.close()
