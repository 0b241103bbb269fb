"""The mailbox of development keeps how a mail looks."""

from dream_api.stores.migrations.shared.mail_html import add_mail_html

revision = "0070_mail_html"
down_revision = "0009_clerk"


def upgrade() -> None:
    """Add the column."""
    add_mail_html()
