"""Each import contract is broken on purpose, in a copy of the source, and must notice."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.house import ROOT, SOURCE

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Violation:
    """Lines that must not stand in the files named, and the contract that forbids them."""

    contract: str
    story: str
    lines: dict[str, str]


def _line(contract: str, story: str, file: str, line: str) -> Violation:
    return Violation(contract, story, {file: line})


CUSTOMERS = "dream_api/customers"
VIOLATIONS = [
    _line("house", "the kit asks a store", "dream_api/kit/money.py", "import dream_api.stores"),
    _line(
        "house",
        "end users know developers",
        f"{CUSTOMERS}/end_users/__init__.py",
        "import dream_api.developers.accounts",
    ),
    _line(
        "house",
        "developers know end users",
        "dream_api/developers/accounts/__init__.py",
        "import dream_api.customers.end_users",
    ),
    _line(
        "house",
        "metering knows the catalogue",
        f"{CUSTOMERS}/metering/__init__.py",
        "import dream_api.bridge.catalog",
    ),
    _line(
        "house",
        "a room calls a door",
        "dream_api/bridge/keys/__init__.py",
        "import dream_api.services.http",
    ),
    _line("house", "a floor without a place", "dream_api/coupons/__init__.py", ""),
    _line("customers", "a room without a place", f"{CUSTOMERS}/coupons/__init__.py", ""),
    _line(
        "customers",
        "metering knows subscriptions",
        f"{CUSTOMERS}/metering/__init__.py",
        "import dream_api.customers.subscriptions",
    ),
    _line(
        "developers",
        "accounts know their payment",
        "dream_api/developers/accounts/__init__.py",
        "import dream_api.developers.platform_subscription",
    ),
    _line(
        "bridge",
        "keys know the catalogue",
        "dream_api/bridge/keys/__init__.py",
        "import dream_api.bridge.catalog",
    ),
    _line(
        "shared",
        "the inbox writes to the outbox",
        "dream_api/shared/inbox/__init__.py",
        "import dream_api.shared.outbox",
    ),
    Violation(
        "cycles",
        "two siblings need each other",
        {
            "dream_api/kit/money.py": "import dream_api.kit.ids",
            "dream_api/kit/ids.py": "import dream_api.kit.money",
        },
    ),
    _line(
        "settings",
        "a door reads the settings",
        "dream_api/services/http/__init__.py",
        "import dream_api.settings",
    ),
    _line(
        "plugs",
        "a room picks its engine",
        f"{CUSTOMERS}/metering/__init__.py",
        "import dream_api.stores.sqlite",
    ),
    _line("rooms", "a room speaks HTTP", f"{CUSTOMERS}/dashboard/__init__.py", "import fastapi"),
    _line("rooms", "a room opens SQLite", "dream_api/shared/inbox/__init__.py", "import sqlite3"),
    _line("rooms", "a room calls out", "dream_api/bridge/connect/__init__.py", "import httpx"),
    _line("sql", "a verb writes SQL", f"{CUSTOMERS}/metering/__init__.py", "import sqlalchemy"),
    _line("sql", "a door writes SQL", "dream_api/services/http/__init__.py", "import sqlalchemy"),
    _line("drivers", "the worker opens SQLite", "dream_api/worker.py", "import sqlite3"),
    _line("stripe", "a room calls Stripe", "dream_api/bridge/catalog/__init__.py", "import stripe"),
    _line("web", "the worker speaks HTTP", "dream_api/worker.py", "import starlette.requests"),
    _line(
        "simulator",
        "the simulator peeks at the product",
        "stripe_simulator/__init__.py",
        "import dream_api.kit",
    ),
    _line(
        "simulator",
        "the wiring knows the simulator",
        "dream_api/app/__init__.py",
        "import stripe_simulator",
    ),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what lint-imports reads, so that violations touch nobody's work."""
    folder = tmp_path_factory.mktemp("contracts")
    shutil.copytree(
        SOURCE,
        folder / "src",
        ignore=lambda _, names: {n for n in names if "." in n and not n.endswith(".py")},
    )
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@contextmanager
def _broken(source: Path, lines: dict[str, str]) -> Iterator[None]:
    """Write the lines of a violation, and put everything back afterwards."""
    before = {file: (source / file).read_text() for file in lines if (source / file).exists()}
    for file, line in lines.items():
        (source / file).parent.mkdir(exist_ok=True)
        (source / file).write_text(f"{before.get(file, '')}\n{line}\n")
    try:
        yield
    finally:
        for file in lines:
            (source / file).unlink()
            if file in before:
                (source / file).write_text(before[file])
            elif file.endswith("__init__.py"):
                (source / file).parent.rmdir()


def _lint(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT_IMPORTS, "--no-logo", *options],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


def _contracts() -> dict[str, str]:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = configuration["tool"]["importlinter"]["contracts"]
    return {contract["id"]: contract["name"] for contract in contracts}


@pytest.mark.parametrize(
    "violation", VIOLATIONS, ids=lambda violation: f"{violation.contract}: {violation.story}"
)
def test_a_contract_notices_its_violation(copy: Path, violation: Violation) -> None:
    """A contract that no import can break guards nothing."""
    with _broken(copy / "src", violation.lines):
        answer = _lint(copy, "--contract", violation.contract)

    name = re.escape(_contracts()[violation.contract])
    assert re.search(f"{name} BROKEN", answer.stdout), answer.stdout + answer.stderr


def test_every_contract_has_been_broken_once() -> None:
    """A new contract comes with the violation that proves it."""
    assert set(_contracts()) == {violation.contract for violation in VIOLATIONS}


def test_the_house_keeps_its_contracts(copy: Path) -> None:
    """The source as it stands breaks none; `make check` runs the same."""
    answer = _lint(copy)

    assert 0 == answer.returncode, answer.stdout + answer.stderr
