"""The outbox of a world: what leaves, written with the change that caused it."""

import sqlalchemy as sa
from alembic import op

from dream_api.stores.columns import WholeNumber


def create_outbox() -> None:
    """Create the queue, and the mailbox that stands in for a mail server in development."""
    op.create_table(
        "outbox_messages",
        sa.Column("message_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("payload_sealed", sa.Text, nullable=False),
        sa.Column("attempts", WholeNumber, nullable=False),
        sa.Column("created_at", WholeNumber, nullable=False),
        sa.Column("due_at", WholeNumber),
        sa.Column("dead_at", WholeNumber),
        sa.Column("reason", sa.Text),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("outbox_messages_due_at", "outbox_messages", ["due_at"])
    op.create_table(
        "outbox_mailbox",
        sa.Column("mail_id", sa.Text, primary_key=True),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("link", sa.Text),
        sa.Column("sent_at", WholeNumber, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("outbox_mailbox_recipient", "outbox_mailbox", ["recipient", "mail_id"])
