"""Key-value namespaces: a table each."""

import sqlalchemy as sa
from alembic import op

from dream_api.stores.columns import WholeNumber


def create_namespace(name: str) -> None:
    """Create the table of one namespace."""
    op.create_table(
        name,
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("expires_at", WholeNumber),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(f"{name}_expires_at", name, ["expires_at"])
