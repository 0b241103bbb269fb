"""One user as a line of an export: CSV with the columns of ``users``, JSON with the same facts."""

import json
from datetime import datetime
from typing import Any

from dream_api.customers.dashboard.csv_text import Cell
from dream_api.customers.end_users import USERS, EndUser, Row, row_of
from dream_api.customers.platforms import TierConfig
from dream_api.kit.money import ZERO_DECIMAL, to_major
from dream_api.kit.periods import rfc3339

COLUMNS = tuple(USERS.columns.keys())
_FIELDS = {"clerk_email": "email", "clerk_name": "name"}
"""Columns whose name in ``users`` is older than the word that we use."""


def csv_line(user: EndUser, tiers: TierConfig, now: datetime) -> list[Cell]:
    """Give the cells, in the order of the schema; plan and usage are as the table shows them."""
    row = row_of(user, tiers, now)
    major = to_major(user.mrr_cents, user.currency)
    shown: dict[str, Cell] = {
        "plan": row.plan,
        "usage_count": row.usage_count,
        "mrr": str(major) if user.currency in ZERO_DECIMAL else f"{major:.2f}",
        "cancel_at_period_end": int(user.cancel_at_period_end),
    }
    return [
        shown[column] if column in shown else getattr(user, _FIELDS.get(column, column))
        for column in COLUMNS
    ]


def json_line(user: EndUser, tiers: TierConfig, now: datetime) -> str:
    """Write a user as one JSON object: the API's row, and what else we keep of them."""
    row: Row = row_of(user, tiers, now)
    kept: dict[str, Any] = {
        "planGrant": user.plan_grant,
        "stripeCustomerId": user.stripe_customer_id,
        "stripeSubscriptionId": user.stripe_subscription_id,
        "subscriptionFlag": user.subscription_flag,
        "currentPeriodEnd": _moment(user.current_period_end),
        "cancelAtPeriodEnd": user.cancel_at_period_end,
        "blockedAt": _moment(user.blocked_at),
    }
    return json.dumps(row.to_wire() | kept, ensure_ascii=False, separators=(",", ":"))


def _moment(when: datetime | None) -> str | None:
    return None if when is None else rfc3339(when)
