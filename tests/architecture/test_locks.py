"""The locks say what is installed, and nothing of where it came from."""

import re
import tomllib
from functools import cache
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.house import ROOT

RUNTIME_LOCK = "requirements.lock"
DEV_LOCK = "requirements-dev.lock"
PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;]+)(?P<rest>(?:.*\\\n)+.*)", re.MULTILINE
)


@cache
def _pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@cache
def _pins(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text()
    return {canonicalize_name(pin["name"]): pin["version"] for pin in PIN.finditer(text)}


def _requirements(*extras: str) -> list[Requirement]:
    project = _pyproject()["project"]
    lists = [project["dependencies"], *(project["optional-dependencies"][name] for name in extras)]
    return [Requirement(line) for lines in lists for line in lines]


@pytest.mark.parametrize(
    ("lock", "extras"), [(RUNTIME_LOCK, ("build",)), (DEV_LOCK, ("build", "dev"))]
)
def test_every_declared_dependency_is_pinned_to_a_version_it_allows(
    lock: str, extras: tuple[str, ...]
) -> None:
    """Whoever edits pyproject.toml and forgets `make lock` learns it here."""
    pins = _pins(lock)
    unmet = [
        str(requirement)
        for requirement in _requirements(*extras)
        if pins.get(canonicalize_name(requirement.name), "") not in requirement.specifier
        or canonicalize_name(requirement.name) not in pins
    ]

    assert [] == unmet


def test_what_is_tested_is_what_runs() -> None:
    """The development lock holds the runtime lock, version for version."""
    runtime, development = _pins(RUNTIME_LOCK), _pins(DEV_LOCK)

    assert runtime == {name: development.get(name) for name in runtime}


@pytest.mark.parametrize("lock", [RUNTIME_LOCK, DEV_LOCK])
def test_a_lock_names_no_host(lock: str) -> None:
    """The same lock installs from any index; an address in it would tie it to one."""
    assert "://" not in (ROOT / lock).read_text()


@pytest.mark.parametrize("lock", [RUNTIME_LOCK, DEV_LOCK])
def test_every_pin_carries_a_hash(lock: str) -> None:
    """A package that was exchanged behind its version is refused."""
    bare = [
        pin["name"]
        for pin in PIN.finditer((ROOT / lock).read_text())
        if "--hash=sha256:" not in pin["rest"]
    ]

    assert [] == bare


def test_the_build_backend_is_pinned_too() -> None:
    """The editable install uses the backend of the lock and fetches none of its own."""
    declared = _pyproject()["project"]["optional-dependencies"]["build"]

    assert _pyproject()["build-system"]["requires"] == declared
