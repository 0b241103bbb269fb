"""A real product, a real browser; no console error and no foreign request is allowed."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import steps
from tests.browser.chromium import FLAGS
from tests.browser.ready import Ready, make_ready
from tests.browser.watch import Watch
from tests.journeys.processes import DevServer

USERS = 60
"""More than one page of the table holds."""


@pytest.fixture(scope="session")
def product(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    """Run ``dream-api dev`` once for all browser tests; each signs up people of its own."""
    assert chromium_path
    server = DevServer(tmp_path_factory.mktemp("browser")).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """Start the system's Chromium.

    Not for the whole session: while it runs, Playwright's loop occupies this thread, and the
    asynchronous tests of other folders could not start theirs.
    """
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium_path, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture
def watch(product: DevServer) -> Iterator[Watch]:
    """Fail the test on any console error (each policy violation is one) and foreign request."""
    watching = Watch(frozenset({product.base_url, f"http://127.0.0.1:{product.stripe_port}"}))
    yield watching
    assert watching.console_errors == []
    assert watching.foreign_requests == []


@pytest.fixture
def page(browser: Browser, product: DevServer, watch: Watch) -> Iterator[Page]:
    """Open a fresh browser profile on the product."""
    context = browser.new_context(
        base_url=product.base_url, viewport={"width": 1360, "height": 860}
    )
    watch.follow(context)
    yield context.new_page()
    context.close()


@pytest.fixture
def page_without_scripts(browser: Browser, product: DevServer, watch: Watch) -> Iterator[Page]:
    """Open a fresh browser profile that runs no JavaScript."""
    context = browser.new_context(base_url=product.base_url, java_script_enabled=False)
    watch.follow(context)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def ready(product: DevServer) -> Ready:
    """Walk one developer to keys, and give them enough users for two pages; shared, so read it."""
    found = make_ready(product.base_url)
    steps.track_many(product, found.keys, [f"user_{number:03}" for number in range(USERS)])
    return found


@pytest.fixture
def console(browser: Browser, product: DevServer, ready: Ready, watch: Watch) -> Iterator[Page]:
    """Open a browser in which the ready developer is signed in."""
    context = browser.new_context(
        base_url=product.base_url,
        storage_state=ready.state(product.base_url),
        viewport={"width": 1360, "height": 860},
    )
    watch.follow(context)
    yield context.new_page()
    context.close()


@pytest.fixture
def console_without_scripts(
    browser: Browser, product: DevServer, ready: Ready, watch: Watch
) -> Iterator[Page]:
    """Open a browser in which the ready developer is signed in and no JavaScript runs."""
    context = browser.new_context(
        base_url=product.base_url,
        storage_state=ready.state(product.base_url),
        java_script_enabled=False,
    )
    watch.follow(context)
    yield context.new_page()
    context.close()
