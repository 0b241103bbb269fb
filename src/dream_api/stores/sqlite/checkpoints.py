"""Copies what the log holds into the file, beside the writer instead of in its way.

SQLite's own checkpoint runs inside some unlucky commit, and everyone waits for it. Here a
thread copies the bulk and forces it to disk while the writer goes on appending; the writer then
copies the short rest between two transactions, so that the log can start again from its beginning.
SQLite syncs the file only in that last copy, and would then wait for all that was ever copied.
"""

import queue
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

from dream_api.stores.sqlite.connections import open_maintenance
from dream_api.stores.sqlite.handles import Handle

CHANGES_BETWEEN = 48_000
"""Changed rows after which the log is copied home; each puts about one page into the log."""
REST_PAGES = 500
"""A rest this short is left to the writer."""
PASSES_MAX = 4


class Checkpoints:
    """The checkpoints of one file. ``pass_by`` belongs to the writer, between transactions."""

    def __init__(self, path: Path, handle: Handle) -> None:
        self._raw = open_maintenance(path)
        self._handle = handle
        self._copied_at = 0
        self._is_copying = False
        self._has_rest = False
        self._due: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._thread = threading.Thread(
            target=self._run, name=f"{path.stem}-checkpoints", daemon=True
        )
        self._thread.start()

    def pass_by(self, changes: int) -> None:
        """Look whether something is to do; *changes* are the rows ever changed."""
        if self._has_rest:
            self._has_rest = False
            self._copy()
            self._is_copying = False
        elif not self._is_copying and changes - self._copied_at >= CHANGES_BETWEEN:
            self._copied_at = changes
            self._is_copying = True
            self._due.put(True)

    def close(self) -> None:
        """Stop the thread and close its connection."""
        self._due.put(False)
        self._thread.join()
        self._raw.close()

    def _run(self) -> None:
        while self._due.get():
            copied_before = 0
            for _ in range(PASSES_MAX):
                copied = self._copy()
                with suppress(OSError):  # SQLite's own sync meets it, too, and keeps the log.
                    self._handle.sync()
                if copied - copied_before <= REST_PAGES:
                    break
                copied_before = copied
            self._has_rest = True

    def _copy(self) -> int:
        """Copy what no reader still needs in the log; give how many of its pages are copied."""
        try:
            _, _, copied = self._raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error:  # A full disk, say: the log keeps everything, the next turn retries.
            return 0
        return int(copied)
