"""The dashboard's verbs. They read only, so front-auth-api's bindings are enough."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from dream_api.customers import metering
from dream_api.customers.dashboard import store as rows
from dream_api.customers.dashboard.csv_text import write_lines
from dream_api.customers.dashboard.exports import COLUMNS, csv_line, json_line
from dream_api.customers.dashboard.groups import (
    count_by_plan,
    count_matching,
    count_running,
    sum_mrr,
)
from dream_api.customers.dashboard.model import (
    DayCount,
    Filters,
    History,
    Metrics,
    Overview,
    Page,
    fill_days,
    fill_history,
    last_days,
)
from dream_api.customers.dashboard.store import Position, View
from dream_api.customers.end_users import EndUser, read_groups, row_of
from dream_api.customers.platforms import TierConfig, read_tiers
from dream_api.customers.subscriptions import (
    Revenue,
    list_movements,
    read_mrr_history,
    read_revenue,
)
from dream_api.gateways.clock import Clock
from dream_api.kit.cursors import InvalidCursor, read_cursor, write_cursor
from dream_api.stores import Connection, KeyValue, Store

Line = TypeVar("Line")

PAGE_LIMIT_MAX = 100
LATEST_MAX = 10
"""Uses of a user that their page lists."""
EXPORT_ROWS = 1_000
"""Rows read at a time: the export's memory, however many users there are."""


