"""What groups of users come to: the table's count, and the numbers of the overview."""

from collections.abc import Sequence

from dream_api.customers.dashboard.model import NO_STATUS, Filters
from dream_api.customers.end_users import UserGroup
from dream_api.customers.subscriptions import ACCESS


def count_matching(groups: Sequence[UserGroup], filters: Filters, free_plan: str | None) -> int:
    """Count the users whom plan and status let through; *free_plan* is that of those without."""
    return sum(
        group.users
        for group in groups
        if filters.plan in (None, group.plan or free_plan)
        and filters.status in (None, group.subscription_status or NO_STATUS)
    )


def count_by_plan(groups: Sequence[UserGroup], free_plan: str | None) -> dict[str, int]:
    """Count users by plan; those without one are on the free tier, or under no name."""
    counts: dict[str, int] = {}
    for group in groups:
        plan = group.plan or free_plan or ""
        counts[plan] = counts.get(plan, 0) + group.users
    return dict(sorted(counts.items()))


def count_running(groups: Sequence[UserGroup]) -> tuple[int, int]:
    """Count running subscriptions, and those of them that end with their period."""
    running = [group for group in groups if group.subscription_status in ACCESS]
    ending = [group for group in running if group.is_ending]
    return sum(group.users for group in running), sum(group.users for group in ending)


def sum_mrr(groups: Sequence[UserGroup]) -> dict[str, tuple[int, int]]:
    """Sum what users bring a month and count those who do, by currency: (minor units, users)."""
    sums: dict[str, tuple[int, int]] = {}
    for group in groups:
        if group.paying_users:
            cents, users = sums.get(group.currency, (0, 0))
            sums[group.currency] = (cents + group.mrr_cents, users + group.paying_users)
    return dict(sorted(sums.items()))
