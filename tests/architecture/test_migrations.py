"""Each world has one line of migrations."""

import pytest

from dream_api.stores import World
from dream_api.stores.migrations import heads


@pytest.mark.parametrize("world", list(World))
def test_the_migrations_of_a_world_have_one_end(world: World) -> None:
    """Two that follow the same one stop every installation; let one follow the other."""
    assert 1 == len(heads(world))
