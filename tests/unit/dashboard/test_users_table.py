"""The table of users: filters, orders, pages."""

import random
from typing import Any

import pytest
from sqlalchemy import text

from dream_api.customers.dashboard import Dashboard, Filters, Order, SortBy
from dream_api.customers.dashboard.store.users import FEW
from dream_api.gateways.clock import MovableClock
from dream_api.kit.cursors import InvalidCursor
from dream_api.kit.errors import ValidationFailed
from dream_api.stores import ApiMultiBindings, Connection
from tests.unit.dashboard.conftest import PLATFORM, AddUsers

DAY = 86_400


async def _ids(dashboard: Dashboard, filters: Filters, limit: int = 100) -> list[str]:
    return [row.user_id for row in (await dashboard.users(PLATFORM, filters, limit)).rows]


async def _walk(dashboard: Dashboard, filters: Filters, limit: int) -> list[str]:
    """Go through the whole table page by page."""
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await dashboard.users(PLATFORM, filters, limit, cursor)
        seen += [row.user_id for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            return seen


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("u_ada", ["u_ada"]),
        ("ADA", ["u_ada", "u_bob"]),
        ("example.com", ["u_ada"]),
        ("lovelace", ["u_bob"]),
        ("d", ["u_ada", "u_bob", "u_under"]),
        ("100%", ["u_percent"]),
        ("a_b", ["u_under"]),
        ("\\", ["u_slash"]),
        ("nobody", []),
        ("  ada ", ["u_ada", "u_bob"]),
    ],
)
async def test_a_search_finds_parts_of_id_address_and_name(
    dashboard: Dashboard, add_users: AddUsers, q: str, expected: list[str]
) -> None:
    """In any case; what SQL would take for a pattern is text."""
    await add_users(
        {"user_id": "u_ada", "clerk_email": "x@example.com"},
        {"user_id": "u_bob", "clerk_name": "Lady Lovelace, Ada"},
        {"user_id": "u_percent", "clerk_name": "100% me"},
        {"user_id": "u_under", "clerk_name": "a_b"},
        {"user_id": "u_slash", "clerk_name": "a\\b"},
        {"user_id": "u_axb", "clerk_name": "axb"},
    )

    assert expected == sorted(await _ids(dashboard, Filters.parse(q=q)))


async def test_a_search_sees_what_was_written_last(
    dashboard: Dashboard, add_users: AddUsers, mine: ApiMultiBindings
) -> None:
    """A changed name is found by the new one only, and an erased user by nothing."""
    await add_users({"user_id": "u_1", "clerk_name": "Ada"}, {"user_id": "u_bob"})

    def change(connection: Connection) -> None:
        connection.execute(text("UPDATE users SET clerk_name = 'GRACE' WHERE user_id = 'u_1'"))
        connection.execute(text("DELETE FROM users WHERE user_id = 'u_bob'"))

    await mine.customers.of(PLATFORM).write(change)

    assert [] == await _ids(dashboard, Filters.parse(q="ada"))
    assert ["u_1"] == await _ids(dashboard, Filters.parse(q="grace"))
    assert [] == await _ids(dashboard, Filters.parse(q="bob"))


@pytest.mark.parametrize("filters", [{}, {"plan": "pro"}, {"status": "active"}], ids=str)
async def test_a_search_that_finds_many_shows_and_counts_each_once(
    dashboard: Dashboard, add_users: AddUsers, filters: dict[str, str]
) -> None:
    """Beyond some number of users, a search goes another way; nobody may notice."""
    count = FEW + 20
    users = [
        {"clerk_name": "Ada", "plan": "pro" if n % 2 else None, "subscription_status": "active"}
        for n in range(count)
    ]
    await add_users(*users, {"user_id": "u_other"})
    wanted = Filters.parse(q="ada", **filters)
    expected = count // 2 if "plan" in filters else count

    assert expected == len(set(await _walk(dashboard, wanted, 100)))
    assert expected == (await dashboard.users(PLATFORM, wanted, 1)).total


async def test_a_search_stays_on_its_platform(dashboard: Dashboard, add_users: AddUsers) -> None:
    """Nobody finds another developer's users."""
    await add_users({"user_id": "u_ada"}, platform_id="pk_test_2")

    assert [] == await _ids(dashboard, Filters.parse(q="ada"))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"plan": "pro"}, ["u_00001", "u_00003"]),
        ({"plan": "free"}, ["u_00000", "u_00002"]),
        ({"status": "active"}, ["u_00001"]),
        ({"status": "none"}, ["u_00000", "u_00002"]),
        ({"plan": "pro", "status": "past_due"}, ["u_00003"]),
        ({"plan": "gold"}, []),
    ],
    ids=str,
)
async def test_filters_let_through_what_they_say(
    dashboard: Dashboard, add_users: AddUsers, filters: dict[str, str], expected: list[str]
) -> None:
    """Users without a plan are on the free tier."""
    await add_users(
        {"plan": "free"},
        {"plan": "pro", "subscription_status": "active"},
        {"plan": None},
        {"plan": "pro", "subscription_status": "past_due"},
    )
    page = await dashboard.users(PLATFORM, Filters.parse(**filters), 100)

    assert expected == sorted(row.user_id for row in page.rows)
    assert len(expected) == page.total


