"""The demo, served as ``dream-api dev`` serves it, on a day that never ends."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.journeys.processes import DevServer

MOMENT = datetime(2026, 11, 20, 16, 42, 30, tzinfo=UTC)
"""When every picture is taken. Half a minute past, so that a slow page is still in its minute."""


class StillClock:
    """Sets the product's clock back to ``MOMENT``, so that a picture tells nothing of its maker.

    Every process of a data folder reads the offset from this file.
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "clock.json"

    def set(self) -> None:
        """Make it ``MOMENT`` now; from here on the clock runs as usual."""
        offset = MOMENT - datetime.now(UTC)
        draft = self._path.with_suffix(".draft")
        draft.write_text(json.dumps({"offsetSeconds": round(offset.total_seconds())}))
        draft.replace(self._path)


@contextmanager
def demo_product(data_dir: Path) -> Iterator[tuple[DevServer, StillClock]]:
    """Fill a folder with the demo's year and serve it until the block ends."""
    clock = StillClock(data_dir)
    clock.set()
    command = [sys.executable, "-m", "dream_api", "demo", "--data", str(data_dir)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    server = DevServer(data_dir, is_quiet=True)
    clock.set()
    server.start()
    try:
        yield server, clock
    finally:
        server.stop()
