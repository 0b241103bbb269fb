"""What the platform subscription refuses.

DreamError
├── SubscriptionExists       409  the developer is subscribed already
└── NoPlatformSubscription   409  there is nothing to manage yet
"""

from dream_api.kit.errors import DreamError


class SubscriptionExists(DreamError):
    """A subscription is running already; a second one would charge twice."""

    code = "subscription_exists"
    status = 409
    title = "A subscription exists"


class NoPlatformSubscription(DreamError):
    """The developer has never subscribed, so there is nothing to manage."""

    code = "no_platform_subscription"
    status = 409
    title = "No platform subscription"
