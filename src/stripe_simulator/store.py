"""The simulator's one SQLite file.

Every resource is one row: its wire JSON (``body``), what only the simulator knows about it
(``hidden``), and the moment at which time will change it (``due_at``). What travels beside the
resources has tables of its own: deliveries with their attempts, and idempotent answers.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stripe_simulator.shapes import Body

SCHEMA_VERSION = 2
_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    hidden TEXT NOT NULL,
    due_at INTEGER,
    clock TEXT,
    UNIQUE (account, kind, id)
);
CREATE INDEX IF NOT EXISTS objects_in_order ON objects (account, kind, sequence);
CREATE INDEX IF NOT EXISTS objects_by_id ON objects (kind, id);
CREATE INDEX IF NOT EXISTS objects_by_id_alone ON objects (account, id);
CREATE INDEX IF NOT EXISTS objects_by_customer
    ON objects (account, kind, json_extract(body, '$.customer'));
CREATE INDEX IF NOT EXISTS objects_due_by_clock ON objects (clock, due_at)
    WHERE due_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS deliveries (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    event TEXT NOT NULL,
    type TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL,
    is_unsettled INTEGER NOT NULL DEFAULT 0,
    is_copy INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (endpoint, due_at)
    WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_of_event ON deliveries (event);
CREATE INDEX IF NOT EXISTS deliveries_by_event ON deliveries (event);
CREATE TABLE IF NOT EXISTS attempts (
    delivery INTEGER NOT NULL REFERENCES deliveries ON DELETE CASCADE,
    number INTEGER NOT NULL,
    attempted_at INTEGER NOT NULL,
    status INTEGER,
    detail TEXT NOT NULL,
    PRIMARY KEY (delivery, number)
);
CREATE TABLE IF NOT EXISTS idempotent_answers (
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    request TEXT NOT NULL,
    request_id TEXT NOT NULL,
    status INTEGER NOT NULL,
    answer BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account, key)
);
CREATE INDEX IF NOT EXISTS idempotent_answers_by_age ON idempotent_answers (created_at);
CREATE TABLE IF NOT EXISTS settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
"""
# What files of version 1 lack, before the schema can be laid over them.
_FROM_VERSION_1 = """
ALTER TABLE objects ADD COLUMN clock TEXT;
DROP INDEX IF EXISTS objects_due;
ALTER TABLE deliveries ADD COLUMN is_unsettled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN is_copy INTEGER NOT NULL DEFAULT 0;
"""


class StoreInUseError(RuntimeError):
    """Another simulator has the file open."""


