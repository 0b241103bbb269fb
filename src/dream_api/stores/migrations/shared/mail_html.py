"""The mailbox of development keeps how a mail looks."""

import sqlalchemy as sa
from alembic import op


def add_mail_html() -> None:
    """Add the column; mails of before have none."""
    op.add_column("outbox_mailbox", sa.Column("html", sa.Text))
