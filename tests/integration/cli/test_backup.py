"""Backups that are damaged, changed, foreign or interrupted: nothing half ever looks whole."""

import asyncio
import hashlib
import io
import json
import multiprocessing
import os
import signal
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dream_api.app import restore_backup
from dream_api.cli import commands
from dream_api.cli.configuration import load_settings
from dream_api.gateways.clock import SystemClock
from dream_api.kit.crypto import new_master_key
from dream_api.kit.errors import DreamError
from dream_api.stores.errors import AlreadyServed, RestoreInterrupted
from dream_api.stores.sqlite import SqliteStores, check_stores
from tests.postgres_fixtures import ROLES, Database
from tests.postgres_server import PostgresServer

KEY = new_master_key()
KILLED = -signal.SIGKILL
KILLS_MAX = 30
_fresh = multiprocessing.get_context("forkserver")


@pytest.fixture(autouse=True)
def _one_master_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DREAM_MASTER_KEY", KEY)


@pytest.fixture
def archive(data_dir: Path, tmp_path: Path) -> Path:
    """Back up a folder whose stores say "then"."""
    write_word(data_dir, "then")
    target = tmp_path / "backup.tar.gz"
    assert "" == run("backup", str(target), "--data", str(data_dir))
    return target


def run(*words: str) -> str:
    """Run a command as an operator would; give the code of its refusal, or nothing."""
    result = CliRunner().invoke(commands, words)
    if isinstance(result.exception, DreamError):
        return result.exception.code
    assert 0 == result.exit_code, result.output
    return ""


def restore(archive: Path, folder: Path, *options: str) -> str:
    """Restore; give the code of its refusal, or nothing."""
    return run("restore", str(archive), "--data", str(folder), *options)


def write_word(folder: Path, word: str) -> None:
    """Leave a word in both stores."""
    for name, table in (("developers", "platform_tokens_kv"), ("customers", "customer_tokens_kv")):
        with closing(sqlite3.connect(folder / f"{name}.db")) as raw:
            raw.execute(f"DELETE FROM {table}")  # noqa: S608 - a constant of this test.
            raw.execute(
                f"INSERT INTO {table} (key, value) VALUES ('word', ?)",  # noqa: S608 - likewise.
                (json.dumps(word),),
            )
            raw.commit()


def read_words(folder: Path) -> set[str]:
    """Read the word of both stores; more than one means that they are of two moments."""
    check_stores(folder)
    words = set()
    for name, table in (("developers", "platform_tokens_kv"), ("customers", "customer_tokens_kv")):
        with closing(sqlite3.connect(folder / f"{name}.db")) as raw:
            words |= {
                json.loads(row[0])
                for row in raw.execute(f"SELECT value FROM {table}")  # noqa: S608 - likewise.
            }
    return words


def cut(archive: Path, part: float) -> None:
    """Leave only the first *part* of a file."""
    content = archive.read_bytes()
    archive.write_bytes(content[: int(len(content) * part)])


def flip(archive: Path, part: float) -> None:
    """Change one byte."""
    content = bytearray(archive.read_bytes())
    content[int(len(content) * part)] ^= 0xFF
    archive.write_bytes(content)


