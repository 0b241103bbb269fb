"""Subscriptions and their past from elsewhere, many at a time."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from dream_api.customers.subscriptions.model import Subscription
from dream_api.customers.subscriptions.revenue import Movement
from dream_api.customers.subscriptions.store.accounts import put_account, set_reconciled_at
from dream_api.customers.subscriptions.store.tables import MOVEMENTS, SUBSCRIPTIONS
from dream_api.stores import Connection, upsert


def add_subscriptions(
    connection: Connection,
    platform_id: str,
    subscriptions: Sequence[Subscription],
    checked_at: datetime,
) -> None:
    """Bring subscriptions in as seen at *checked_at*; one that is known stays as it is."""
    rows = [
        asdict(one)
        | {"cancel_at_period_end": int(one.cancel_at_period_end), "checked_at": checked_at}
        for one in subscriptions
    ]
    assert all(row["platform_id"] == platform_id for row in rows), "they belong to one platform"
    if rows:
        connection.execute(upsert(SUBSCRIPTIONS).on_conflict_do_nothing(), rows)


def add_movements(connection: Connection, platform_id: str, movements: Sequence[Movement]) -> None:
    """Bring in how revenue moved; a movement that is known stays as it is."""
    rows = [{"platform_id": platform_id, **asdict(one)} for one in movements]
    if rows:
        connection.execute(upsert(MOVEMENTS).on_conflict_do_nothing(), rows)


def trust_account(
    connection: Connection, platform_id: str, account_id: str, until: datetime
) -> None:
    """Note that the subscriptions of an account need not be compared with Stripe before *until*."""
    put_account(connection, platform_id, account_id, charges_enabled=True, checked_at=until)
    set_reconciled_at(connection, platform_id, account_id, until)
