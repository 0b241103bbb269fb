"""The newest idempotency keys of an SQLite file, which its index does not have yet.

Keys are appended as they come and indexed behind, some thousands at a time. Where the others
stand is kept in memory, and held against the file inside each transaction: what a failed commit
took back, or what somebody else has written, is noticed before anything is decided.
"""

from collections.abc import Iterable, Sequence

from dream_api.stores import DriverConnection

_BOUNDS = """
    SELECT coalesce((SELECT max(id) FROM metering_idempotency), 0),
        coalesce((SELECT ledger_id FROM metering_watermarks WHERE name = 'key_index'), 0)
"""
_LATER = "SELECT key_hash, id FROM metering_idempotency WHERE id > ? ORDER BY id"


class RecentKeys:
    """Where the keys above the index's watermark stand, for one connection."""

    def __init__(self) -> None:
        self._ids: dict[bytes, int] = {}
        """In the order of the ids, which is the order they were put in."""
        self._last_id = 0

    async def catch_up(self, connection: DriverConnection) -> None:
        """Bring the memory to what this transaction sees; call it first."""
        (last_id, indexed_to), *_ = await connection.fetch(_BOUNDS)
        if last_id < self._last_id:  # A transaction that had written was undone.
            self._ids, self._last_id = {}, 0
        self._last_id = max(self._last_id, indexed_to)
        if last_id > self._last_id:
            self._ids.update(await connection.fetch(_LATER, (self._last_id,)))
            self._last_id = last_id
        self._drop_up_to(indexed_to)

    def find(self, key_hashes: Iterable[bytes]) -> tuple[list[int], list[bytes]]:
        """Tell where keys stand, and which are not among the recent ones."""
        ids = self._ids
        found, others = [], []
        for key_hash in key_hashes:
            row_id = ids.get(key_hash)
            if row_id is None:
                others.append(key_hash)
            else:
                found.append(row_id)
        return found, others

    def append(self, key_hashes: Sequence[bytes]) -> range:
        """Give the next keys their ids; the transaction writes them under these."""
        ids = range(self._last_id + 1, self._last_id + 1 + len(key_hashes))
        self._ids.update(zip(key_hashes, ids, strict=True))
        self._last_id += len(key_hashes)
        return ids

    def _drop_up_to(self, indexed_to: int) -> None:
        indexed = []
        for key_hash, row_id in self._ids.items():
            if row_id > indexed_to:
                break
            indexed.append(key_hash)
        for key_hash in indexed:
            del self._ids[key_hash]
