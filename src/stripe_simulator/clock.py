"""The simulator's time: real time plus an offset that a file holds.

Whoever moves time writes the file; nothing else needs to be told, also not across processes.
"""

import json
import time
from pathlib import Path

SECONDS_PER_MINUTE = 60
SECONDS_PER_HOUR = 3600
SECONDS_PER_DAY = 86400


class Clock:
    """Tells the simulated time; reads its file again whenever the file has changed."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._offset_seconds = 0

    def now(self) -> int:
        """The simulated time as a Unix timestamp in seconds."""
        self._refresh()
        return int(time.time()) + self._offset_seconds

    def _refresh(self) -> None:
        if self._path is None:
            return
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._seen, self._offset_seconds = None, 0
            return
        mark = (found.st_mtime_ns, found.st_size)
        if mark != self._seen:
            self._offset_seconds = self._read_offset()
            self._seen = mark

    def _read_offset(self) -> int:
        assert self._path is not None, "only called for a clock with a file"
        try:
            return int(json.loads(self._path.read_text())["offsetSeconds"])
        except (OSError, ValueError, KeyError, TypeError):
            # A writer that is half way through leaves a file that says nothing yet: the
            # finished one has another mark and is read then.
            return self._offset_seconds