@pytest.mark.parametrize(
    ("param", "filters"),
    [
        ("status", {"status": "happy"}),
        ("sort", {"sort": "shoeSize"}),
        ("order", {"order": "up"}),
        ("q", {"q": "x" * 201}),
    ],
)
def test_a_filter_that_is_not_understood_is_refused(param: str, filters: dict[str, str]) -> None:
    """By its name, and with what would be."""
    with pytest.raises(ValidationFailed) as refused:
        Filters.parse(**filters)

    assert param == refused.value.errors[0].param


def _random_users(count: int) -> list[dict[str, Any]]:
    chance = random.Random(7)  # noqa: S311 - the same users every time.
    pick = chance.choice
    return [
        {
            "plan": pick([None, "free", "pro"]),
            "clerk_email": pick([None, "a@example.com", "b@example.com"]),
            "clerk_name": pick([None, "Ada"]),
            "subscription_status": pick([None, "active"]),
            "mrr_cents": pick([0, 2_900]),
            "usage_count": pick([0, 5, 7]),
            "last_active": pick([None, 1_700_000_000_000, 1_700_000_000_001]),
            "created_at": pick([1_700_000_000_000, 1_700_000_000_001]),
        }
        for _ in range(count)
    ]


@pytest.mark.parametrize("sort", list(SortBy))
@pytest.mark.parametrize("order", list(Order))
async def test_pages_show_everybody_once_in_one_order(
    dashboard: Dashboard, add_users: AddUsers, sort: SortBy, order: Order
) -> None:
    """Whatever the table is sorted by, and however many are alike or have no value."""
    await add_users(*_random_users(25))
    filters = Filters(sort=sort, order=order)

    assert await _ids(dashboard, filters) == await _walk(dashboard, filters, 4)


@pytest.mark.parametrize("sort", list(SortBy))
async def test_descending_is_ascending_backwards(
    dashboard: Dashboard, add_users: AddUsers, sort: SortBy
) -> None:
    """Users without a value are the smallest."""
    await add_users(*_random_users(25))
    ascending = await _ids(dashboard, Filters(sort=sort, order=Order.ASCENDING))

    assert ascending[::-1] == await _ids(dashboard, Filters(sort=sort, order=Order.DESCENDING))


@pytest.mark.parametrize("sort", list(SortBy))
async def test_going_back_shows_what_was_there(
    dashboard: Dashboard, add_users: AddUsers, sort: SortBy
) -> None:
    """Two pages forward and one back is the first page; it has none before."""
    await add_users(*_random_users(12))
    filters = Filters(sort=sort)
    first = await dashboard.users(PLATFORM, filters, 5)
    second = await dashboard.users(PLATFORM, filters, 5, first.next_cursor)
    back = await dashboard.users(PLATFORM, filters, 5, second.prev_cursor)

    assert (first.rows, None, None) == (back.rows, first.prev_cursor, back.prev_cursor)
    assert second == await dashboard.users(PLATFORM, filters, 5, back.next_cursor)


async def test_the_last_page_has_none_after_it(dashboard: Dashboard, add_users: AddUsers) -> None:
    """Also when it is full."""
    await add_users(*_random_users(10))
    first = await dashboard.users(PLATFORM, Filters(), 5)
    second = await dashboard.users(PLATFORM, Filters(), 5, first.next_cursor)

    assert (5, None) == (len(second.rows), second.next_cursor)


async def test_a_cursor_is_of_one_list(dashboard: Dashboard, add_users: AddUsers) -> None:
    """Another filter, order or platform is another list."""
    await add_users(*_random_users(10))
    cursor = (await dashboard.users(PLATFORM, Filters(), 5)).next_cursor

    with pytest.raises(InvalidCursor):
        await dashboard.users(PLATFORM, Filters(plan="pro"), 5, cursor)
    with pytest.raises(InvalidCursor):
        await dashboard.users("pk_test_2", Filters(), 5, cursor)


async def test_an_empty_table_is_a_page(dashboard: Dashboard) -> None:
    """Nothing before, nothing after."""
    page = await dashboard.users(PLATFORM, Filters(), 5)

    assert ([], None, None, 0) == (list(page.rows), page.next_cursor, page.prev_cursor, page.total)


async def test_a_month_that_has_passed_counts_nothing(
    dashboard: Dashboard, add_users: AddUsers, clock: MovableClock
) -> None:
    """Neither shown nor sorted by."""
    await add_users({"usage_count": 5}, {"usage_count": 0})
    clock.advance(32 * DAY)
    page = await dashboard.users(PLATFORM, Filters(sort=SortBy.USAGE_COUNT), 5)

    assert [("u_00001", 0), ("u_00000", 0)] == [(row.user_id, row.usage_count) for row in page.rows]


async def test_a_row_shows_the_limit_of_its_plan(dashboard: Dashboard, add_users: AddUsers) -> None:
    """The tier's, as it is now."""
    await add_users({"plan": "pro"}, {"plan": None})
    page = await dashboard.users(PLATFORM, Filters(sort=SortBy.USER_ID, order=Order.ASCENDING), 5)

    assert [("pro", 1_000), ("free", 10)] == [(row.plan, row.limit) for row in page.rows]
