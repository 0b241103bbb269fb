"""Each world has one line of migrations."""

import pytest
from alembic.script import ScriptDirectory

from dream_api.stores import World
from dream_api.stores.migrations import heads, versions_folder


@pytest.mark.parametrize("world", list(World))
def test_the_migrations_of_a_world_have_one_end(world: World) -> None:
    """Two that follow the same one stop every installation; let one follow the other."""
    assert 1 == len(heads(world))


@pytest.mark.parametrize("world", list(World))
def test_whoever_serves_knows_the_same_end_as_alembic(world: World) -> None:
    """Each revision says ``revision = "…"``, and in the next line ``down_revision = …``."""
    folder = versions_folder(world)
    alembic = ScriptDirectory(str(folder.parents[1]), version_locations=[str(folder)])

    assert alembic.get_heads() == heads(world)
