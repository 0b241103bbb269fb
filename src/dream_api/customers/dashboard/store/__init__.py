"""The dashboard's reads of ``users``: the table, its count, the export and the numbers."""

from dream_api.customers.dashboard.store.numbers import (
    count_by_plan,
    count_new_by_day,
    count_running,
    latest_call,
    sum_mrr,
)
from dream_api.customers.dashboard.store.users import (
    Position,
    View,
    count_users,
    list_by_id,
    list_users,
    search_few,
)

__all__ = [
    "Position",
    "View",
    "count_by_plan",
    "count_new_by_day",
    "count_running",
    "count_users",
    "latest_call",
    "list_by_id",
    "list_users",
    "search_few",
    "sum_mrr",
]
