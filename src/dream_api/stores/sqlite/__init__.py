"""The embedded engine: one file, one writer thread and many readers per world.

Owns connections, group commit, savepoints, the authorizer that makes bindings bite, the lock that
keeps a second serving process out of a data folder, snapshots of both files at one moment, and
their exchange for those of a backup.
Does not own any SQL of a room.
"""

from dream_api.stores.sqlite.exchange import exchange_stores, prepare_exchange
from dream_api.stores.sqlite.folder import check_not_served, read_serving_note
from dream_api.stores.sqlite.snapshots import check_integrity, snapshot_stores
from dream_api.stores.sqlite.stores import (
    OperatorStores,
    SqliteStores,
    check_stores,
    migrate_stores,
    open_stores_for_operator,
)

__all__ = [
    "OperatorStores",
    "SqliteStores",
    "check_integrity",
    "check_not_served",
    "check_stores",
    "exchange_stores",
    "migrate_stores",
    "open_stores_for_operator",
    "prepare_exchange",
    "read_serving_note",
    "snapshot_stores",
]
