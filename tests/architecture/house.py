"""What the architecture tests read: the source tree as paths, names and imports."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
PRODUCT = SOURCE / "dream_api"
FLOORS = ("developers", "bridge", "customers", "shared")
"""The packages whose children are rooms."""


def modules(*folders: Path) -> list[Path]:
    """List the Python files below *folders* (by default, of the whole source tree)."""
    return sorted(path for folder in folders or (SOURCE,) for path in folder.rglob("*.py"))


def rooms() -> list[Path]:
    """List the folder of each room."""
    return sorted(
        front_door.parent
        for floor in FLOORS
        for front_door in PRODUCT.glob(f"{floor}/*/__init__.py")
    )


def label(path: Path) -> str:
    """Name a file the way a reader would look for it."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    """Parse a file, once."""
    return ast.parse(path.read_text(), filename=str(path))


def dotted_name(path: Path) -> str:
    """Give the module name of a file of the source tree."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_names(path: Path) -> Iterator[str]:
    """Yield every dotted name that a file imports, relative imports resolved."""
    package = path.parent.relative_to(SOURCE).parts
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else ()
            module = ".".join((*above, *filter(None, [node.module])))
            yield from (f"{module}.{alias.name}" for alias in node.names)


def is_module(name: str) -> bool:
    """Tell whether a dotted name is a module of the source tree, not a name inside one."""
    path = SOURCE.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function of a file, nested ones and methods too."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
