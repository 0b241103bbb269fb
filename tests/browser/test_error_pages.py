"""What people see when something is missing or broken: words, a way on, and the right name."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser import steps
from tests.browser.pages import CONSOLE_PAGES
from tests.browser.ready import Ready, make_ready
from tests.browser.watch import Watch
from tests.journeys.processes import DevServer


@pytest.fixture(scope="module")
def broken(
    chromium_path: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[DevServer, Ready]]:
    """Run a product, walk a developer to keys, then lose two tables: what a bug would do."""
    assert chromium_path
    server = DevServer(tmp_path_factory.mktemp("broken")).start()
    owner = make_ready(server.base_url)
    steps.track(server, owner.keys, "ada")
    with closing(sqlite3.connect(server.data_dir / "customers.db")) as store:
        store.execute("ALTER TABLE inbox_events RENAME TO inbox_events_lost")
        store.execute("ALTER TABLE outbox_messages RENAME TO outbox_messages_lost")
        store.commit()
    yield server, owner
    server.stop()


@pytest.fixture
def broken_page(browser: Browser, broken: tuple[DevServer, Ready], watch: Watch) -> Iterator[Page]:
    """Open a browser in which that developer is signed in."""
    server, owner = broken
    watch.allowed |= {server.base_url}
    watch.expected_statuses |= {404, 500, 503}
    context = browser.new_context(
        base_url=server.base_url, storage_state=owner.state(server.base_url)
    )
    watch.follow(context)
    yield context.new_page()
    context.close()


def _flaws(page: Page) -> list[object]:
    flaws: list[object] = []
    for is_dark in (False, True):
        page.emulate_media(color_scheme="dark" if is_dark else "light", reduced_motion="reduce")
        flaws += [one["id"] for one in Axe().run(page).response["violations"]]
    page.set_viewport_size({"width": 390, "height": 844})
    if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        flaws.append("scrolls sideways")
    return flaws


def test_a_bug_is_a_page_with_a_request_id_and_another_try(broken_page: Page) -> None:
    """It says that it is our mistake, and gives away nothing else."""
    answer = broken_page.goto("/dashboard/webhooks")

    assert answer is not None
    assert 500 == answer.status
    expect(broken_page.get_by_text("This is our mistake")).to_be_visible()
    expect(broken_page.get_by_role("link", name="Go to the dashboard")).to_be_visible()
    expect(broken_page.get_by_role("link", name="Try again")).to_have_attribute(
        "href", "/dashboard/webhooks"
    )
    expect(broken_page.get_by_text("inbox_events")).to_have_count(0)
    assert answer.headers["x-request-id"] in broken_page.content()
    assert [] == _flaws(broken_page)


def test_a_form_that_met_a_bug_is_still_there_behind_back(
    broken_page: Page, broken: tuple[DevServer, Ready]
) -> None:
    """In the platform's own name, and nothing that was typed is lost."""
    base = f"/p/{broken[1].keys.publishable}"
    broken_page.goto(f"{base}/forgot")
    broken_page.get_by_label("Email").fill("ada@example.com")
    broken_page.goto(f"{base}/sign-up")
    broken_page.get_by_label("Email").fill("ada@example.com")
    broken_page.get_by_label("Password").fill(steps.PASSWORD)
    broken_page.get_by_role("button", name="Create account").click()
    expect(broken_page.get_by_text("What you typed is still there")).to_be_visible()
    expect(broken_page.get_by_role("link", name="Your app")).to_be_visible()
    assert [] == _flaws(broken_page)
    broken_page.go_back()

    expect(broken_page.get_by_label("Email")).to_have_value("ada@example.com")
    expect(broken_page.get_by_role("button", name="Create account")).to_be_enabled()


@pytest.mark.parametrize(
    ("path", "way_on"),
    [
        ("/nowhere", "Go to the start"),
        ("/dashboard/nowhere", "Go to the dashboard"),
        ("/dashboard/users/nobody", "Go to the dashboard"),
        ("/dashboard/keys/nowhere", "Go to the dashboard"),
        ("/p/{pk}/nowhere", "Go to the start"),
        ("/p/{pk}/checkout/return?session_id=cs_unknown", "Go to the start"),
    ],
)
def test_a_missing_page_says_so_and_leads_on(
    console: Page, ready: Ready, watch: Watch, path: str, way_on: str
) -> None:
    """The status is 404, the words are readable, and there is a button."""
    watch.expected_statuses.add(404)
    answer = console.goto(path.replace("{pk}", ready.keys.publishable))

    assert answer is not None
    assert 404 == answer.status
    expect(console.get_by_role("heading", name="Not found")).to_be_visible()
    expect(console.get_by_role("link", name=way_on)).to_be_visible()
    assert [] == _flaws(console)


def test_the_simulator_has_pages_for_what_is_missing_too(
    page: Page, product: DevServer, watch: Watch
) -> None:
    """Whoever follows an old link reads words, not an answer for programs."""
    watch.expected_statuses.add(404)
    for path in ("/nowhere", "/c/pay/cs_gone", "/p/session/bps_gone", "/accounts/acct_gone"):
        answer = page.goto(f"http://127.0.0.1:{product.stripe_port}{path}")

        assert answer is not None
        assert 404 == answer.status, path
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert [] == _flaws(page), path


def test_every_page_has_a_title_of_its_own(console: Page) -> None:
    """Tabs and history tell them apart; the same page in another mode or period keeps its name."""
    titles: dict[str, set[str]] = {}
    for path in CONSOLE_PAGES:
        console.goto(path)
        titles.setdefault(console.title(), set()).add(path.split("?")[0])

    assert {} == {title: paths for title, paths in titles.items() if len(paths) > 1}
    assert all(title.endswith(" · dream-api") for title in titles)


def test_the_icon_is_there_for_browsers_that_ask_unasked(page: Page, product: DevServer) -> None:
    """Ours, and the simulator's."""
    for origin in (product.base_url, f"http://127.0.0.1:{product.stripe_port}"):
        page.goto(origin)
        icon = page.locator("link[rel=icon]").get_attribute("href")
        assert page.request.get(f"{origin}{icon}").ok
    assert page.request.get(f"{product.base_url}/favicon.ico").ok
