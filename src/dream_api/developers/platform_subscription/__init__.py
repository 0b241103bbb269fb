"""What a developer pays us: the platform subscription, on our own Stripe account.

Owns: the checkout, the customer, the subscription's state as Stripe tells it, the portal, and
the moment when the live platform is minted.
Does not own: what an end user pays (customers/subscriptions), the days of grace
(customers/platforms), nor telling that world when paying ended (bridge/standing).
"""

from dream_api.developers.platform_subscription.comparing import (
    PlatformDrift,
    PlatformsCompared,
)
from dream_api.developers.platform_subscription.errors import (
    NoPlatformSubscription,
    SubscriptionExists,
)
from dream_api.developers.platform_subscription.model import Checkout, Plan, Standing
from dream_api.developers.platform_subscription.service import Offer, PlatformSubscription
from dream_api.developers.platform_subscription.store import find_standing

__all__ = [
    "Checkout",
    "NoPlatformSubscription",
    "Offer",
    "Plan",
    "PlatformDrift",
    "PlatformSubscription",
    "PlatformsCompared",
    "Standing",
    "SubscriptionExists",
    "find_standing",
]
