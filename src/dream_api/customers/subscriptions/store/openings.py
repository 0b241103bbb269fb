"""The rows of Checkout sessions that Stripe was asked for and has not named yet."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select

from dream_api.customers.subscriptions.model import Opening
from dream_api.customers.subscriptions.store.tables import OPENINGS
from dream_api.stores import Connection

OPENINGS_OF_USER_MAX = 50


def add_opening(connection: Connection, platform_id: str, opening: Opening) -> None:
    """Remember that a session is about to be asked for."""
    assert opening.platform_id == platform_id, "an opening belongs to one platform"
    connection.execute(insert(OPENINGS).values(asdict(opening)))


def drop_opening(connection: Connection, platform_id: str, attempt_id: str) -> None:
    """Forget an opening: its session has a name now, or there is none."""
    connection.execute(
        delete(OPENINGS).where(
            OPENINGS.c.platform_id == platform_id, OPENINGS.c.attempt_id == attempt_id
        )
    )


def list_openings(connection: Connection, platform_id: str, user_id: str) -> list[Opening]:
    """List what was asked for a user and never answered, the newest first."""
    statement = (
        select(OPENINGS)
        .where(OPENINGS.c.platform_id == platform_id, OPENINGS.c.user_id == user_id)
        .order_by(OPENINGS.c.begun_at.desc())
        .limit(OPENINGS_OF_USER_MAX)
    )
    return [_opening_of(row) for row in connection.execute(statement)]


def list_lost_openings(connection: Connection, begun_before: datetime, limit: int) -> list[Opening]:
    """List what was asked for on every platform and cannot be answered any more, oldest first."""
    statement = (
        select(OPENINGS)
        .where(OPENINGS.c.begun_at <= begun_before)
        .order_by(OPENINGS.c.begun_at)
        .limit(limit)
    )
    return [_opening_of(row) for row in connection.execute(statement)]


def _opening_of(row: Row[Any]) -> Opening:
    return Opening(**row._mapping)  # noqa: SLF001 - Row's documented mapping.