def forge(archive: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Change what is in an archive, and make its sums fit again, as an attacker would."""
    with tarfile.open(archive) as tar:
        members = {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]  # All are files.
    change(members)
    manifest = json.loads(members["manifest.json"])
    manifest["files"] = {
        name: (len(members[name]), hashlib.sha256(members[name]).hexdigest())
        for name in manifest["files"]
    }
    members["manifest.json"] = json.dumps(manifest).encode()
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))


def _swap_worlds(members: dict[str, bytes]) -> None:
    members["developers.db"] = members["customers.db"]


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": lambda archive: cut(archive, 0),
    "only its head": lambda archive: cut(archive, 0.01),
    "half": lambda archive: cut(archive, 0.5),
    "all but its end": lambda archive: cut(archive, 0.98),
    "a byte of its head": lambda archive: flip(archive, 0.002),
    "a byte of a store": lambda archive: flip(archive, 0.3),
    "a byte near its end": lambda archive: flip(archive, 0.9),
    "forged with fitting sums": lambda archive: forge(archive, _swap_worlds),
    "foreign": lambda archive: archive.write_bytes(b"no archive at all"),
    "missing": lambda archive: archive.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_or_changed_archive_is_refused_and_nothing_is_touched(
    archive: Path, data_dir: Path, damage: str
) -> None:
    """Cut, flipped, forged with fitting sums, foreign, missing: the stores stay as they were."""
    write_word(data_dir, "now")
    DAMAGES[damage](archive)

    assert "backup_unreadable" == restore(archive, data_dir, "--overwrite")
    assert {"now"} == read_words(data_dir)


def test_another_master_key_is_named_before_anything_is_touched(
    archive: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key of that time is asked for by its id; in a list of keys it is enough."""
    write_word(data_dir, "now")
    other = new_master_key()

    monkeypatch.setenv("DREAM_MASTER_KEY", other)
    refused = restore(archive, data_dir, "--overwrite")
    untouched = read_words(data_dir)
    monkeypatch.setenv("DREAM_MASTER_KEY", f"{other},{KEY}")
    accepted = restore(archive, data_dir, "--overwrite")

    assert ("wrong_master_key", {"now"}) == (refused, untouched)
    assert ("", {"then"}) == (accepted, read_words(data_dir))


def test_without_any_master_key_none_is_made_up(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key made at that moment would open nothing that is restored."""
    monkeypatch.delenv("DREAM_MASTER_KEY")
    folder = tmp_path / "elsewhere"

    result = CliRunner().invoke(commands, ["restore", str(archive), "--data", str(folder)])

    assert 2 == result.exit_code
    assert "DREAM_MASTER_KEY" in result.output
    assert not folder.exists()


def test_stores_are_replaced_only_where_that_was_said(archive: Path, data_dir: Path) -> None:
    """Without --overwrite nothing happens; with it the old stores are moved aside, not lost."""
    write_word(data_dir, "now")

    refused = restore(archive, data_dir)
    untouched = read_words(data_dir)
    accepted = restore(archive, data_dir, "--overwrite")
    (replaced,) = data_dir.glob("replaced-*")

    assert ("restore_refused", {"now"}) == (refused, untouched)
    assert ("", {"then"}) == (accepted, read_words(data_dir))
    assert {"now"} == read_words(replaced)


def test_a_folder_that_is_served_is_never_restored_into(archive: Path, data_dir: Path) -> None:
    """The serving process would go on writing into files that nobody sees any more."""
    with SqliteStores(data_dir, SystemClock()):
        assert AlreadyServed.code == restore(archive, data_dir, "--overwrite")


def test_checking_a_backup_touches_no_store(archive: Path, data_dir: Path) -> None:
    """--check unpacks beside the archive, looks, and cleans up."""
    write_word(data_dir, "now")
    beside = sorted(archive.parent.iterdir())

    assert "" == restore(archive, data_dir, "--check")
    assert {"now"} == read_words(data_dir)
    assert beside == sorted(archive.parent.iterdir())


def test_a_backup_never_replaces_a_file(archive: Path, data_dir: Path) -> None:
    """A forgotten date in a file's name must not cost yesterday's backup."""
    assert "backup_failed" == run("backup", str(archive), "--data", str(data_dir))


def test_a_folder_without_stores_cannot_be_backed_up(tmp_path: Path) -> None:
    """A wrong --data is said, and leaves neither stores nor an archive behind."""
    target = tmp_path / "backup.tar.gz"

    assert "backup_failed" == run("backup", str(target), "--data", str(tmp_path / "typo"))
    assert not target.exists()
    assert not (tmp_path / "typo").exists()


def _restore_until_killed(archive: Path, folder: Path, step: int) -> None:
    """Restore over stores, and die by SIGKILL at the *step*-th move of a file."""
    move, moves = Path.replace, iter(range(1, KILLS_MAX + 1))

    def move_or_die(path: Path, target: Path) -> Path:
        if next(moves) == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return move(path, target)

    Path.replace = move_or_die  # type: ignore[method-assign, assignment]  # In this process only.
    asyncio.run(restore_backup(load_settings(folder), SystemClock(), archive, overwrite=True))


def test_a_restore_killed_at_any_step_never_looks_whole(
    archive: Path, data_dir: Path, tmp_path: Path
) -> None:
    """After SIGKILL the folder is the old one, or refused by everything until repeated."""
    write_word(data_dir, "now")
    outcomes, exit_code = list[str](), KILLED
    for step in range(1, KILLS_MAX + 1):
        folder = tmp_path / f"killed-{step}"
        copy_stores(data_dir, folder)
        process = _fresh.Process(target=_restore_until_killed, args=(archive, folder, step))
        process.start()
        process.join()
        exit_code = process.exitcode or 0
        if exit_code != KILLED:
            break
        outcomes.append(look_at(folder))
        assert "" == restore(archive, folder, "--overwrite")
        assert {"then"} == read_words(folder)
        assert {"now"} == set().union(*(read_words(old) for old in folder.glob("replaced-*")))

    assert ["now"] == outcomes[:1]
    assert "restore_interrupted" in outcomes
    assert {"now", "restore_interrupted"} == set(outcomes)
    assert 0 == exit_code


def copy_stores(source: Path, target: Path) -> None:
    """Copy stores that nobody uses."""
    target.mkdir()
    for path in source.glob("*.db"):
        (target / path.name).write_bytes(path.read_bytes())


def look_at(folder: Path) -> str:
    """Say what a command would find: the one word of both stores, or a refusal."""
    try:
        (word,) = read_words(folder)
    except RestoreInterrupted as refusal:
        with pytest.raises(RestoreInterrupted):
            SqliteStores(folder, SystemClock())
        return refusal.code
    return word


@pytest.fixture
def tenant(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """Give a server with two databases of an owner who is no superuser, as hosts sell them."""
    postgres.sql("CREATE ROLE tenant LOGIN NOSUPERUSER")
    for name in ("kept", "restored"):
        postgres.sql(f"CREATE DATABASE {name} OWNER tenant")
    yield postgres
    for name in ("kept", "restored"):
        postgres.sql(f"DROP DATABASE {name}")
    postgres.sql("DROP ROLE tenant")


def point_to(server: PostgresServer, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every address name a database."""
    monkeypatch.setenv("DREAM_DATABASE_URL", server.url(database, "tenant"))
    for role in ROLES:
        monkeypatch.setenv(f"DREAM_DATABASE_URL_{role.upper()}", server.url(database, role))


def test_a_database_is_backed_up_as_one_snapshot_and_put_into_a_new_one(
    tenant: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every platform's rows come along, row-level security or not; stores are never overwritten."""
    archive, folder = tmp_path / "backup.tar.gz", str(tmp_path / "data")
    monkeypatch.setenv("PATH", f"{tenant.programs}:{os.environ['PATH']}")
    point_to(tenant, "kept", monkeypatch)
    made = run("migrate", "--data", folder)
    tenant.sql(
        "SET search_path TO customers; INSERT INTO users "
        "(platform_id, user_id, plan, created_at, usage_count) VALUES ('pk', 'u_1', 'free', 0, 0)",
        "kept",
    )

    taken = run("backup", str(archive), "--data", folder)
    over_itself = run("restore", str(archive), "--data", folder)
    point_to(tenant, "restored", monkeypatch)
    put_back = run("restore", str(archive), "--data", folder)
    audited = run("audit", "--data", folder)
    users = tenant.sql("SELECT user_id FROM customers.users", "restored")
    rights = "SELECT has_table_privilege('meter', 'customers.customer_usage_kv', 'INSERT')"
    policies = "SELECT count(*) FROM pg_policies"

    assert ["", "", "restore_refused", "", ""] == [made, taken, over_itself, put_back, audited]
    assert "u_1" == users.strip()
    assert "t" == tenant.sql(rights, "restored").strip()
    assert tenant.sql(policies, "kept") == tenant.sql(policies, "restored")


def test_a_missing_pg_dump_is_said_with_what_to_install(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written, and the operator knows what to do."""
    archive = tmp_path / "backup.tar.gz"
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DREAM_DATABASE_URL", database.owner_url)

    result = CliRunner().invoke(commands, ["backup", str(archive), "--data", str(tmp_path)])

    assert isinstance(result.exception, DreamError)
    assert "postgresql-client" in result.exception.detail
    assert not archive.exists()
