"""What every test may ask for: plugs and a clock, nothing clever."""

import os
import shutil
from typing import NoReturn

import pytest

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def missing(what: str, *, hint: str) -> NoReturn:
    """Skip loudly on a laptop, fail in CI: a guarantee that nobody tests is not one."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing; {hint}", pytrace=False)
    pytest.skip(f"{what} is missing; {hint}")


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Return the system's Chromium; no browser is ever downloaded."""
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        missing("Chromium", hint="install it, for example with: apt-get install chromium")
    return path
