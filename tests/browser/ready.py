"""A developer who has been through all of it; shared by tests that add their own users and keys."""

from dataclasses import dataclass

from playwright.sync_api import StorageState

from tests.browser import steps


@dataclass(frozen=True)
class Ready:
    """The keys, and the state of a browser that is signed in."""

    keys: steps.Keys
    state: StorageState
