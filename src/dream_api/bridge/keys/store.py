"""Rows of keys in both worlds. Functions of one world never touch the other.

Customers: ``apikey:{hash}`` is the key, ``platform:{platformId}:keys`` lists the hashes of a
platform. Developers: ``user:{developerId}:apiKey`` and ``apikey:{hash}`` are the copies, and
``keys_turns`` says who may change a platform's keys.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, Text, select, update

from dream_api.bridge.keys.errors import KeysChanged
from dream_api.bridge.keys.model import SecretKey, Turn, kept_hashes
from dream_api.customers.platforms import read_key, write_key
from dream_api.kit.errors import NotFound
from dream_api.kit.periods import rfc3339
from dream_api.stores import Instant, KeyValue, upsert

TOKEN_BYTES = 16

TURNS = Table(
    "keys_turns",
    MetaData(),
    Column("platform_id", Text, primary_key=True),
    Column("developer_id", Text, nullable=False),
    Column("token", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("shown_at", Instant),
)


# The developers' world.


def open_turn(
    connection: Connection,
    platform_id: str,
    *,
    platform_tokens: KeyValue,
    developer_id: str,
    now: datetime,
) -> Turn:
    """Take the turn; whoever had it cannot finish any more.

    Raises:
        NotFound: the platform is not this developer's.
    """
    owner = platform_tokens.get(connection, f"platform:{platform_id}:userId")
    if owner is None or owner["userId"] != developer_id:
        raise NotFound("No such platform.")
    token = secrets.token_hex(TOKEN_BYTES)
    taken = {"token": token, "opened_at": now, "closed_at": None}
    connection.execute(
        upsert(TURNS)
        .values(platform_id=platform_id, developer_id=developer_id, **taken)
        .on_conflict_do_update(index_elements=["platform_id"], set_=taken)
    )
    shown_at = connection.execute(
        select(TURNS.c.shown_at).where(TURNS.c.platform_id == platform_id)
    ).scalar_one()
    known = frozenset(
        copy["id"]
        for copy in platform_tokens.get(connection, f"user:{developer_id}:apiKey") or ()
        if copy["platformId"] == platform_id
    )
    return Turn(developer_id, platform_id, token, known, was_shown=shown_at is not None)


def check_turn(connection: Connection, turn: Turn) -> None:
    """Make sure that nobody has taken the turn meanwhile.

    Raises:
        KeysChanged: somebody has, and may have taken back what this turn wrote.
    """
    token = connection.execute(
        select(TURNS.c.token).where(TURNS.c.platform_id == turn.platform_id)
    ).scalar_one_or_none()
    if token != turn.token:
        raise KeysChanged


def close_turn(connection: Connection, turn: Turn, *, now: datetime, has_shown: bool) -> None:
    """Give the turn back; *has_shown* notes that a secret of this platform is on its way."""
    values: dict[str, Any] = {"closed_at": now}
    if has_shown and not turn.was_shown:
        values["shown_at"] = now
    connection.execute(
        update(TURNS).where(TURNS.c.platform_id == turn.platform_id).values(**values)
    )


def copy_keys(
    connection: Connection,
    platform_tokens: KeyValue,
    turn: Turn,
    *,
    added: Sequence[SecretKey],
    dropped: Iterable[SecretKey],
) -> None:
    """Add copies of new keys to the developers' world and remove those of dead ones."""
    gone = {key.id: key for key in dropped}
    name = f"user:{turn.developer_id}:apiKey"
    copies = [
        copy for copy in platform_tokens.get(connection, name) or () if copy["id"] not in gone
    ]
    copies += [
        {
            "id": key.id,
            "hint": key.hint,
            "createdAt": rfc3339(key.created_at),
            "platformId": key.platform_id,
        }
        for key in added
    ]
    platform_tokens.put(connection, name, copies)
    for key in gone.values():
        platform_tokens.delete(connection, f"apikey:{key.key_hash}")
    for key in added:
        platform_tokens.put(connection, f"apikey:{key.key_hash}", key.platform_id)


def stale_turns(
    connection: Connection, opened_before: datetime, limit: int
) -> list[tuple[str, str]]:
    """List (platform, developer) of turns that were never given back, oldest first."""
    rows = connection.execute(
        select(TURNS.c.platform_id, TURNS.c.developer_id)
        .where(TURNS.c.closed_at.is_(None), TURNS.c.opened_at < opened_before)
        .order_by(TURNS.c.opened_at)
        .limit(limit)
    )
    return [(row.platform_id, row.developer_id) for row in rows]


# The customers' world.


def read_rows(
    connection: Connection, customer_tokens: KeyValue, platform_id: str
) -> list[SecretKey]:
    """Read a platform's keys, dead ones too, oldest first."""
    hashes = customer_tokens.get(connection, _index(platform_id)) or ()
    found = (
        (key_hash, read_key(connection, customer_tokens, platform_id, key_hash))
        for key_hash in hashes
    )
    return [SecretKey.from_wire(key_hash, wire) for key_hash, wire in found if wire is not None]


def write_rows(
    connection: Connection,
    customer_tokens: KeyValue,
    platform_id: str,
    *,
    changed: Mapping[str, SecretKey],
    known: AbstractSet[str],
) -> None:
    """Write the rows that change, new ones included, and the index. Raises the version."""
    if not changed:
        return
    for key_hash, key in changed.items():
        write_key(connection, customer_tokens, platform_id, key_hash, key.to_wire())
    rows = {row.key_hash: row for row in read_rows(connection, customer_tokens, platform_id)}
    customer_tokens.put(
        connection,
        _index(platform_id),
        kept_hashes([*({**rows, **changed}).values()], known),
    )


def _index(platform_id: str) -> str:
    return f"platform:{platform_id}:keys"
