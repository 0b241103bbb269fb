"""What every test may ask for: plugs and a clock, nothing clever."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from dream_api.gateways.clock import MovableClock
from dream_api.stores import Bindings
from dream_api.stores.sqlite import SqliteStores, migrate_stores
from tests.browser.chromium import find_chromium
from tests.postgres_fixtures import database, migrated_database, postgres
from tests.walker_fixtures import nothing_off_stripes_types, stripe_watch

__all__ = [
    "database",
    "migrated_database",
    "nothing_off_stripes_types",
    "postgres",
    "stripe_watch",
]


def missing(what: str, *, hint: str) -> NoReturn:
    """Skip loudly on a laptop, fail in CI: a guarantee that nobody tests is not one."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing; {hint}", pytrace=False)
    pytest.skip(f"{what} is missing; {hint}")


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Return the system's Chromium; no browser is ever downloaded."""
    path = find_chromium()
    if path is None:
        missing("Chromium", hint="install it, for example with: apt-get install chromium")
    return path


@pytest.fixture(scope="session")
def migrated_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate one data folder for the whole run; each test gets a copy of its own."""
    folder = tmp_path_factory.mktemp("migrated")
    migrate_stores(folder)
    return folder


@pytest.fixture
def data_dir(migrated_folder: Path, tmp_path: Path) -> Path:
    """Give a fresh data folder with both worlds' schemas and nothing in them."""
    return Path(shutil.copytree(migrated_folder, tmp_path / "data"))


@pytest.fixture
def clock(data_dir: Path) -> MovableClock:
    """Give the clock that `dev` uses: real time, moved by ``advance(seconds)``."""
    return MovableClock(data_dir / "clock.json")


@pytest.fixture
def stores(data_dir: Path, clock: MovableClock) -> Iterator[SqliteStores]:
    """Open both worlds to serve; ``stores.bindings`` is what each service may touch."""
    with SqliteStores(data_dir, clock) as opened:
        yield opened


@pytest.fixture
def bindings(stores: SqliteStores) -> Bindings:
    """Give every service's bindings."""
    return stores.bindings
