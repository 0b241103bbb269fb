"""Intents: one row a platform, the last plan and how far it came. The developers' world."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Connection, MetaData, Row, Table, Text, select, update

from dream_api.bridge.catalog.plan import Plan, PlannedTier, Retired
from dream_api.stores import Instant, Json, WholeNumber, upsert

INTENTS = Table(
    "catalog_intents",
    MetaData(),
    Column("platform_id", Text, primary_key=True),
    Column("developer_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("revision", WholeNumber, nullable=False),
    Column("state", Text, nullable=False),
    Column("tiers", Json, nullable=False),
    Column("retired", Json, nullable=False),
    Column("changed_at", Instant, nullable=False),
)


class State(StrEnum):
    """How far a plan came."""

    OPEN = "open"
    """Begun, and nobody was told how it ended: the worker finishes it."""
    ABANDONED = "abandoned"
    """The developer was told that it failed; the next submit goes on from here."""
    RETIRING = "retiring"
    """Published; prices and products that were given up are still on sale."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Intent:
    """A plan and how far it came."""

    platform_id: str
    developer_id: str
    plan: Plan
    state: State

    @classmethod
    def seed(cls, platform_id: str, developer_id: str, account_id: str) -> "Intent":
        """Give an intent without a plan, which names whose and on which account."""
        return cls(platform_id, developer_id, Plan(account_id, revision=0), State.OPEN)


def read_intent(connection: Connection, platform_id: str) -> Intent | None:
    """Read the last plan of a platform."""
    row = connection.execute(
        select(INTENTS).where(INTENTS.c.platform_id == platform_id)
    ).one_or_none()
    return None if row is None else _intent(row)


def write_intent(connection: Connection, intent: Intent, now: datetime) -> None:
    """Write a platform's plan, replacing the one before."""
    values = {
        "developer_id": intent.developer_id,
        "account_id": intent.plan.account_id,
        "revision": intent.plan.revision,
        "state": intent.state.value,
        "tiers": [planned.to_wire() for planned in intent.plan.tiers],
        "retired": intent.plan.retired.to_wire(),
        "changed_at": now,
    }
    connection.execute(
        upsert(INTENTS)
        .values(platform_id=intent.platform_id, **values)
        .on_conflict_do_update(index_elements=["platform_id"], set_=values)
    )


def finish_retiring(connection: Connection, platform_id: str, plan: Plan) -> None:
    """Note that what *plan* gave up is off sale, unless another plan has begun since."""
    connection.execute(
        update(INTENTS)
        .where(
            INTENTS.c.platform_id == platform_id,
            INTENTS.c.state == State.RETIRING.value,
            INTENTS.c.retired == plan.retired.to_wire(),
        )
        .values(state=State.DONE.value, retired=Retired().to_wire())
    )


def unfinished_intents(
    connection: Connection, changed_before: datetime, limit: int
) -> list[Intent]:
    """List plans that nobody is working on any more, oldest first."""
    rows = connection.execute(
        select(INTENTS)
        .where(
            INTENTS.c.state.in_([State.OPEN.value, State.RETIRING.value]),
            INTENTS.c.changed_at < changed_before,
        )
        .order_by(INTENTS.c.changed_at)
        .limit(limit)
    )
    return [_intent(row) for row in rows]


def _intent(row: Row[tuple[object, ...]]) -> Intent:
    values = row._mapping  # noqa: SLF001 - SQLAlchemy documents this name.
    plan = Plan(
        account_id=values["account_id"],
        revision=values["revision"],
        tiers=tuple(PlannedTier.from_wire(wire) for wire in values["tiers"]),
        retired=Retired.from_wire(values["retired"]),
    )
    return Intent(values["platform_id"], values["developer_id"], plan, State(values["state"]))
