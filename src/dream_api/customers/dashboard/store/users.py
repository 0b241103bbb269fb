"""Reads of ``users`` for the table, its count, the CSV and the metrics: one filter for all.

A page is found by its key, never by counting rows, so that the last is as fast as the first. Keys
are sorted first and rows fetched after: sorting whole rows of 100,000 users costs five times more.

A search reads one narrow table from end to end, once. When it finds few, the page and the count
ask about those alone; when it finds many, a walk along the sort's index soon meets a page of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Row,
    func,
    or_,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from dream_api.customers.dashboard.model import NO_STATUS, Filters, Order, SortBy
from dream_api.customers.dashboard.store.numbers import usage_now
from dream_api.customers.end_users import USERS, USERS_SEARCH, EndUser, user_of
from dream_api.stores import Connection, WholeNumber

FEW = 2_000
LIKE_ESCAPE = "\\"

_user_id = USERS.c.user_id
_sort_columns: dict[SortBy, ColumnElement[Any]] = {
    SortBy.CREATED_AT: USERS.c.created_at,
    SortBy.LAST_ACTIVE: USERS.c.last_active,
    SortBy.MRR: USERS.c.mrr_cents,
    SortBy.PLAN: USERS.c.plan,
    SortBy.SUBSCRIPTION_STATUS: USERS.c.subscription_status,
    SortBy.EMAIL: USERS.c.clerk_email,
    SortBy.NAME: USERS.c.clerk_name,
    SortBy.USER_ID: USERS.c.user_id,
}
_MOMENTS = frozenset({SortBy.CREATED_AT, SortBy.LAST_ACTIVE})
_NEVER_NULL = frozenset({SortBy.CREATED_AT, SortBy.USAGE_COUNT, SortBy.MRR, SortBy.USER_ID})

Value = str | int | None


@dataclass(frozen=True, slots=True)
class Position:
    """A row's place in the table: what it is sorted by, and its key."""

    value: Value
    user_id: str


@dataclass(frozen=True, slots=True)
class View:
    """Filters as of a moment.

    Attributes:
        free_plan: what a user without a plan counts as.
        few: whom ``q`` finds, where that has been looked up and they are few.
    """

    filters: Filters
    now: datetime
    free_plan: str | None
    few: Sequence[str] | None = None


def search_few(connection: Connection, platform_id: str, q: str) -> Sequence[str] | None:
    """Find the users of whom *q* is a part of id, address or name; None if more than FEW."""
    statement = (
        select(USERS_SEARCH.c.user_id)
        .where(USERS_SEARCH.c.platform_id == platform_id, _resembles(USERS_SEARCH.c.search_text, q))
        .limit(FEW + 1)
    )
    found = connection.execute(statement).scalars().all()
    return found if len(found) <= FEW else None


def count_found(connection: Connection, platform_id: str, view: View) -> int:
    """Count the users whom a search finds and the other filters let through."""
    filters = view.filters
    assert filters.q is not None, "groups tell how many users there are without a search"
    if filters.plan or filters.status:
        statement = select(func.count()).select_from(USERS).where(*_matches(platform_id, view))
    elif view.few is not None:
        return len(view.few)
    else:
        statement = (
            select(func.count())
            .select_from(USERS_SEARCH)
            .where(
                USERS_SEARCH.c.platform_id == platform_id,
                _resembles(USERS_SEARCH.c.search_text, filters.q),
            )
        )
    return connection.execute(statement).scalar_one()


def list_users(
    connection: Connection,
    platform_id: str,
    view: View,
    *,
    after: Position | None,
    backward: bool,
    limit: int,
) -> list[tuple[Position, EndUser]]:
    """List users from a position on, towards the end of the table or (backward) its beginning."""
    is_descending = (view.filters.order is Order.DESCENDING) != backward
    value = _sort_value(view)
    keys: list[Position] = []
    for is_null in _segments(view.filters.sort, after, is_descending=is_descending):
        statement = (
            select(value.label("value"), _user_id)
            .where(*_matches(platform_id, view), *_segment(value, view, is_null=is_null))
            .order_by(*_ordering(value, view, is_null=is_null, is_descending=is_descending))
            .limit(limit - len(keys))
        )
        if after is not None:
            statement = statement.where(_is_past(value, after, is_descending=is_descending))
        keys += [_position(row) for row in connection.execute(statement)]
        after = None
        if len(keys) >= limit:
            break
    users = _fetch(connection, platform_id, [key.user_id for key in keys])
    return [(key, users[key.user_id]) for key in keys]


