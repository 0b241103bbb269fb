"""What a process that serves does without: libraries that others need, and threads for trifles."""

import inspect
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from dream_api.services import api_multi, front_auth_api, oauth_api, pages
from dream_api.services.http import development, operations
from tests.architecture.house import SOURCE
from tests.journeys.processes import free_port

_SERVE = """
import atexit, sys
from dream_api.cli import main

atexit.register(lambda: print(*sys.modules))
main()
"""
_ROUTERS = (
    operations.router, development.router,
    *pages.routers, *front_auth_api.routers, *oauth_api.routers, *api_multi.routers,
)  # fmt: skip


@pytest.fixture(scope="module")
def loaded(migrated_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """Name the modules of a process that serves an SQLite folder and has answered nobody yet."""
    folder = tmp_path_factory.mktemp("served") / "data"
    shutil.copytree(migrated_folder, folder)
    invented = {"DREAM_DATA_DIR": str(folder), "DREAM_STRIPE_TEST_SECRET_KEY": "sk_test_x"}
    environment = {"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"], **invented}
    command = [sys.executable, "-c", _SERVE, "serve", "--port", str(free_port())]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "Serving" in process.stdout.readline()
        process.terminate()
        names = frozenset(process.stdout.read().split())
    assert "sqlalchemy" in names
    return names


@pytest.mark.parametrize(
    ("library", "needed_for"),
    [
        ("PIL", "an uploaded logo"),
        ("aiosmtplib", "a mail"),
        ("alembic", "dream-api migrate"),
        ("asyncpg", "PostgreSQL"),
        ("sqlalchemy.ext.asyncio", "PostgreSQL"),
        ("stripe.params", "type checkers"),
        ("zxcvbn", "a new password"),
    ],
)
def test_a_library_waits_until_it_is_needed(
    loaded: frozenset[str], library: str, needed_for: str
) -> None:
    """Import it in the function that uses it; what is loaded at the start stays for good."""
    assert library not in loaded, f"{library} is for {needed_for} only"


def test_no_handler_and_no_dependency_takes_a_thread() -> None:
    """The framework runs a plain ``def`` in a thread; a burst of requests starts 40 of them."""
    routes = [route for router in _ROUTERS for route in router.routes]
    calls = {
        call for route in routes if isinstance(route, APIRoute) for call in _calls(route.dependant)
    }

    assert 100 < len(calls)
    assert [] == [call for call in calls if not inspect.iscoroutinefunction(call)]


def _calls(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for below in dependant.dependencies:
        yield from _calls(below)
