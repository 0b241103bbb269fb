"""What a developer sees of the end users.

Owns: the table of users, its filters and pages, the CSV and the metrics.
Does not own: any write; changes are verbs of the other rooms.
"""

from dream_api.customers.dashboard.model import (
    DAYS_MAX,
    STATUS_NAMES,
    DayCount,
    Filters,
    History,
    Metrics,
    Order,
    Overview,
    Page,
    SortBy,
)
from dream_api.customers.dashboard.service import Dashboard

__all__ = [
    "DAYS_MAX",
    "STATUS_NAMES",
    "Dashboard",
    "DayCount",
    "Filters",
    "History",
    "Metrics",
    "Order",
    "Overview",
    "Page",
    "SortBy",
]
