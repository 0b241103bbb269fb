"""What a process that serves does without: libraries that others need, and threads for trifles."""

import inspect
import json
import os
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

_SERVE = """
import asyncio, json, os, signal, sys

from dream_api.app import engine_of
from dream_api.cli.configuration import clock_of, load_settings
from dream_api.cli.serve import serve
from dream_api.cli.server import Serving, bind, run_product

def tell_and_stop():
    print(json.dumps(sorted(sys.modules)))
    os.kill(os.getpid(), signal.SIGTERM)

settings = load_settings()
asyncio.run(engine_of(settings).check())
serving = Serving(settings, clock_of(settings))
run_product(serving, bind(("127.0.0.1",), 0), on_ready=tell_and_stop)
"""
_ROUTERS = (
    operations.router, development.router,
    *pages.routers, *front_auth_api.routers, *oauth_api.routers, *api_multi.routers,
)  # fmt: skip


@pytest.fixture(scope="module")
def loaded(migrated_folder: Path) -> frozenset[str]:
    """Name the modules of a process that serves an SQLite folder and has answered nobody yet."""
    invented = {"DREAM_DATA_DIR": str(migrated_folder), "DREAM_STRIPE_TEST_SECRET_KEY": "sk_test_x"}
    environment = {"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"], **invented}
    command = [sys.executable, "-c", _SERVE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return frozenset(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("library", "needed_for"),
    [
        ("PIL", "an uploaded logo"),
        ("alembic", "dream-api migrate"),
        ("asyncpg", "PostgreSQL"),
        ("sqlalchemy.ext.asyncio", "PostgreSQL"),
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
