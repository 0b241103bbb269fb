"""Every operation by every kind of caller, against the table in ``access_matrix.txt``."""

import asyncio
import hashlib
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dream_api.app import describe
from tests.contract.access_calls import Attempt, prepare
from tests.contract.access_cast import Cast, assemble
from tests.journeys.driver import Journey
from tests.journeys.running import Running, running_product

TABLE = Path(__file__).with_name("access_matrix.txt")
STRANGERS = frozenset(
    {"pk-theirs", "sk-theirs", "sk-test", "user-other", "user-at-theirs", "dev-theirs"}
)
"""To them what is watched does not belong: it may not change, whatever they are answered."""
REFUSALS = frozenset({401, 403, 404})
ENDS_SESSIONS = ("/sign-out", "/password/change", "/sessions/{id}", "/password/reset")
LAST_USED = re.compile(r'"lastUsedAt": ?"[^"]*"')
"""Noted beside the request that used the key, so at no certain moment."""
METHODS = frozenset({"get", "post", "put", "patch", "delete"})


@dataclass(frozen=True)
class Table:
    """The committed expectations: a row for each operation, a column for each kind of caller."""

    kinds: tuple[str, ...]
    rows: dict[str, tuple[int, ...]]

    @classmethod
    def read(cls, text: str) -> "Table":
        """Read the file: the line that begins with ``operation`` names the columns."""
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        kinds = tuple(lines[0].split()[1:])
        rows = {}
        for line in lines[1:]:
            method, path, *statuses = line.split()
            rows[f"{method} {path}"] = tuple(int(status) for status in statuses)
        return cls(kinds, rows)

    def cells(self) -> Iterator[tuple[str, int]]:
        """Give each cell with its name, such as ``GET /v1/me by user``."""
        for operation, statuses in self.rows.items():
            for kind, status in zip(self.kinds, statuses, strict=True):
                yield f"{operation} by {kind}", status


EXPECTED = Table.read(TABLE.read_text())


@dataclass
class Walk:
    """What came of calling every operation as everybody."""

    actual: dict[str, int] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    """Attempts after which our rows were no longer the same, whoever made them."""
    trespasses: list[str] = field(default_factory=list)
    """Those of them that were refused, or made by somebody to whom the rows do not belong."""


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """Serve the product and the simulator, open two shops, and try everything once."""
    with running_product(tmp_path_factory.mktemp("access")) as running:
        return asyncio.run(_walk(running))


def test_every_operation_has_a_row() -> None:
    """A new route says who may call it before it is built; a route that is gone has no row."""
    operations = {
        f"{method.upper()} {path}"
        for path, methods in describe()["paths"].items()
        for method in METHODS & methods.keys()
    }

    assert operations == EXPECTED.rows.keys()


def test_everybody_is_answered_as_the_table_says(walk: Walk) -> None:
    """Each kind of caller gets the committed status at each operation."""
    expected = dict(EXPECTED.cells())
    surprises = [
        f"{attempt}: {walk.actual[attempt]} instead of {status}"
        for attempt, status in expected.items()
        if walk.actual[attempt] != status
    ]

    assert [] == surprises


def test_nobody_changes_what_is_not_theirs(walk: Walk) -> None:
    """After each foreign or refused attempt our rows, all of them, are what they were."""
    assert [] == walk.trespasses


def test_the_watch_notices_what_the_owner_does(walk: Walk) -> None:
    """The rows that are watched are those that calls change; otherwise nothing was proven."""
    seen = set(walk.changes)

    assert {"POST /v1/track by sk", "PATCH /v1/customers/{userId} by sk"} <= seen
    assert {"POST /v1/auth/sign-up by pk", "POST /v1/auth/email/change by user"} <= seen
    assert {"PUT /platform/settings by dev", "DELETE /platform/me by dev"} <= seen


async def _walk(running: Running) -> Walk:
    journey, walk = Journey(running.base_url), Walk()
    try:
        cast = await assemble(running, journey)
        running.stop_loops()
        with Rows.watched(running.data_dir) as rows:
            for operation in EXPECTED.rows:
                for kind in EXPECTED.kinds:
                    await _attempt(cast, rows, walk, operation, kind)
                if operation.endswith(ENDS_SESSIONS):
                    await cast.sign_everybody_in()
    finally:
        await journey.close()
    return walk


async def _attempt(cast: Cast, rows: "Rows", walk: Walk, operation: str, kind: str) -> None:
    """Call once; note the status and what changed."""
    call = await prepare(operation, Attempt(cast, kind))
    watched = _watched(cast, kind)
    before = rows.fingerprint(watched)
    answer = await cast.http.request(
        call.method,
        call.path,
        params=call.query,
        headers={**cast.headers()[kind], **call.headers},
        **call.sent,
    )
    walk.actual[f"{operation} by {kind}"] = answer.status_code
    if rows.fingerprint(watched) != before:
        walk.changes.append(f"{operation} by {kind}")
        if kind in STRANGERS or answer.status_code in REFUSALS:
            walk.trespasses.append(f"{operation} by {kind}")


def _watched(cast: Cast, kind: str) -> tuple[str, ...]:
    """Name what must stay as it is: our rows are those that hold one of these words."""
    if kind == "sk-test":
        return (cast.ours.platform_id,)
    if kind == "user-other":
        return (cast.target.user_id, cast.target.email, cast.user.user_id)
    return (cast.ours.platform_id, cast.test_platform_id, cast.ours.user_id)


class Rows:
    """Every row of both worlds, read again only when somebody has committed a change."""

    def __init__(self, connections: Sequence[sqlite3.Connection]) -> None:
        self._connections = connections
        self._read: dict[int, tuple[int, list[str]]] = {}

    @classmethod
    @contextmanager
    def watched(cls, data_dir: Path) -> Iterator["Rows"]:
        """Look into a data folder beside the running product."""
        with ExitStack() as opened:
            yield cls(
                [
                    opened.enter_context(
                        closing(sqlite3.connect(f"file:{data_dir / world}.db?mode=ro", uri=True))
                    )
                    for world in ("developers", "customers")
                ]
            )

    def fingerprint(self, words: tuple[str, ...]) -> str:
        """Hash every row that holds one of *words* in any column."""
        digest = hashlib.sha256()
        for index in range(len(self._connections)):
            for row in self._rows(index):
                if any(word in row for word in words):
                    digest.update(row.encode())
        return digest.hexdigest()

    def _rows(self, index: int) -> list[str]:
        connection = self._connections[index]
        (version,) = connection.execute("PRAGMA data_version").fetchone()
        if self._read.get(index, (None,))[0] != version:
            self._read[index] = (version, _all_rows(connection))
        return self._read[index][1]


def _all_rows(connection: sqlite3.Connection) -> list[str]:
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
    return [
        f"{table} {LAST_USED.sub('', row)}"
        for (table,) in tables.fetchall()
        for row in sorted(map(repr, connection.execute(f'SELECT * FROM "{table}"')))  # noqa: S608
    ]