def list_by_id(
    connection: Connection, platform_id: str, view: View, *, after_id: str, limit: int
) -> list[EndUser]:
    """List users in the order of their ids, which costs one pass over the rows in all."""
    statement = (
        select(USERS)
        .where(*_matches(platform_id, view), _user_id > after_id)
        .order_by(_user_id)
        .limit(limit)
    )
    return [user_of(row) for row in connection.execute(statement)]


def _matches(platform_id: str, view: View) -> list[ColumnElement[bool]]:
    """The one filter: of the page, the count and the export."""
    filters = view.filters
    conditions: list[ColumnElement[bool]] = [USERS.c.platform_id == platform_id]
    if view.few is not None:
        conditions.append(_user_id.in_(view.few))
    elif filters.q is not None:
        columns = (_user_id, USERS.c.clerk_email, USERS.c.clerk_name)
        conditions.append(or_(*(_resembles(column, filters.q) for column in columns)))
    if filters.plan is not None:
        is_plan = USERS.c.plan == filters.plan
        is_free = filters.plan == view.free_plan
        conditions.append(or_(is_plan, USERS.c.plan.is_(None)) if is_free else is_plan)
    if filters.status == NO_STATUS:
        conditions.append(USERS.c.subscription_status.is_(None))
    elif filters.status is not None:
        conditions.append(USERS.c.subscription_status == filters.status)
    return conditions


def _resembles(column: ColumnElement[str], part: str) -> ColumnElement[bool]:
    """Find a part of a text, in any case; what SQL would take for a pattern is text."""
    for special in (LIKE_ESCAPE, "%", "_"):
        part = part.replace(special, LIKE_ESCAPE + special)
    return _Resembles(column, f"%{part}%")


class _Resembles(FunctionElement[bool]):
    """LIKE in any case, by each engine's own operator; SQLite's ILIKE would lower every row."""

    type = Boolean()
    inherit_cache = True


@compiles(_Resembles)
def _ilike(element: _Resembles, compiler: Any, **options: Any) -> str:
    column, pattern = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} ILIKE {pattern} ESCAPE '{LIKE_ESCAPE}'"


@compiles(_Resembles, "sqlite")
def _like(element: _Resembles, compiler: Any, **options: Any) -> str:
    return _ilike(element, compiler, **options).replace("ILIKE", "LIKE", 1)


def _sort_value(view: View) -> ColumnElement[Any]:
    if view.filters.sort is SortBy.USAGE_COUNT:
        return usage_now(view.now)
    column = _sort_columns[view.filters.sort]
    if view.filters.sort in _MOMENTS:
        return type_coerce(column, WholeNumber)
    return column


def _segments(sort: SortBy, after: Position | None, *, is_descending: bool) -> Sequence[bool]:
    """Say where to look, in order: among rows without a value (True) and with one (False).

    Engines disagree on where NULL sorts, and none finds it by comparing keys.
    """
    if sort in _NEVER_NULL:
        return (False,)
    segments = (False, True) if is_descending else (True, False)
    if after is None:
        return segments
    return segments[segments.index(after.value is None) :]


def _segment(
    value: ColumnElement[Any], view: View, *, is_null: bool
) -> tuple[ColumnElement[bool], ...]:
    if view.filters.sort in _NEVER_NULL:
        return ()
    return (value.is_(None) if is_null else value.is_not(None),)


def _is_past(
    value: ColumnElement[Any], position: Position, *, is_descending: bool
) -> ColumnElement[bool]:
    """Bound a segment to the rows that come after a position of it."""
    if position.value is None:
        here, place = tuple_(_user_id), tuple_(position.user_id)
    else:
        here, place = tuple_(value, _user_id), tuple_(position.value, position.user_id)
    return here < place if is_descending else here > place


def _ordering(
    value: ColumnElement[Any], view: View, *, is_null: bool, is_descending: bool
) -> list[ColumnElement[Any]]:
    if view.few is not None:
        # Keeps the engine off the sort's index: looking along it for a few rows is many jumps.
        value = func.coalesce(value, value)
    columns = [_user_id] if is_null else [value, _user_id]
    return [column.desc() if is_descending else column.asc() for column in columns]


def _position(row: Row[Any, Any]) -> Position:
    return Position(row.value, row.user_id)


def _fetch(connection: Connection, platform_id: str, user_ids: Sequence[str]) -> dict[str, EndUser]:
    statement = select(USERS).where(USERS.c.platform_id == platform_id, _user_id.in_(user_ids))
    return {row.user_id: user_of(row) for row in connection.execute(statement)}
