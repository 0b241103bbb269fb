"""Time, the only way in: rooms never ask the machine for it, so tests and ``dev`` can move it."""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Tells the time. Every moment is an aware UTC datetime."""

    def now(self) -> datetime:
        """Give the present moment."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Give the present moment."""
        return datetime.now(UTC)


class MovableClock:
    """The machine's clock plus an offset kept in a file beside the data.

    Every process of a data folder reads the same file, so that all of them move together;
    the file is read again whenever it changes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._offset = timedelta()

    def now(self) -> datetime:
        """Give the machine's moment moved by the offset."""
        self._reload()
        return datetime.now(UTC) + self._offset

    def advance(self, seconds: int) -> None:
        """Move the clock of every process of this data folder forward. Durable on return."""
        self._reload()
        offset_seconds = int(self._offset.total_seconds()) + seconds
        draft = self._path.with_suffix(".draft")
        with draft.open("w") as file:
            json.dump({"offsetSeconds": offset_seconds}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)

    def _reload(self) -> None:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            self._seen, self._offset = None, timedelta()
            return
        seen = (status.st_mtime_ns, status.st_ino)
        if seen != self._seen:
            self._offset = timedelta(seconds=json.loads(self._path.read_text())["offsetSeconds"])
            self._seen = seen


def monotonic_seconds() -> float:
    """Measure durations; unrelated to the clock of the product, which may be moved."""
    return time.monotonic()
