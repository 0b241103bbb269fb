"""Where a schema stands in its world's chain, told without Alembic.

Whoever serves asks this once, and Alembic would stay in its memory. The files of the revisions
are what Alembic reads, too.
"""

import re
from pathlib import Path

from sqlalchemy import Connection

from dream_api.stores.bindings import World
from dream_api.stores.errors import SchemaMismatch

_HERE = Path(__file__).parent
_LINK = re.compile(
    r'^revision = "(?P<revision>\w+)"\ndown_revision = (?:"(?P<before>\w+)"|None)$', re.MULTILINE
)


def versions_folder(world: World) -> Path:
    """Name the folder of a world's revisions."""
    return _HERE / world / "versions"


def check_schema(connection: Connection, world: World) -> None:
    """Compare the world's schema with this release.

    Raises:
        SchemaMismatch: it is older (migrate) or newer (upgrade the program) than this release.
    """
    found = find_revision(connection, world)
    if found not in heads(world):
        state = "was never migrated" if found is None else f"is at {found}"
        raise SchemaMismatch(f"The {world} store {state}. Run: dream-api migrate")


def find_revision(connection: Connection, world: World) -> str | None:
    """Tell where a schema stands in this release's chain; None where it was never migrated.

    Raises:
        SchemaMismatch: a newer release has migrated it.
    """
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql(
        "SELECT version_num FROM alembic_version"
    ).scalar_one_or_none()
    if found is not None and found not in _chain(world):
        raise SchemaMismatch(
            f"The {world} store was migrated by a newer release ({found}). Upgrade this program."
        )
    return found


def heads(world: World) -> list[str]:
    """List the revisions that no other follows; a line has one."""
    chain = _chain(world)
    return sorted(chain.keys() - set(chain.values()))


def _chain(world: World) -> dict[str, str | None]:
    """Read each revision's name, and which one it follows."""
    texts = (path.read_text() for path in versions_folder(world).glob("*.py"))
    links = (link for text in texts for link in _LINK.finditer(text))
    return {link["revision"]: link["before"] for link in links}
