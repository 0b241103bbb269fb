"""End users on tiers, as Stripe tells it.

Owns: checkout, plan changes, the portal, the mirror of each subscription, and how revenue moved.
Does not own: prices (bridge.catalog) and counting (customers.metering).
"""

from dream_api.customers.subscriptions.changes import PlanChange
from dream_api.customers.subscriptions.checkouts import OpenedCheckout
from dream_api.customers.subscriptions.drift import ChargeDrift, Drift, Reconciled
from dream_api.customers.subscriptions.errors import (
    ChangeNotPossible,
    CheckoutNotComplete,
    NoSubscription,
    Obstacle,
    StripeNotConnected,
    SubscriptionElsewhere,
    SubscriptionExists,
    UserBusy,
)
from dream_api.customers.subscriptions.model import ACCESS, Flag, Subscription
from dream_api.customers.subscriptions.revenue import Movement, MovementKind, Revenue
from dream_api.customers.subscriptions.service import Subscriptions, read_revenue
from dream_api.customers.subscriptions.store import (
    add_movements,
    add_subscriptions,
    list_movements,
    read_mrr_history,
    trust_account,
)

__all__ = [
    "ACCESS",
    "ChangeNotPossible",
    "ChargeDrift",
    "CheckoutNotComplete",
    "Drift",
    "Flag",
    "Movement",
    "MovementKind",
    "NoSubscription",
    "Obstacle",
    "OpenedCheckout",
    "PlanChange",
    "Reconciled",
    "Revenue",
    "StripeNotConnected",
    "Subscription",
    "SubscriptionElsewhere",
    "SubscriptionExists",
    "Subscriptions",
    "UserBusy",
    "add_movements",
    "add_subscriptions",
    "list_movements",
    "read_mrr_history",
    "read_revenue",
    "trust_account",
]
