"""Who of a Clerk application belongs to which realm.

Both worlds have this table, each for its own Clerk application.
"""

import sqlalchemy as sa
from alembic import op

from dream_api.stores.columns import WholeNumber


def create_clerk() -> None:
    """Create the table. One person of Clerk's belongs to one realm, whatever their token says.

    A row with ``deleted_at`` is a tombstone: nothing that comes later brings the person back. Its
    realm is empty where the person never came to any.
    """
    op.create_table(
        "identity_clerk_users",
        sa.Column("realm_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("profile_at", WholeNumber, nullable=False),
        sa.Column("checked_at", WholeNumber, nullable=False),
        sa.Column("written_platform_id", sa.Text),
        sa.Column("written_plan", sa.Text),
        sa.Column("deleted_at", WholeNumber),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "identity_clerk_users_user_id", "identity_clerk_users", ["user_id"], unique=True
    )
    op.create_index(
        "identity_clerk_users_checked_at",
        "identity_clerk_users",
        ["checked_at"],
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
