"""One descriptor a file: closing another one would take SQLite's locks away."""

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from dream_api.stores.sqlite.handles import Handle

_TRY_TO_LOCK = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(1)
"""


def _is_locked(path: Path) -> bool:
    """Ask as another process would: a process never meets its own locks."""
    command = [sys.executable, "-c", _TRY_TO_LOCK, str(path)]
    return subprocess.run(command, check=False).returncode == 1


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a file."""
    path = tmp_path / "customers.db"
    path.write_bytes(b"rows")
    return path


def test_leaving_a_file_that_others_use_takes_no_lock_away(path: Path) -> None:
    """The descriptor stays open until the last one leaves."""
    first, second = Handle(path), Handle(path)
    with path.open("r+b") as locked:
        fcntl.lockf(locked, fcntl.LOCK_EX)
        first.close()

        assert _is_locked(path)
        second.sync()
        second.close()


def test_the_last_one_closes_the_descriptor(path: Path) -> None:
    """Which then would take locks away; by that time nobody has any."""
    handle = Handle(path)
    with path.open("r+b") as locked:
        fcntl.lockf(locked, fcntl.LOCK_EX)
        handle.close()

        assert not _is_locked(path)
