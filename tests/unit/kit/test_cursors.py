"""Cursors: only what we wrote is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dream_api.kit.cursors import InvalidCursor, read_cursor, write_cursor

POSITION: list[str | int | None] = ["next", 1_700_000_000_000, "u_1"]


@given(st.lists(st.one_of(st.text(), st.integers(), st.none()), max_size=4))
def test_a_position_is_read_as_it_was_written(position: list[str | int | None]) -> None:
    """Whatever a list sorts by comes back unchanged."""
    assert position == read_cursor(write_cursor(position, "list"), "list")


@given(st.integers(min_value=0, max_value=200), st.characters())
def test_a_changed_cursor_is_refused(place: int, character: str) -> None:
    """Any other character anywhere makes it another cursor, which nobody has written."""
    cursor = write_cursor(POSITION, "list")
    changed = cursor[:place] + character + cursor[place + 1 :]
    if changed == cursor:
        return

    with pytest.raises(InvalidCursor):
        read_cursor(changed, "list")


@pytest.mark.parametrize("cursor", ["", "x", "=", "é", "A" * 5_000, "null"])
def test_nonsense_is_refused(cursor: str) -> None:
    """Nothing that a caller sends breaks the reader."""
    with pytest.raises(InvalidCursor):
        read_cursor(cursor, "list")


def test_a_cursor_fits_its_own_list_only() -> None:
    """Filters and owner are part of what the checksum covers."""
    with pytest.raises(InvalidCursor):
        read_cursor(write_cursor(POSITION, "list of a"), "list of b")
