"""Both schemas as one file and back, by PostgreSQL's own tools: one snapshot, one transaction."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from dream_api.stores.bindings import World
from dream_api.stores.errors import BackupFailed, RestoreRefused
from dream_api.stores.postgres.connections import connect

DUMP_FILE = "postgresql.dump"
SERVICE = "dream_api"
MESSAGE_CHARACTERS_MAX = 400


async def dump_database(url: str, folder: Path) -> list[str]:
    """Write both schemas into *folder*, as one snapshot of the database; give the file's name.

    pg_dump reads at REPEATABLE READ, so writers wait for nothing and both worlds are of one moment.
    It reads under row-level security, whose policies show the owner every row: an owner who is no
    superuser could not read around them.

    Raises:
        BackupFailed: pg_dump is missing, or refuses: it may be older than the server.
    """
    schemas = [f"--schema={world}" for world in World]
    await _run(
        url, "pg_dump", "--format=custom", "--no-owner", "--no-privileges",
        "--enable-row-security", *schemas,
        f"--file={folder / DUMP_FILE}",
    )  # fmt: skip
    return [DUMP_FILE]


async def restore_database(url: str, folder: Path) -> None:
    """Fill a database that has neither schema. One transaction: all of it, or nothing.

    Raises:
        RestoreRefused: one of the schemas is there already.
        BackupFailed: pg_restore is missing or refuses.
    """
    connection = await connect(url, World.CUSTOMERS)
    try:
        found = await connection.fetch(
            "SELECT nspname FROM pg_namespace WHERE nspname = ANY($1)", [str(w) for w in World]
        )
    finally:
        await connection.close()
    if found:
        raise RestoreRefused(
            "This database holds stores already. Create a new, empty database, let "
            "DREAM_DATABASE_URL and the addresses of the roles name it, and repeat this."
        )
    await _run(
        url, "pg_restore", "--single-transaction", "--exit-on-error", "--no-owner",
        "--no-privileges", f"--dbname=service={SERVICE}", str(folder / DUMP_FILE),
    )  # fmt: skip


async def _run(url: str, program: str, *arguments: str) -> None:
    path = shutil.which(program)
    if path is None:
        raise BackupFailed(
            f"{program} is not installed here. Install PostgreSQL's client programs, not older "
            "than the server (on Debian: apt-get install postgresql-client), and repeat this."
        )
    with tempfile.TemporaryDirectory() as folder:
        service = Path(folder) / "service.conf"
        service.touch(mode=0o600)
        service.write_text("\n".join([f"[{SERVICE}]", *_parameters(url), ""]))
        environment = {**os.environ, "PGSERVICEFILE": str(service), "PGSERVICE": SERVICE}
        await asyncio.to_thread(_call, [path, *arguments], environment)


def _call(command: Sequence[str], environment: dict[str, str]) -> None:
    ended = subprocess.run(  # noqa: S603 - PostgreSQL's own program, our own arguments.
        command, env=environment, capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        raise BackupFailed(ended.stderr.strip()[-MESSAGE_CHARACTERS_MAX:])


def _parameters(url: str) -> list[str]:
    """Say the same as an address does, in a file: on a command line others could read it."""
    parts = urlsplit(url)
    given = {
        "user": parts.username,
        "password": parts.password,
        "host": parts.hostname,
        "port": parts.port,
        "dbname": parts.path.removeprefix("/"),
    }
    named = {name: unquote(str(value)) for name, value in given.items() if value}
    named |= dict(parse_qsl(parts.query))
    return [f"{name}={value}" for name, value in named.items()]
