"""The pure rules of a key's life: what repair does to any state that crashes can leave."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dream_api.bridge.keys import SCOPES, Issued, SecretKey
from dream_api.bridge.keys.model import check_new_key, issue, kept_hashes, repaired, rotated
from dream_api.kit.errors import ValidationFailed
from dream_api.services.http.scopes import ALL_SCOPES

PLATFORM = "pk_live_drm_x"
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def test_a_row_survives_its_stored_form() -> None:
    """Milliseconds and all."""
    old = issue(PLATFORM, NOW, ends_at=NOW + timedelta(days=1))
    issued, _ = rotated([old.key], issue(PLATFORM, NOW, scopes=("read",)), timedelta(), NOW)

    assert issued.key == SecretKey.from_wire(issued.key.key_hash, issued.key.to_wire())


def test_the_secret_is_in_no_stored_form() -> None:
    """Only its hash and its hint."""
    issued = issue(PLATFORM, NOW)

    assert issued.secret not in repr(issued.key)
    assert issued.secret not in repr(issued.key.to_wire())


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 7200)), min_size=1, max_size=8
    )
)
def test_after_repair_only_keys_that_were_shown_live(
    steps: list[tuple[int, bool, int]],
) -> None:
    """Any mix of creations and rotations, each perhaps crashed before its secret was shown.

    Whatever happened, the newest shown key still works (nobody ever takes it away here except a
    shown rotation), and a key that a shown rotation has retired never comes back.
    """
    rows: dict[str, SecretKey] = {}
    known: set[str] = set()
    retired_for_good: dict[str, datetime] = {}
    now = NOW
    for kind, has_crashed, seconds in steps:
        now += timedelta(seconds=seconds)
        rows.update(repaired(rows.values(), known, now))
        issued, older = _step(kind, list(rows.values()), now)
        rows.update({row.key_hash: row for row in older})
        rows[issued.key.key_hash] = issued.key
        if not has_crashed:
            known.add(issued.key.id)
            for row in older:
                assert row.expires_at is not None
                retired_for_good.setdefault(row.key_hash, row.expires_at)
    rows.update(repaired(rows.values(), known, now))

    assert {row.id for row in rows.values() if row.is_live(now)} <= known
    assert all(
        not rows[key_hash].is_live(max(now, end)) for key_hash, end in retired_for_good.items()
    )
    if known:
        assert any(row.is_live(now) for row in rows.values())


def test_the_index_drops_the_oldest_dead_keys_only() -> None:
    """What lives or has a copy stays, however many there are."""
    dead = [
        issue(PLATFORM, NOW + timedelta(seconds=n)).key.revoked(NOW) for n in range(150)
    ]  # fmt: skip
    alive = issue(PLATFORM, NOW - timedelta(days=1)).key

    kept = kept_hashes([alive, *dead], {dead[0].id})

    assert alive.key_hash in kept
    assert dead[0].key_hash in kept
    assert dead[1].key_hash not in kept
    assert 100 == len(kept)


@pytest.mark.parametrize(
    ("name", "scopes", "expires_in", "param"),
    [
        ("", None, None, "name"), ("a" * 65, None, None, "name"), ("a\n", None, None, "name"),
        ("ok", (), None, "scopes"), ("ok", ("made-up",), None, "scopes"),
        ("ok", ("read", "read"), None, "scopes"),
        ("ok", None, timedelta(), "expiresAt"), ("ok", None, timedelta(days=4000), "expiresAt"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_new_key_is_named(
    name: str, scopes: tuple[str, ...] | None, expires_in: timedelta | None, param: str
) -> None:
    """Nothing is issued."""
    expires_at = None if expires_in is None else NOW + expires_in
    with pytest.raises(ValidationFailed) as refused:
        check_new_key(name, scopes, expires_at, NOW)

    assert param == refused.value.param


def test_the_doors_know_the_same_scopes() -> None:
    """A scope that is given and never checked would be a lie."""
    assert set(SCOPES) == set(ALL_SCOPES)


def _step(kind: int, rows: list[SecretKey], now: datetime) -> tuple[Issued, list[SecretKey]]:
    live = [row for row in rows if row.is_live(now)]
    issued = issue(PLATFORM, now)
    if kind == 0:
        return issued, []
    overlap = timedelta(seconds=0 if kind == 1 else 3600)
    return rotated(live if kind < 3 else live[:1], issued, overlap, now)
