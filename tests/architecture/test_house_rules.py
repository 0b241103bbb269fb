"""House rules that import-linter and ruff cannot state."""

import ast
import re
from pathlib import Path

from tests.architecture.house import (
    FLOORS,
    PRODUCT,
    ROOT,
    SOURCE,
    dotted_name,
    functions_of,
    imported_names,
    is_module,
    label,
    modules,
    rooms,
    tree_of,
)

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "core"}
TELLERS_OF_TIME = {"src/dream_api/gateways/clock.py", "src/stripe_simulator/clock.py"}
WALL_CLOCK_CALLS = {
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "date.today",
    "time.time",
    "time.time_ns",
}


def test_a_room_is_entered_through_its_front_door() -> None:
    """Outside a room, nobody imports its service, store, model or errors: only its package."""
    trespasses = [
        f"{label(path)}: {name}"
        for path in modules(PRODUCT)
        for name in imported_names(path)
        if (room := _room_behind(name)) and not f"{dotted_name(path)}.".startswith(f"{room}.")
    ]

    assert [] == trespasses


def _room_behind(name: str) -> str | None:
    """Give the room whose inside *name* reaches into, or None if it stops at a front door."""
    parts = name.split(".")
    if parts[0] != "dream_api" or len(parts) < 4 or parts[1] not in FLOORS:
        return None
    inside = ".".join(parts[:4])
    return ".".join(parts[:3]) if is_module(inside) else None


def test_files_fit_in_the_head() -> None:
    """A file that outgrows the limit is two files."""
    too_long = [
        f"{label(path)}: {lines} lines"
        for path in modules(SOURCE, ROOT / "tests", ROOT / "bench")
        if (lines := len(path.read_text().splitlines())) > FILE_LINES_MAX
    ]

    assert [] == too_long


def test_functions_fit_on_a_screen() -> None:
    """A function that outgrows the limit is two functions."""
    too_long = [
        f"{label(path)}: {function.name}, {lines} lines"
        for path in modules(SOURCE, ROOT / "tests", ROOT / "bench")
        for function in functions_of(path)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES_MAX
    ]

    assert [] == too_long


def test_only_the_clock_tells_the_time() -> None:
    """Tests and `dev` move the clock; whoever asks the machine would not notice."""
    askers = [
        f"{label(path)}:{node.lineno}"
        for path in modules()
        if label(path) not in TELLERS_OF_TIME
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute | ast.ImportFrom) and _asks_the_machine(node)
    ]

    assert [] == askers


def _asks_the_machine(node: ast.Attribute | ast.ImportFrom) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "time" and any(a.name in {"time", "time_ns"} for a in node.names)
    return ".".join(ast.unparse(node).split(".")[-2:]) in WALL_CLOCK_CALLS


def test_every_file_name_says_something() -> None:
    """A module called utils attracts everything that nobody wanted to place."""
    nameless = [
        label(path)
        for path in modules(SOURCE, ROOT / "tests", ROOT / "bench")
        if BANNED_NAMES & {path.stem, path.parent.name}
    ]

    assert [] == nameless


def test_every_room_says_what_it_owns_and_what_not() -> None:
    """A newcomer reads a room's first paragraph and knows whether to look further."""
    silent = [
        label(room)
        for room in rooms()
        if not re.search(
            r"\bowns\b.+\bdoes not own\b",
            ast.get_docstring(tree_of(room / "__init__.py")) or "",
            flags=re.DOTALL | re.IGNORECASE,
        )
    ]

    assert [] == silent


def test_every_room_lists_its_front_door() -> None:
    """What others may use of a room stands in `__all__`, and something does."""
    closed = [label(room) for room in rooms() if not _exported(room / "__init__.py")]

    assert [] == closed


def _exported(front_door: Path) -> list[str]:
    for node in tree_of(front_door).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(name, ast.Name) and name.id == "__all__" for name in targets):
                return list(ast.literal_eval(node.value))
    return []


def test_every_silenced_lint_gives_its_code_and_reason() -> None:
    """`# noqa` hides a finding from everybody, so it says which and why."""
    explained = re.compile(r"noqa: [A-Z]+\d+(, ?[A-Z]+\d+)* +(-|#) *\S")
    unexplained = [
        f"{label(path)}:{number}"
        for path in modules(SOURCE)
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if re.search(r"#.*\bnoqa\b", line) and not explained.search(line)
    ]

    assert [] == unexplained
