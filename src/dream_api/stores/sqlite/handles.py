"""Descriptors of SQLite's files, by which a store forces its file to disk itself.

POSIX takes all of a process's locks on a file away when any descriptor of it is closed, SQLite's
too (https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).
So one descriptor serves everybody in the process, and is closed when nobody has the file open.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

_sync: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)
"""macOS has no fdatasync."""


class Handle:
    """One user of a file that exists. Close it after the last connection has been closed."""

    _lock = threading.Lock()
    _users: ClassVar[dict[tuple[int, int], int]] = {}
    _descriptors: ClassVar[dict[tuple[int, int], int]] = {}

    def __init__(self, path: Path) -> None:
        with self._lock:
            status = path.stat()
            self._file = (status.st_dev, status.st_ino)
            if self._file not in self._descriptors:
                self._descriptors[self._file] = os.open(path, os.O_RDONLY)
            self._users[self._file] = self._users.get(self._file, 0) + 1
        self._is_open = True

    def sync(self) -> None:
        """Force what was written to the file to disk.

        Raises:
            OSError: the disk did not take it.
        """
        _sync(self._descriptors[self._file])

    def close(self) -> None:
        """Leave the file; the last one closes the descriptor. Closing again does nothing."""
        with self._lock:
            if not self._is_open:
                return
            self._is_open = False
            self._users[self._file] -= 1
            if self._users[self._file] == 0:
                del self._users[self._file]
                os.close(self._descriptors.pop(self._file))
