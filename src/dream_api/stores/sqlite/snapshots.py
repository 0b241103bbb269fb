"""Both worlds' files as they were at one moment, taken beside whatever serves them."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from dream_api.gateways.clock import monotonic_seconds
from dream_api.stores.bindings import World
from dream_api.stores.errors import BackupFailed, BackupUnreadable
from dream_api.stores.sqlite.folder import store_file

LOCK_RETRY_SECONDS = 0.0005
LOCK_PATIENCE_SECONDS = 4.0
"""Less than a writer waits for us, so that waiting for both files fails no request."""
PROBLEMS_MAX = 5


def snapshot_stores(data_dir: Path, target: Path) -> list[str]:
    """Copy both files into *target* as they were at one moment; give the copies' names.

    Writers wait for two statements, not for the copy: both files are locked, a reading
    transaction is opened on each, and the locks are released before anything is copied.

    Raises:
        BackupFailed: there is no store, or its writer could not be stopped for a moment.
    """
    with ExitStack() as stack:
        with ExitStack() as locks:
            # The busier file first: the other one is then held for an instant only.
            for world in (World.CUSTOMERS, World.DEVELOPERS):
                locks.enter_context(_no_writer(store_file(data_dir, world)))
            readers = {
                world: stack.enter_context(_snapshot(store_file(data_dir, world)))
                for world in World
            }
        for world, reader in readers.items():
            with closing(sqlite3.connect(store_file(target, world))) as copy:
                reader.backup(copy)
    return [store_file(target, world).name for world in World]


def check_integrity(folder: Path) -> None:
    """Let SQLite walk through both files of a folder that nobody serves.

    Raises:
        BackupUnreadable: a page, an index or a reference is broken.
    """
    for world in World:
        with closing(_open(store_file(folder, world))) as raw:
            try:
                found = raw.execute(f"PRAGMA integrity_check({PROBLEMS_MAX})").fetchall()
                broken = [str(row[0]) for row in found if row[0] != "ok"]
                broken += [
                    f"{row[0]} refers to {row[2]}"
                    for row in raw.execute("PRAGMA foreign_key_check")
                ]
            except sqlite3.DatabaseError as error:
                broken = [str(error)]
        if broken:
            raise BackupUnreadable(
                f"The {world} store of this backup is broken ({broken[0]}). Restore an older one."
            )


def _open(path: Path) -> sqlite3.Connection:
    if not path.exists():
        raise BackupFailed(f"There is no store in {path.parent}. Name its folder with --data.")
    return sqlite3.connect(path, isolation_level=None, timeout=0)


@contextmanager
def _no_writer(path: Path) -> Iterator[None]:
    """Keep every writer out of a file until the block ends."""
    with closing(_open(path)) as raw:
        patience_ends = monotonic_seconds() + LOCK_PATIENCE_SECONDS
        while True:
            try:
                raw.execute("BEGIN IMMEDIATE")
                break
            except sqlite3.OperationalError:
                if monotonic_seconds() > patience_ends:
                    raise BackupFailed(f"{path.name} is never free. Try again later.") from None
                time.sleep(LOCK_RETRY_SECONDS)
        try:
            yield
        finally:
            raw.execute("ROLLBACK")


@contextmanager
def _snapshot(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a reading transaction: the first look fixes what it sees until the block ends."""
    with closing(_open(path)) as raw:
        raw.execute("BEGIN")
        raw.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        yield raw
