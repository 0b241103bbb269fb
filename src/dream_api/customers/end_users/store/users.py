"""The rows of ``users``, and the tombstones of erased ones."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Numeric, Row, Text, delete, select, update

from dream_api.customers.end_users.model import EndUser, NewUser, hash_user
from dream_api.stores import Connection, Instant, MetaData, Table, WholeNumber, upsert

_metadata = MetaData()

USERS = Table(
    "users",
    _metadata,
    Column("platform_id", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("clerk_email", Text),
    Column("clerk_name", Text),
    Column("plan", Text),
    Column("stripe_customer_id", Text),
    Column("subscription_status", Text),
    Column("mrr", Numeric(asdecimal=False)),
    Column("usage_count", WholeNumber, nullable=False),
    Column("last_active", Instant),
    Column("created_at", Instant, nullable=False),
    Column("mrr_cents", WholeNumber, nullable=False),
    Column("currency", Text, nullable=False),
    Column("plan_grant", Text),
    Column("subscription_plan", Text),
    Column("subscription_flag", Text),
    Column("stripe_subscription_id", Text),
    Column("current_period_end", Instant),
    Column("cancel_at_period_end", WholeNumber, nullable=False),
    Column("period_start", Instant),
    Column("period_end", Instant),
    Column("blocked_at", Instant),
)
"""Other rooms read it through here; ``mrr`` is generated, and metering writes four columns."""

USERS_SEARCH = Table(
    "end_users_search",
    _metadata,
    Column("platform_id", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("search_text", Text, nullable=False),
)
"""Id, address and name of each user in small letters; triggers of ``users`` keep it."""

_tombstones = Table(
    "end_users_tombstones",
    _metadata,
    Column("platform_id", Text, primary_key=True),
    Column("user_hash", Text, primary_key=True),
    Column("erased_at", Instant, nullable=False),
)


def find_user(
    connection: Connection, platform_id: str, user_id: str, *, for_update: bool = False
) -> EndUser | None:
    """Find a user; *for_update* keeps other transactions off the row until this one has ended."""
    statement = select(USERS).where(*_is(platform_id, user_id))
    if for_update:
        statement = statement.with_for_update()  # SQLite has one writer, and leaves it out.
    row = connection.execute(statement).one_or_none()
    return None if row is None else user_of(row)


def find_user_by_customer(
    connection: Connection, platform_id: str, customer_id: str
) -> EndUser | None:
    """Find the user whom a customer at Stripe stands for; the oldest, should there be several."""
    statement = (
        select(USERS)
        .where(USERS.c.platform_id == platform_id, USERS.c.stripe_customer_id == customer_id)
        .order_by(USERS.c.created_at, USERS.c.user_id)
        .limit(1)
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else user_of(row)


def ensure_user(
    connection: Connection, platform_id: str, user_id: str, *, plan: str | None, now: datetime
) -> bool:
    """Make a user where there is none; tell whether one was made."""
    statement = upsert(USERS).values(
        platform_id=platform_id, user_id=user_id, plan=plan, created_at=now
    )
    return connection.execute(statement.on_conflict_do_nothing()).rowcount == 1


def add_users(
    connection: Connection, platform_id: str, users: Sequence[NewUser], *, plan: str | None
) -> None:
    """Bring users in from elsewhere, many at a time; one that exists stays as it is."""
    rows = [
        {
            "platform_id": platform_id,
            "user_id": user.user_id,
            "clerk_email": user.email,
            "clerk_name": user.name,
            "plan": plan,
            "created_at": user.created_at,
        }
        for user in users
    ]
    if rows:
        connection.execute(upsert(USERS).on_conflict_do_nothing(), rows)


def update_user(connection: Connection, platform_id: str, user_id: str, **values: Any) -> None:
    """Write the named columns of a user; a missing user stays missing."""
    if values:
        connection.execute(update(USERS).where(*_is(platform_id, user_id)).values(**values))


def delete_user(connection: Connection, platform_id: str, user_id: str) -> bool:
    """Remove a user's row; tell whether there was one."""
    statement = delete(USERS).where(*_is(platform_id, user_id))
    return connection.execute(statement).rowcount == 1


def put_tombstone(connection: Connection, platform_id: str, user_id: str, now: datetime) -> None:
    """Remember that a user was erased, so that nothing from before brings the data back."""
    user_hash = hash_user(platform_id, user_id)
    statement = upsert(_tombstones).values(
        platform_id=platform_id, user_hash=user_hash, erased_at=now
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["platform_id", "user_hash"], set_={"erased_at": now}
        )
    )


def erased_at(connection: Connection, platform_id: str, user_id: str) -> datetime | None:
    """Give when a user of this id was last erased; what is older concerns nobody any more."""
    statement = select(_tombstones.c.erased_at).where(
        _tombstones.c.platform_id == platform_id,
        _tombstones.c.user_hash == hash_user(platform_id, user_id),
    )
    return connection.execute(statement).scalar_one_or_none()


def user_of(row: Row[Any]) -> EndUser:
    """Read a row of ``users``."""
    values = dict(row._mapping)  # noqa: SLF001 - Row's documented way to a mapping.
    del values["mrr"]
    values["email"], values["name"] = values.pop("clerk_email"), values.pop("clerk_name")
    values["cancel_at_period_end"] = bool(values["cancel_at_period_end"])
    return EndUser(**values)


def _is(platform_id: str, user_id: str) -> tuple[Any, Any]:
    return USERS.c.platform_id == platform_id, USERS.c.user_id == user_id
