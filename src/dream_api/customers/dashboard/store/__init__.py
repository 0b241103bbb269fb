"""The dashboard's reads of ``users``: the table, its count, the export and the numbers."""

from dream_api.customers.dashboard.store.numbers import (
    count_new,
    count_new_by_day,
    latest_call,
    sum_usage,
)
from dream_api.customers.dashboard.store.users import (
    Position,
    View,
    count_found,
    list_by_id,
    list_users,
    search_few,
)

__all__ = [
    "Position",
    "View",
    "count_found",
    "count_new",
    "count_new_by_day",
    "latest_call",
    "list_by_id",
    "list_users",
    "search_few",
    "sum_usage",
]