@dataclass(slots=True)
class Record:
    """One stored resource. Change it in place, then save it.

    Attributes:
        due_at: When time will change this resource next, in Unix seconds; null means never.
        clock: The test clock whose time it lives in; null means the simulator's own.
        before: The body as it was last stored; what an "updated" event is computed from.
    """

    sequence: int
    account: str
    kind: str
    id: str
    body: Body
    hidden: dict[str, Any]
    due_at: int | None
    clock: str | None = None
    before: Body = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is wanted.

    Attributes:
        matching: JSON path to value; every one must be equal. A list of values means any of them.
        at_least: JSON path to the smallest number that is still wanted.
        at_most: JSON path to the largest number that is still wanted.
    """

    limit: int
    starting_after: str | None = None
    ending_before: str | None = None
    matching: dict[str, Any] = field(default_factory=dict)
    at_least: dict[str, int] = field(default_factory=dict)
    at_most: dict[str, int] = field(default_factory=dict)


class Store:
    """The objects of all accounts. Used from one thread only, so transactions never overlap."""

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            StoreInUseError: Another process has it open; two would deliver everything twice.
        """
        self._database = sqlite3.connect(path, isolation_level=None, timeout=0)
        self._database.row_factory = sqlite3.Row
        try:
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode = WAL")
            # A committed transaction outlives the process without an fsync of its own; only a
            # power cut could lose it, and a simulator has no money to lose.
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.execute("PRAGMA foreign_keys = ON")
            self._bring_up_to_date()
            self._database.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            self._database.close()
            raise StoreInUseError(f"{path} is in use by another simulator ({error})") from error

    def _bring_up_to_date(self) -> None:
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        if version not in (0, 1, SCHEMA_VERSION):
            raise StoreInUseError(
                f"The data folder was written by schema {version}, this simulator has "
                f"{SCHEMA_VERSION}: start it with another --data folder"
            )
        if version == 1:
            self._database.executescript(f"BEGIN;{_FROM_VERSION_1}COMMIT;")
        self._database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is stored together, or not at all when an exception leaves."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Everything inside is undone, alone, when an exception leaves."""
        self._database.execute("SAVEPOINT inner")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK TO inner")
            self._database.execute("RELEASE inner")
            raise
        self._database.execute("RELEASE inner")

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        """Run one statement; for the tables that are not objects."""
        return self._database.execute(statement, values)

    def insert(self, record: Record) -> None:
        """Store a new record and give it its place in the order of creation."""
        cursor = self._database.execute(
            "INSERT INTO objects (account, kind, id, body, hidden, due_at, clock)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                record.account,
                record.kind,
                record.id,
                json.dumps(record.body),
                json.dumps(record.hidden),
                record.due_at,
                record.clock,
            ),
        )
        assert cursor.lastrowid is not None, "an inserted row has a place"
        record.sequence = cursor.lastrowid
        record.before = json.loads(json.dumps(record.body))

    def save(self, record: Record) -> None:
        """Store what changed in *record*."""
        self._database.execute(
            "UPDATE objects SET body = ?, hidden = ?, due_at = ? WHERE sequence = ?",
            (
                json.dumps(record.body),
                json.dumps(record.hidden),
                record.due_at,
                record.sequence,
            ),
        )
        record.before = json.loads(json.dumps(record.body))

    def delete(self, record: Record) -> None:
        """Forget a record."""
        self._database.execute("DELETE FROM objects WHERE sequence = ?", (record.sequence,))

    def find(self, account: str, kind: str, identifier: str) -> Record | None:
        """One record of an account, or nothing."""
        row = self._database.execute(
            "SELECT * FROM objects WHERE account = ? AND kind = ? AND id = ?",
            (account, kind, identifier),
        ).fetchone()
        return _record(row) if row else None

    def find_anywhere(self, kind: str, identifier: str) -> Record | None:
        """One record of any account: for pages, where an unguessable id is the only key."""
        row = self._database.execute(
            "SELECT * FROM objects WHERE kind = ? AND id = ? ORDER BY sequence LIMIT 1",
            (kind, identifier),
        ).fetchone()
        return _record(row) if row else None

    def page(self, account: str, kind: str, wanted: Page) -> tuple[list[Record], bool]:
        """One page of an account's records, newest first, and whether there are more."""
        conditions, values = _conditions(wanted)
        conditions = ["account = ?", "kind = ?", *conditions]
        values = [account, kind, *values]
        order = "DESC"
        for cursor, comparison in ((wanted.starting_after, "<"), (wanted.ending_before, ">")):
            if cursor is not None:
                found = self.find(account, kind, cursor)
                conditions.append(f"sequence {comparison} ?")
                values.append(found.sequence if found else -1)
                order = "DESC" if comparison == "<" else "ASC"
        rows = self._database.execute(
            f"SELECT * FROM objects WHERE {' AND '.join(conditions)}"  # noqa: S608 - fixed text
            f" ORDER BY sequence {order} LIMIT ?",
            (*values, wanted.limit + 1),
        ).fetchall()
        records = [_record(row) for row in rows[: wanted.limit]]
        return (records if order == "DESC" else records[::-1]), len(rows) > wanted.limit

    def next_due(self, now: int, *, clock: str | None = None) -> Record | None:
        """The record that time should have changed first, if any by *now*, on one clock."""
        row = self._database.execute(
            "SELECT * FROM objects WHERE due_at <= ? AND clock IS ?"
            " ORDER BY due_at, sequence LIMIT 1",
            (now, clock),
        ).fetchone()
        return _record(row) if row else None

    def find_by_id(self, account: str, identifier: str) -> Record | None:
        """One record of an account by its id alone; ids of different kinds never collide."""
        row = self._database.execute(
            "SELECT * FROM objects WHERE account = ? AND id = ? LIMIT 1", (account, identifier)
        ).fetchone()
        return _record(row) if row else None

    def list_anywhere(self, kind: str, **matching: Any) -> list[Record]:
        """Every record of *kind* whose fields equal *matching*, of all accounts."""
        conditions, values = _conditions(Page(limit=0, matching=matching))
        wanted = " AND ".join(["kind = ?", *conditions])
        rows = self._database.execute(
            f"SELECT * FROM objects WHERE {wanted} ORDER BY sequence",  # noqa: S608 - fixed text
            (kind, *values),
        ).fetchall()
        return [_record(row) for row in rows]

    def setting(self, name: str) -> Any:
        """A stored setting, or nothing."""
        row = self._database.execute(
            "SELECT value FROM settings WHERE name = ?", (name,)
        ).fetchone()
        return json.loads(row["value"]) if row else None

    def put_setting(self, name: str, value: Any) -> None:
        """Store a setting."""
        self._database.execute(
            "INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, json.dumps(value))
        )


def _conditions(page: Page) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    values: list[Any] = []
    for path, wanted in page.matching.items():
        options = wanted if isinstance(wanted, list) else [wanted]
        marks = ", ".join("?" * len(options))
        conditions.append(f"json_extract(body, '$.{path}') IN ({marks})")
        values += options
    for comparison, bounds in ((">=", page.at_least), ("<=", page.at_most)):
        for path, bound in bounds.items():
            conditions.append(f"json_extract(body, '$.{path}') {comparison} ?")
            values.append(bound)
    return conditions, values


def _record(row: sqlite3.Row) -> Record:
    return Record(
        sequence=row["sequence"],
        account=row["account"],
        kind=row["kind"],
        id=row["id"],
        body=json.loads(row["body"]),
        hidden=json.loads(row["hidden"]),
        due_at=row["due_at"],
        clock=row["clock"],
        before=json.loads(row["body"]),
    )
