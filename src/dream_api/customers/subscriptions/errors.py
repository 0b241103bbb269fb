"""What the subscriptions' room refuses.

DreamError
├── StripeNotConnected    409  the platform has no connected Stripe account
├── SubscriptionExists    409  the user has a running subscription: change it instead
├── SubscriptionElsewhere 409  the user pays on an account that was connected before
├── NoSubscription        409  there is nothing to change or manage
├── ChangeNotPossible     409  Stripe cannot make this change in one step; ``obstacle`` says why
├── CheckoutNotComplete   409  the person has not paid (yet)
└── UserBusy              503  another request about the same user is asking Stripe right now
"""

from enum import StrEnum

from dream_api.kit.errors import DreamError, Unavailable


class StripeNotConnected(DreamError):
    """The platform's developer has not connected a Stripe account, or has withdrawn it."""

    code = "stripe_not_connected"
    status = 409
    title = "Stripe is not connected"

    def __init__(self) -> None:
        super().__init__("Connect a Stripe account on /configure, then send this again.")


class SubscriptionExists(DreamError):
    """A second subscription would bill the user twice."""

    code = "subscription_exists"
    status = 409
    title = "Subscription exists"


class SubscriptionElsewhere(DreamError):
    """The user's subscription is on an account that was connected before, and is closed to us."""

    code = "subscription_elsewhere"
    status = 409
    title = "The subscription is on another account"

    def __init__(self) -> None:
        super().__init__(
            "The user pays on the Stripe account that was connected before; it can be changed and "
            "ended only there, in Stripe's dashboard. When it has ended, say so with PATCH "
            '/v1/customers/{userId} {"subscriptionEnded": true} or on the user\'s page of the '
            "console, then sell with POST /v1/checkout.",
            param="userId",
        )


class NoSubscription(DreamError):
    """The user has no running subscription, or was never a customer."""

    code = "no_subscription"
    status = 409
    title = "No subscription"


class Obstacle(StrEnum):
    """What is in the way of a change."""

    SAME_TIER = "same_tier"
    OTHER_CURRENCY = "other_currency"
    SHORTER_INTERVAL = "shorter_interval"
    NOT_SOLD_HERE = "not_sold_here"


class ChangeNotPossible(DreamError):
    """Stripe cannot make this change to a running subscription."""

    code = "change_not_possible"
    status = 409
    title = "This change is not possible"

    def __init__(self, detail: str, obstacle: Obstacle, *, param: str | None = None) -> None:
        super().__init__(detail, param=param)
        self.obstacle = obstacle


class CheckoutNotComplete(DreamError):
    """The Checkout session is open, expired, or its payment is still on its way."""

    code = "checkout_not_complete"
    status = 409
    title = "Checkout is not complete"


class UserBusy(Unavailable):
    """Another request about the same user or subscription is asking Stripe at this moment."""

    code = "user_busy"
    title = "Another change of this user is under way"
