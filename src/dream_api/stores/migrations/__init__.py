"""Migrations: one Alembic chain per world.

Owns the schema's history and the check that a store fits this release.
Does not own the tables' meaning; it freezes their definitions and imports no room.
"""

from dream_api.stores.migrations.chain import check_schema, heads, versions_folder
from dream_api.stores.migrations.runner import migrate

__all__ = ["check_schema", "heads", "migrate", "versions_folder"]
