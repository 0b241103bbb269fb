"""SQL on ``accounts_developers`` and ``accounts_audit``."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Table, Text, delete, insert, select

from dream_api.developers.accounts.model import AuditEntry, Developer
from dream_api.kit.ids import new_id
from dream_api.stores import Connection, Instant, Json, MetaData, upsert

AUDIT_LIMIT_MAX = 100

_METADATA = MetaData()

DEVELOPERS = Table(
    "accounts_developers",
    _METADATA,
    Column("developer_id", Text, primary_key=True),
    Column("email", Text, nullable=False),
    Column("name", Text),
    Column("created_at", Instant, nullable=False),
)

AUDIT = Table(
    "accounts_audit",
    _METADATA,
    Column("developer_id", Text, primary_key=True),
    Column("audit_id", Text, primary_key=True),
    Column("action", Text, nullable=False),
    Column("detail", Json, nullable=False),
    Column("happened_at", Instant, nullable=False),
)


def put_developer(connection: Connection, developer: Developer) -> None:
    """Keep a profile, or bring its address and name up to date."""
    profile = {"email": developer.email, "name": developer.name}
    connection.execute(
        upsert(DEVELOPERS)
        .values(developer_id=developer.developer_id, created_at=developer.created_at, **profile)
        .on_conflict_do_update(index_elements=["developer_id"], set_=profile)
    )


def find_developer(connection: Connection, developer_id: str) -> Developer | None:
    """Find a profile."""
    row = connection.execute(
        select(DEVELOPERS).where(DEVELOPERS.c.developer_id == developer_id)
    ).one_or_none()
    return None if row is None else Developer(*row)


def remove_developer(connection: Connection, developer_id: str) -> None:
    """Forget a profile; the audit log stays, under an id that no longer names anybody."""
    connection.execute(delete(DEVELOPERS).where(DEVELOPERS.c.developer_id == developer_id))


def audit(
    connection: Connection,
    developer_id: str,
    action: str,
    detail: Mapping[str, Any],
    now: datetime,
) -> None:
    """Write down a change, in the transaction that makes it. *detail* holds no secret."""
    connection.execute(
        insert(AUDIT).values(
            developer_id=developer_id,
            audit_id=new_id("aud", now),
            action=action,
            detail=dict(detail),
            happened_at=now,
        )
    )


def list_audit(connection: Connection, developer_id: str, limit: int) -> list[AuditEntry]:
    """List a developer's changes, the newest first."""
    rows = connection.execute(
        select(AUDIT)
        .where(AUDIT.c.developer_id == developer_id)
        .order_by(AUDIT.c.audit_id.desc())
        .limit(min(limit, AUDIT_LIMIT_MAX))
    )
    return [AuditEntry(row.action, row.detail, row.happened_at) for row in rows]
