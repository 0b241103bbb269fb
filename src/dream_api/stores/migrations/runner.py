"""Run one world's chain of migrations on a connection."""

from pathlib import Path

from sqlalchemy import Connection

from dream_api.stores.bindings import World
from dream_api.stores.migrations.chain import find_revision, versions_folder


def migrate(connection: Connection, world: World) -> None:
    """Bring the world's schema to this release, inside the transaction that the caller began.

    Raises:
        SchemaMismatch: a newer release has migrated it already; nothing was changed.
    """
    # Alembic takes 12 MB, and a process that serves never migrates.
    from alembic import command  # noqa: PLC0415 - see above.
    from alembic.config import Config  # noqa: PLC0415 - see above.

    find_revision(connection, world)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("version_locations", str(versions_folder(world)))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
