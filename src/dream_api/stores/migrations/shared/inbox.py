"""The inbox of a world: events from outside, stored before they are answered."""

import sqlalchemy as sa
from alembic import op

from dream_api.stores.columns import WholeNumber


def create_inbox() -> None:
    """Create ``inbox_events``; the id of the sender is unique per sender."""
    op.create_table(
        "inbox_events",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("event_type", sa.Text, nullable=False),
        sa.Column("platform_id", sa.Text),
        sa.Column("account", sa.Text),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", WholeNumber, nullable=False),
        sa.Column("received_at", WholeNumber, nullable=False),
        sa.Column("due_at", WholeNumber, nullable=False),
        sa.Column("finished_at", WholeNumber),
        sa.Column("reason", sa.Text),
        sa.UniqueConstraint("source", "event_id", name="inbox_events_source_event_id"),
        sqlite_strict=True,
    )
    op.create_index(
        "inbox_events_due",
        "inbox_events",
        ["due_at"],
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("inbox_events_platform", "inbox_events", ["platform_id", "id"])
    op.create_index("inbox_events_finished", "inbox_events", ["finished_at"])
