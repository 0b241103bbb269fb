"""The embedded engine: one file, one writer thread and many readers per world.

Owns connections, group commit, savepoints, the authorizer that makes bindings bite, and the
lock that keeps a second serving process out of a data folder.
Does not own any SQL of a room.
"""

from dream_api.stores.sqlite.stores import (
    OperatorStores,
    SqliteStores,
    check_not_served,
    check_stores,
    migrate_stores,
    open_stores_for_operator,
    read_serving_note,
)

__all__ = [
    "OperatorStores",
    "SqliteStores",
    "check_not_served",
    "check_stores",
    "migrate_stores",
    "open_stores_for_operator",
    "read_serving_note",
]
