"""How many users a platform has, in groups: read, folded, and compared with the users."""

from collections import defaultdict

from sqlalchemy import Column, Text, bindparam, delete, func, select, text

from dream_api.customers.end_users.model import CountDifference, UserGroup
from dream_api.stores import Connection, MetaData, Table, WholeNumber, upsert

FOLDED = 0
"""The number of a group's own row; any other is that of a transaction on PostgreSQL."""
DIFFERENCES_MAX = 1_000
"""Differences reported: more would not tell more."""

USERS_COUNTS = Table(
    "end_users_counts",
    MetaData(),
    Column("platform_id", Text, primary_key=True),
    Column("plan", Text, primary_key=True),
    Column("subscription_status", Text, primary_key=True),
    Column("cancel_at_period_end", WholeNumber, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("transaction_id", WholeNumber, primary_key=True),
    Column("users", WholeNumber, nullable=False),
    Column("paying_users", WholeNumber, nullable=False),
    Column("mrr_cents", WholeNumber, nullable=False),
)
"""What the rows of ``users`` come to, in groups; triggers of ``users`` keep it.

No plan and no status are empty texts. A group is the sum of its rows: one of number 0, and one of
each transaction on PostgreSQL that has not been folded into it yet.
"""
_KEY = tuple(USERS_COUNTS.primary_key.columns.keys())
_GROUP = _KEY[:-1]
_SUMS = ("users", "paying_users", "mrr_cents")

_DIFFERENCES = text("""
    SELECT platform_id, plan, subscription_status, sum(stored), sum(present) FROM (
        SELECT platform_id, plan, subscription_status, cancel_at_period_end, currency,
            users AS stored, 0 AS present, paying_users AS paying, mrr_cents AS cents
        FROM end_users_counts
        UNION ALL
        SELECT platform_id, coalesce(plan, ''), coalesce(subscription_status, ''),
            cancel_at_period_end, currency,
            0, 1, CASE WHEN mrr_cents > 0 THEN -1 ELSE 0 END, -mrr_cents
        FROM users
    ) compared
    GROUP BY platform_id, plan, subscription_status, cancel_at_period_end, currency
    HAVING sum(stored) <> sum(present) OR sum(paying) <> 0 OR sum(cents) <> 0
    ORDER BY platform_id, plan, subscription_status
    LIMIT :differences_max
""")


def read_groups(connection: Connection, platform_id: str) -> list[UserGroup]:
    """Count a platform's users in groups, which costs the same however many there are."""
    counts = USERS_COUNTS.c
    group = (counts.plan, counts.subscription_status, counts.cancel_at_period_end, counts.currency)
    statement = (
        select(*group, *(func.sum(counts[name]) for name in _SUMS))
        .where(counts.platform_id == platform_id)
        .group_by(*group)
        .having(func.sum(counts.users) > 0)
    )
    return [
        UserGroup(
            plan=plan or None,
            subscription_status=status or None,
            is_ending=bool(is_ending),
            currency=currency,
            users=int(users),
            paying_users=int(paying_users),
            mrr_cents=int(mrr_cents),
        )
        for plan, status, is_ending, currency, users, paying_users, mrr_cents in connection.execute(
            statement
        )
    ]


def has_unfolded(connection: Connection) -> bool:
    """Tell whether a transaction has left rows of its own."""
    statement = select(USERS_COUNTS.c.users).where(USERS_COUNTS.c.transaction_id != FOLDED).limit(1)
    return connection.execute(statement).first() is not None


def fold_counts(connection: Connection, limit: int) -> int:
    """Add rows of ended transactions to those of their groups, at most *limit*; give how many.

    Nobody changes such a row any more, and another fold leaves out those that this one holds.
    """
    statement = (
        select(USERS_COUNTS)
        .where(USERS_COUNTS.c.transaction_id != FOLDED)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(statement).mappings().all()
    if not rows:
        return 0
    sums: defaultdict[tuple[str | int, ...], list[int]] = defaultdict(lambda: [0] * len(_SUMS))
    for row in rows:
        group = sums[tuple(row[name] for name in _GROUP)]
        group[:] = [total + row[name] for total, name in zip(group, _SUMS, strict=True)]
    adding = upsert(USERS_COUNTS)
    connection.execute(
        adding.on_conflict_do_update(
            index_elements=list(_KEY),
            set_={name: USERS_COUNTS.c[name] + adding.excluded[name] for name in _SUMS},
        ),
        [  # In one order, so that no two folds wait for each other.
            dict(zip((*_KEY, *_SUMS), (*group, FOLDED, *added), strict=True))
            for group, added in sorted(sums.items())
        ],
    )
    connection.execute(
        delete(USERS_COUNTS).where(
            *(USERS_COUNTS.c[name] == bindparam(f"of_{name}") for name in _KEY)
        ),
        [{f"of_{name}": row[name] for name in _KEY} for row in rows],
    )
    return len(rows)


def find_count_differences(connection: Connection) -> list[CountDifference]:
    """Compare the groups of every platform with its users, on the caller's snapshot."""
    found = connection.execute(_DIFFERENCES, {"differences_max": DIFFERENCES_MAX})
    return [
        CountDifference(platform_id, plan, status, int(stored), int(present))
        for platform_id, plan, status, stored, present in found
    ]
