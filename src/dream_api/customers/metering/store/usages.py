"""Usage rows, as the control plane reads and changes them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, Text, cast, delete, func, insert, literal, select, union_all, update

from dream_api.customers.metering.errors import UsageBelowZero
from dream_api.customers.metering.model import MINUTE_MS, USAGE_MAX, Usage, month_at, open_month
from dream_api.customers.metering.store.tables import ERASURES, LEDGER, USAGE, USER_DAYS, USERS
from dream_api.kit.errors import NotFound, ValidationFailed
from dream_api.kit.periods import from_milliseconds, rfc3339, to_milliseconds
from dream_api.stores import Connection, KeyValueEntry, upsert

LIST_LIMIT_MAX = 1_000
_KEY = ["platform_id", "user_id"]


def set_entitlement(
    connection: Connection,
    platform_id: str,
    user_id: str,
    *,
    plan: str | None,
    had_subscription: bool,
) -> None:
    """Write the tier that a grant or a subscription gives; None falls back to the free tier.

    Usage stays: an upgrade lifts the limit at once and forgets nothing. Call it after ``users``
    has its plan, in the same transaction.
    """
    shown = select(USERS.c.plan).where(
        USERS.c.platform_id == platform_id, USERS.c.user_id == user_id
    )
    values = {
        "plan": plan,
        "shown_plan": shown.scalar_subquery(),
        "had_subscription": int(had_subscription),
    }
    _put(connection, platform_id, user_id, values)


def set_blocked(connection: Connection, platform_id: str, user_id: str, *, blocked: bool) -> None:
    """Block an end user, or let them back; holds from the next decision on."""
    _put(connection, platform_id, user_id, {"is_blocked": int(blocked)})


def erase(connection: Connection, platform_id: str, user_id: str) -> None:
    """Forget an end user: the row goes at once, their name in the ledger is blanked by a sweep.

    What was counted stays in the platform's totals. Somebody of the same id starts anew.
    """
    at_user = (USAGE.c.platform_id == platform_id, USAGE.c.user_id == user_id)
    connection.execute(delete(USAGE).where(*at_user))
    connection.execute(
        delete(USER_DAYS).where(
            USER_DAYS.c.platform_id == platform_id, USER_DAYS.c.user_id == user_id
        )
    )
    newest = connection.execute(select(func.max(LEDGER.c.id))).scalar_one() or 0
    statement = upsert(ERASURES).values(
        platform_id=platform_id, user_id=user_id, ledger_id_max=newest, swept_to=0
    )
    connection.execute(
        statement.on_conflict_do_update(index_elements=_KEY, set_={"ledger_id_max": newest})
    )


def adjust_usage(
    connection: Connection,
    platform_id: str,
    user_id: str,
    *,
    amount: int,
    reason: str,
    now: datetime,
) -> Usage:
    """Add a compensating row to the ledger and *amount* to the current month; give the result.

    Raises:
        NotFound: the platform has no such user.
        UsageBelowZero: more would be taken than this month holds.
    """
    usage = _require(connection, platform_id, user_id)
    now_ms = to_milliseconds(now)
    month = open_month(usage, now_ms, now_ms)
    if usage.usage_count + amount < 0:
        raise UsageBelowZero(usage.usage_count)
    if usage.usage_count + amount > USAGE_MAX:
        raise ValidationFailed.of("amount", f"A month holds at most {USAGE_MAX:,} units.")
    usage.usage_count += amount
    shown = {
        "usage_count": usage.usage_count,
        "period_start": usage.period_start_ms,
        "period_end": month_at(usage.period_start_ms).end_ms,
    }
    _put(connection, platform_id, user_id, {**shown, "previous_count": usage.previous_count})
    connection.execute(
        update(USERS)
        .where(USERS.c.platform_id == platform_id, USERS.c.user_id == user_id)
        .values(**shown)
    )
    connection.execute(
        insert(LEDGER).values(
            platform_id=platform_id,
            user_id=user_id,
            amount=amount,
            period_start=month.start_ms,
            event_at=now_ms,
            recorded_at=now_ms,
            kind="adjust",
            reason=reason,
        )
    )
    return usage


def list_usage(connection: Connection, prefix: str, limit: int) -> list[KeyValueEntry]:
    """List CUSTOMER_USAGE_KV as its reader sees it, in key order: months and minutes.

    Scans the namespace; meant for an operator.
    """
    user = USAGE.c.platform_id + ":" + USAGE.c.user_id
    minute = cast(USAGE.c.minute_start // MINUTE_MS, Text)
    entries = union_all(
        select(("usage:" + user).label("key"), *USAGE.c, literal(0).label("is_minute")),
        select("ratelimit:" + user + ":" + minute, *USAGE.c, literal(1)).where(
            USAGE.c.minute_count > 0
        ),
    ).subquery()
    statement = (
        select(entries)
        .where(entries.c.key >= prefix, entries.c.key < prefix + "\U0010ffff")
        .order_by(entries.c.key)
        .limit(min(limit, LIST_LIMIT_MAX))
    )
    return [
        KeyValueEntry(row.key, row.minute_count if row.is_minute else _shown(row), None)
        for row in connection.execute(statement)
    ]


def _shown(row: Row[Any]) -> dict[str, Any]:
    """Give a usage row as the namespace's reader sees it."""
    return {
        "usageCount": row.usage_count,
        "plan": row.plan or row.shown_plan,
        "periodStart": _moment(row.period_start),
        "periodEnd": _moment(row.period_end),
        "previousCount": row.previous_count,
        "blocked": bool(row.is_blocked),
        "lastActive": _moment(row.last_active),
    }


def _moment(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else rfc3339(from_milliseconds(milliseconds))


def _require(connection: Connection, platform_id: str, user_id: str) -> Usage:
    row = connection.execute(
        select(
            USERS.c.user_id,
            USAGE.c.plan,
            USAGE.c.shown_plan,
            func.coalesce(USAGE.c.had_subscription, 0),
            func.coalesce(USAGE.c.is_blocked, 0),
            func.coalesce(USAGE.c.period_start, 0),
            func.coalesce(USAGE.c.usage_count, 0),
            func.coalesce(USAGE.c.previous_count, 0),
            func.coalesce(USAGE.c.minute_start, 0),
            func.coalesce(USAGE.c.minute_count, 0),
            USAGE.c.last_active,
        )
        .select_from(USERS)
        .outerjoin(
            USAGE,
            (USAGE.c.platform_id == USERS.c.platform_id) & (USAGE.c.user_id == USERS.c.user_id),
        )
        .where(USERS.c.platform_id == platform_id, USERS.c.user_id == user_id)
        .with_for_update(of=USERS)  # Whoever counts holds this row first, too.
    ).one_or_none()
    if row is None:
        raise NotFound("No such user. Track a first call, or create it with POST /v1/customers.")
    return Usage(*row)


def _put(connection: Connection, platform_id: str, user_id: str, values: dict[str, Any]) -> None:
    statement = upsert(USAGE).values(platform_id=platform_id, user_id=user_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=values))
