"""End users on tiers, as Stripe tells it.

Owns: checkout, plan changes, the portal and the mirror of each subscription.
Does not own: prices (bridge.catalog) and counting (customers.metering).
"""

from dream_api.customers.subscriptions.changes import PlanChange
from dream_api.customers.subscriptions.checkouts import OpenedCheckout
from dream_api.customers.subscriptions.errors import (
    ChangeNotPossible,
    CheckoutNotComplete,
    NoSubscription,
    StripeNotConnected,
    SubscriptionExists,
    UserBusy,
)
from dream_api.customers.subscriptions.model import ACCESS, Flag, Subscription
from dream_api.customers.subscriptions.service import Subscriptions

__all__ = [
    "ACCESS",
    "ChangeNotPossible",
    "CheckoutNotComplete",
    "Flag",
    "NoSubscription",
    "OpenedCheckout",
    "PlanChange",
    "StripeNotConnected",
    "Subscription",
    "SubscriptionExists",
    "Subscriptions",
    "UserBusy",
]
