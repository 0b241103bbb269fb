"""Does the command line answer without waking the product?"""

import subprocess
import sys

import pytest

HEAVY = ("fastapi", "sqlalchemy", "stripe", "uvicorn", "dream_api.app", "dream_api.stores")


@pytest.mark.parametrize("module", HEAVY)
def test_the_command_line_imports_nothing_heavy(loaded: frozenset[str], module: str) -> None:
    """Help, the version and a wrong option come at once: a command imports when it runs."""
    assert module not in loaded


@pytest.fixture(scope="module")
def loaded() -> frozenset[str]:
    """Name every module that a fresh interpreter has loaded with the command line."""
    line = "import sys, dream_api.cli; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
    return frozenset(ended.stdout.split())
