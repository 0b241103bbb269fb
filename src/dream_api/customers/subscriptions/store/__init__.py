"""The rows of subscriptions, Checkouts, accounts, revenue and locks."""

from dream_api.customers.subscriptions.store.accounts import (
    find_charges_enabled,
    find_portal,
    find_reconciled_at,
    put_account,
    put_portal,
    set_reconciled_at,
)
from dream_api.customers.subscriptions.store.checkouts import (
    find_checkout,
    list_open_checkouts,
    list_overdue_checkouts,
    put_checkout,
    set_checkout_status,
)
from dream_api.customers.subscriptions.store.history import list_movements, read_mrr_history
from dream_api.customers.subscriptions.store.imports import (
    add_movements,
    add_subscriptions,
    trust_account,
)
from dream_api.customers.subscriptions.store.locks import drop_lock, has_lock, take_lock
from dream_api.customers.subscriptions.store.mirrors import (
    delete_of_user,
    find_subscription,
    list_stale,
    list_subscriptions,
    list_unended,
    put_subscription,
    touch_subscription,
)
from dream_api.customers.subscriptions.store.openings import (
    add_opening,
    drop_opening,
    list_lost_openings,
    list_openings,
)
from dream_api.customers.subscriptions.store.revenue import (
    count_churn,
    count_open_disputes,
    count_trials,
    find_charge,
    list_charges,
    list_disputed,
    put_charge,
    put_movement,
    rename_mover,
    sum_movements,
    sum_refunds,
)

__all__ = [
    "add_movements",
    "add_opening",
    "add_subscriptions",
    "count_churn",
    "count_open_disputes",
    "count_trials",
    "delete_of_user",
    "drop_lock",
    "drop_opening",
    "find_charge",
    "find_charges_enabled",
    "find_checkout",
    "find_portal",
    "find_reconciled_at",
    "find_subscription",
    "has_lock",
    "list_charges",
    "list_disputed",
    "list_lost_openings",
    "list_movements",
    "list_open_checkouts",
    "list_openings",
    "list_overdue_checkouts",
    "list_stale",
    "list_subscriptions",
    "list_unended",
    "put_account",
    "put_charge",
    "put_checkout",
    "put_movement",
    "put_portal",
    "put_subscription",
    "read_mrr_history",
    "rename_mover",
    "set_checkout_status",
    "set_reconciled_at",
    "sum_movements",
    "sum_refunds",
    "take_lock",
    "touch_subscription",
    "trust_account",
]
