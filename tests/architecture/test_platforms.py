"""Does each verb on the customers' world say whose platform it is about?

On PostgreSQL a door that does not say it finds nothing; on SQLite nobody would notice.
"""

import ast
from collections.abc import Iterator

from tests.architecture.house import PRODUCT, modules, tree_of

STORES = frozenset({"customers", "_customers", "store", "_store"})
"""What a room calls a store of the customers' world, or of the world that it is built for."""
FLOORS = ("bridge", "customers", "shared")

ACROSS_PLATFORMS = {
    "bridge/connect/leaving.py": {"give_back_remembered"},
    "customers/end_users/service.py": {"fold_counts"},
    "customers/metering/service.py": {
        "blank_erased",
        "forget_old_keys",
        "index_keys",
        "prune_ledger",
        "roll_up",
    },
    "customers/platforms/service.py": {"list_connected", "platform_of"},
    "customers/subscriptions/openings.py": {"list_lost"},
    "customers/subscriptions/reconciliation.py": {"sweep"},
    "shared/identity/service.py": {"clean_up"},
    "shared/inbox/service.py": {"_finish", "drop_old", "due", "failed", "receive"},
}
"""Verbs that sweep all platforms, or come before one is known; all others name theirs."""
WITHOUT_PLATFORM = ("shared/identity/keyring.py", "shared/idempotency/", "shared/outbox/")
"""Signing keys, stored answers and messages belong to their world."""


def test_every_verb_names_its_platform() -> None:
    """Write ``store.of(platform_id).read(…)``, or give the reason above."""
    silent = sorted(
        f"{file}: {verb}"
        for file, verb in _verbs_without_platform()
        if verb not in ACROSS_PLATFORMS.get(file, set())
    )

    assert [] == silent


def test_every_verb_across_platforms_still_exists() -> None:
    """The list of exceptions holds no name that is gone."""
    found = set(_verbs_without_platform())
    listed = {(file, verb) for file, verbs in ACROSS_PLATFORMS.items() for verb in verbs}

    assert set() == listed - found


def _verbs_without_platform() -> Iterator[tuple[str, str]]:
    for path in modules(*(PRODUCT / floor for floor in FLOORS)):
        file = path.relative_to(PRODUCT).as_posix()
        if file.startswith(WITHOUT_PLATFORM):
            continue
        for function in ast.walk(tree_of(path)):
            if isinstance(function, ast.AsyncFunctionDef) and any(map(_is_unbound, _own(function))):
                yield file, function.name


def _own(function: ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """Walk a function without the functions inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting.extend(ast.iter_child_nodes(node))


def _is_unbound(node: ast.AST) -> bool:
    """Recognise ``….store.read(…)``; in ``….store.of(platform_id).read(…)`` a call is asked."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    if node.func.attr not in ("read", "write"):
        return False
    asked = node.func.value
    name = asked.attr if isinstance(asked, ast.Attribute) else getattr(asked, "id", None)
    return name in STORES
