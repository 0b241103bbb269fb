"""Whose table is it, and is every statement bound to one platform?"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.house import label, rooms, tree_of

OWNERS_BY_DECREE = {
    "users": "end_users",  # The product's own name for the dashboard table.
    "customer_usage_kv": "metering",  # The namespace that the engine keeps in typed columns.
}
"""Tables whose name does not begin with the room's."""

BORROWED_TABLES: dict[tuple[str, str], str] = {
    ("metering", "users"): "Usage and the dashboard's columns change in one transaction.",
}
"""(room, table of another room) and the reason; each is a recorded exception."""

ACROSS_PLATFORMS = {
    "end_users.find_count_differences": "`dream-api audit` compares every count with the users.",
    "end_users.fold_counts": "The sweep folds the counts of whichever platform has some.",
    "end_users.has_unfolded": "As the sweep, which asks first.",
    "metering.begin_index_pass": "The sweep indexes the keys of all platforms, as they came.",
    "metering.blank_erased": "The sweep blanks names in the ledger, platform by platform.",
    "metering.count_ledger": "`dream-api bench` compares all rows with what was acknowledged.",
    "metering.find_differences": "`dream-api audit` compares every counter with the ledger.",
    "metering.forget_answers": "The sweep drops idempotency keys that have had their week.",
    "metering.index_slice": "As above: each key's hash names its platform.",
    "metering.list_usage": "`dream-api kv` shows the namespace to the operator, read-only.",
    "metering.make_partitions": "The ledger and the keys of all platforms share their partitions.",
    "metering.prune_ledger": "Retention drops whole months of the ledger.",
    "metering.roll_up_ledger": "The sweep adds the next rows of the whole ledger to the rollups.",
    "metering.settle_ledger": "The sweep asks up to where the whole ledger is complete.",
    "subscriptions.list_stale": "The reconcile asks Stripe about every platform's subscriptions.",
    "subscriptions.list_lost_openings": "The sweep closes checkouts whose names were lost.",
    "subscriptions.list_overdue_checkouts": "The sweep ends checkouts that nobody came back from.",
}
"""Store functions of the customers' rooms that take no platform, and the reason."""


def test_a_table_belongs_to_one_room() -> None:
    """Two rooms that write one table are one room with a hidden wall."""
    strangers = [
        f"{room.name} names {table}, which belongs to {owner}"
        for room in rooms()
        for table in _tables_of(room)
        if (owner := _owner_of(table)) != room.name and (room.name, table) not in BORROWED_TABLES
    ]

    assert [] == strangers


def test_every_borrowed_table_is_still_borrowed() -> None:
    """An exception that nobody needs any more is taken back."""
    borrowed = {(room.name, table) for room in rooms() for table in _tables_of(room)}

    assert set() == set(BORROWED_TABLES) - borrowed


def test_no_table_is_declared_twice_in_one_world() -> None:
    """One declaration a table: two would drift apart."""
    declared = defaultdict(list)
    for room in rooms():
        for table in _tables_of(room):
            if (room.name, table) not in BORROWED_TABLES:
                declared[room.parent.name, table].append(room.name)

    assert {} == {table: owners for table, owners in declared.items() if len(owners) > 1}


@pytest.mark.parametrize(
    "room",
    [room for room in rooms() if room.parent.name == "customers"],
    ids=lambda room: room.name,
)
def test_every_store_function_is_bound_to_one_platform(room: Path) -> None:
    """Reading across platforms is the one bug we cannot afford, so the platform comes first."""
    unbound = [
        function.name
        for function in _store_functions(room)
        if f"{room.name}.{function.name}" not in ACROSS_PLATFORMS
        and "platform_id" not in _first_parameter(function)
    ]

    assert [] == unbound


def test_every_function_across_platforms_still_exists() -> None:
    """The list of exceptions holds no name that is gone."""
    customers = [room for room in rooms() if room.parent.name == "customers"]
    existing = {
        f"{room.name}.{function.name}" for room in customers for function in _store_functions(room)
    }

    assert set() == set(ACROSS_PLATFORMS) - existing


def _store_files(room: Path) -> list[Path]:
    return [path for path in (room / "store.py", *room.glob("store/*.py")) if path.is_file()]


def _tables_of(room: Path) -> Iterator[str]:
    """Yield the name of each `Table("…", …)` in a room's store."""
    for path in _store_files(room):
        for node in ast.walk(tree_of(path)):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func).split(".")[-1] == "Table"
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                yield str(node.args[0].value)


def _owner_of(table: str) -> str | None:
    """Find the room by the table's name: `catalog_intents` is the catalogue's."""
    if table in OWNERS_BY_DECREE:
        return OWNERS_BY_DECREE[table]
    owners = [room.name for room in rooms() if f"{table}_".startswith(f"{room.name}")]
    return max(owners, key=len, default=None)


def _store_functions(room: Path) -> Iterator[ast.FunctionDef]:
    """Yield the public functions of a room's store that reach the database."""
    for path in _store_files(room):
        for node in tree_of(path).body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            if "connection" in _parameters(node):
                yield node


def _parameters(function: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]


def _first_parameter(function: ast.FunctionDef) -> list[str]:
    """Give the first parameter, not counting what carries the statement to the database."""
    carriers = {"connection", "customer_tokens"}
    return [name for name in _parameters(function) if name not in carriers][:1]


def test_the_stores_are_where_these_tests_look() -> None:
    """If stores moved, every test above would pass by finding nothing."""
    assert [] != [label(path) for room in rooms() for path in _store_files(room)]
