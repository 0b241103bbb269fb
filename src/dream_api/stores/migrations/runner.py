"""Run one world's chain of migrations on a connection."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from dream_api.stores.bindings import World
from dream_api.stores.errors import SchemaMismatch

_HERE = Path(__file__).parent


def migrate(connection: Connection, world: World) -> None:
    """Bring the world's schema to this release, inside the transaction that the caller began.

    Raises:
        SchemaMismatch: a newer release has migrated it already; nothing was changed.
    """
    config = _config(world)
    _find_revision(connection, world, ScriptDirectory.from_config(config))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def check_schema(connection: Connection, world: World) -> None:
    """Compare the world's schema with this release.

    Raises:
        SchemaMismatch: it is older (migrate) or newer (upgrade the program) than this release.
    """
    script = ScriptDirectory.from_config(_config(world))
    found = _find_revision(connection, world, script)
    if found != script.get_current_head():
        state = "was never migrated" if found is None else f"is at {found}"
        raise SchemaMismatch(f"The {world} store {state}. Run: dream-api migrate")


def _find_revision(connection: Connection, world: World, script: ScriptDirectory) -> str | None:
    """Tell where a schema stands in this release's chain; None where it was never migrated."""
    found = MigrationContext.configure(connection).get_current_revision()
    if found is None or found in {revision.revision for revision in script.walk_revisions()}:
        return found
    raise SchemaMismatch(
        f"The {world} store was migrated by a newer release ({found}). Upgrade this program."
    )


def heads(world: World) -> list[str]:
    """List the revisions that no other follows; a line has one."""
    return ScriptDirectory.from_config(_config(world)).get_heads()


def _config(world: World) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("version_locations", str(_HERE / world / "versions"))
    config.set_main_option("path_separator", "newline")
    return config