class Dashboard:
    """What a developer sees of one platform's end users.

    Args:
        store: the customers' store, as any service that may read it sees it.
        customer_tokens: the namespace with the tiers.
        clock: tells which month runs.
    """

    def __init__(self, store: Store, customer_tokens: KeyValue, clock: Clock) -> None:
        self._store = store
        self._tokens = customer_tokens
        self._clock = clock

    async def users(
        self, platform_id: str, filters: Filters, limit: int, cursor: str | None = None
    ) -> Page:
        """List a page of users, forward or back from a cursor.

        Raises:
            InvalidCursor: it is not one of this list with these filters.
        """
        assert 1 <= limit <= PAGE_LIMIT_MAX, "the door has checked"
        scope = filters.scope(platform_id)
        backward, after = (False, None) if cursor is None else _read_position(cursor, scope)

        def verb(connection: Connection) -> Page:
            view, tiers = self._view(connection, platform_id, filters)
            if filters.q is None:
                groups = read_groups(connection, platform_id)
                total = count_matching(groups, filters, view.free_plan)
            else:
                view = replace(view, few=rows.search_few(connection, platform_id, filters.q))
                total = rows.count_found(connection, platform_id, view)
            found = rows.list_users(
                connection, platform_id, view, after=after, backward=backward, limit=limit + 1
            )
            page = found[:limit][::-1] if backward else found[:limit]
            has_more = len(found) > limit
            first, last = (page[0][0], page[-1][0]) if page else (None, None)
            has_next = has_more or backward
            has_prev = has_more if backward else after is not None
            return Page(
                rows=[row_of(user, tiers, view.now) for _, user in page],
                next_cursor=_write_position("next", last, scope) if has_next else None,
                prev_cursor=_write_position("prev", first, scope) if has_prev else None,
                total=total,
            )

        return await self._store.of(platform_id).read(verb)

    async def stream_csv(self, platform_id: str, filters: Filters) -> AsyncIterator[str]:
        """Write the filtered users as CSV, a piece at a time, in the order of their ids.

        The columns are those of ``users`` in the order of its schema; plan and usage are shown as
        the table shows them.
        """
        yield write_lines([COLUMNS])
        async for lines in self._batches(platform_id, filters, csv_line):
            yield write_lines(lines)

    async def stream_json(self, platform_id: str) -> AsyncIterator[str]:
        """Write all users as the items of a JSON array, a piece at a time, brackets included."""
        yield "["
        before = "\n"
        async for lines in self._batches(platform_id, Filters(), json_line):
            yield before + ",\n".join(lines)
            before = ",\n"
        yield "\n]"

    async def metrics(self, platform_id: str, days: int) -> Metrics:
        """Sum a platform up, with one count for each of the last *days* UTC days.

        Raises:
            ValidationFailed: not between 1 and 366 days.
        """
        now = self._clock.now()
        wanted = last_days(now, days)

        def verb(connection: Connection) -> Metrics:
            (revenue,) = read_revenue(connection, platform_id, _span(wanted))
            return self._metrics(connection, platform_id, wanted, now, revenue)

        return await self._store.of(platform_id).read(verb)

    async def overview(self, platform_id: str, days: int) -> Overview:
        """Sum a platform up over the last *days* UTC days, beside the days before.

        Raises:
            ValidationFailed: not between 1 and 366 days.
        """
        now = self._clock.now()
        wanted = last_days(now, days)
        since, until = _span(wanted)
        before = since - timedelta(days=days)

        def verb(connection: Connection) -> Overview:
            revenue_before, revenue = read_revenue(connection, platform_id, (before, since, until))
            metrics = self._metrics(connection, platform_id, wanted, now, revenue)
            usage_before = metering.read_days(connection, platform_id, before, since)
            history = read_mrr_history(connection, platform_id, since)
            mrr_by_day, mrr_before = fill_history(wanted, history)
            latest = rows.latest_call(connection, platform_id)
            return Overview(
                metrics=metrics,
                usage_before=sum(usage_before.values()),
                new_users_before=rows.count_new(connection, platform_id, before, since),
                mrr_by_day=mrr_by_day,
                mrr_before=mrr_before,
                revenue_before=revenue_before,
                latest_call_at=latest[1] if latest else None,
            )

        return await self._store.of(platform_id).read(verb)

    async def history(self, platform_id: str, user_id: str) -> History:
        """Tell what happened to a user: how their revenue moved, and what they used lately."""
        return await self._store.of(platform_id).read(
            lambda connection: History(
                movements=list_movements(connection, platform_id, user_id),
                entries=metering.read_latest(connection, platform_id, user_id, LATEST_MAX),
            )
        )

    async def latest_call(self, platform_id: str) -> tuple[str, datetime] | None:
        """Find who used the platform last, and when; None before the first call."""
        return await self._store.of(platform_id).read(
            lambda connection: rows.latest_call(connection, platform_id)
        )

    async def usage_by_day(self, platform_id: str, user_id: str, days: int) -> Sequence[DayCount]:
        """Give a user's units on each of the last *days* UTC days.

        Raises:
            ValidationFailed: not between 1 and 366 days.
        """
        wanted = last_days(self._clock.now(), days)
        since, until = _span(wanted)
        counts = await self._store.of(platform_id).read(
            lambda connection: metering.read_user_days(
                connection, platform_id, user_id, since=since, until=until
            )
        )
        return fill_days(wanted, counts)

    async def subscribers(self, platform_id: str) -> dict[str, int]:
        """Count the users on each tier, however they came to it; a tier of nobody is left out."""

        def verb(connection: Connection) -> dict[str, int]:
            groups = read_groups(connection, platform_id)
            counts = count_by_plan(groups, self._free_plan(connection, platform_id))
            return {plan: count for plan, count in counts.items() if plan}

        return await self._store.of(platform_id).read(verb)

    def _metrics(
        self,
        connection: Connection,
        platform_id: str,
        days: Sequence[date],
        now: datetime,
        revenue: Revenue,
    ) -> Metrics:
        since, until = _span(days)
        groups = read_groups(connection, platform_id)
        running, ending = count_running(groups)
        recurring = sum_mrr(groups)
        usage_by_day = metering.read_days(connection, platform_id, since, until)
        new_by_day = rows.count_new_by_day(connection, platform_id, since, until)
        return Metrics(
            mrr_cents={name: cents for name, (cents, _) in recurring.items()} or {"usd": 0},
            paying_users={name: users for name, (_, users) in recurring.items()},
            active_subscriptions=running,
            canceling_subscriptions=ending,
            end_users=sum(group.users for group in groups),
            usage_this_period=rows.sum_usage(connection, platform_id, now),
            usage_by_day=fill_days(days, usage_by_day),
            new_users_by_day=fill_days(days, new_by_day),
            by_plan=count_by_plan(groups, self._free_plan(connection, platform_id)),
            revenue=revenue,
        )

    def _view(
        self, connection: Connection, platform_id: str, filters: Filters
    ) -> tuple[View, TierConfig]:
        tiers = read_tiers(connection, self._tokens, platform_id)
        free = tiers.free()
        return View(filters, self._clock.now(), free.name if free else None), tiers

    def _free_plan(self, connection: Connection, platform_id: str) -> str | None:
        """Name the plan of users without one."""
        free = read_tiers(connection, self._tokens, platform_id).free()
        return free.name if free else None

    async def _batches(
        self,
        platform_id: str,
        filters: Filters,
        write: Callable[[EndUser, TierConfig, datetime], Line],
    ) -> AsyncIterator[list[Line]]:
        """Walk over the filtered users in the order of their ids, EXPORT_ROWS at a time."""
        after_id = ""

        def verb(connection: Connection) -> tuple[list[Line], str]:
            view, tiers = self._view(connection, platform_id, filters)
            users = rows.list_by_id(
                connection, platform_id, view, after_id=after_id, limit=EXPORT_ROWS
            )
            lines = [write(user, tiers, view.now) for user in users]
            return lines, users[-1].user_id if users else after_id

        while True:
            lines, after_id = await self._store.of(platform_id).read(verb)
            if lines:
                yield lines
            if len(lines) < EXPORT_ROWS:
                return


def _span(days: Sequence[date]) -> tuple[datetime, datetime]:
    """Give the first moment of the first day, and the first moment after the last."""
    first, last = (datetime.combine(day, time(), UTC) for day in (days[0], days[-1]))
    return first, last + timedelta(days=1)


def _write_position(direction: str, position: Position | None, scope: str) -> str | None:
    if position is None:
        return None
    return write_cursor([direction, position.value, position.user_id], scope)


def _read_position(cursor: str, scope: str) -> tuple[bool, Position]:
    match read_cursor(cursor, scope):
        case ["next" | "prev" as direction, value, str(user_id)]:
            return direction == "prev", Position(value, user_id)
        case _:
            raise InvalidCursor("The cursor is of another list. Start again without it.")
