"""What axe can see of accessibility, on every page, in both themes, under the real policy."""

from collections.abc import Iterable
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.pages import CONSOLE_PAGES, END_USER_PAGES, OPEN_PAGES
from tests.browser.ready import Ready
from tests.browser.watch import Watch
from tests.journeys.processes import DevServer

AXE = Axe()
ONLY_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
"""The other theme changes nothing but colours."""


def _violations(page: Page, paths: Iterable[str]) -> dict[str, list[Any]]:
    found = {}
    for path in paths:
        page.goto(path)
        seen = _look(page)
        if seen:
            found[path] = seen
    return found


def _look(page: Page) -> list[Any]:
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    seen = AXE.run(page).response["violations"]
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    seen += AXE.run(page, options=ONLY_COLOURS).response["violations"]
    return [(one["id"], [node["html"][:160] for node in one["nodes"]][:3]) for one in seen]


def test_axe_finds_nothing_on_the_console(console: Page) -> None:
    """No violation on any page that a developer sees."""
    assert {} == _violations(console, CONSOLE_PAGES)


def test_axe_finds_nothing_on_open_pages(page: Page, ready: Ready) -> None:
    """No violation on any page that strangers see, ours and a platform's."""
    paths = [path.replace("{pk}", ready.keys.publishable) for path in OPEN_PAGES]

    assert {} == _violations(page, paths)


def test_axe_finds_nothing_on_an_end_users_pages(
    page: Page, product: DevServer, ready: Ready
) -> None:
    """No violation on what a signed-in end user sees."""
    steps.sign_up(page, product, steps.new_email("user"), f"/p/{ready.keys.publishable}")
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    paths = [path.replace("{pk}", ready.keys.publishable) for path in END_USER_PAGES]

    assert {} == _violations(page, paths)


def test_axe_finds_nothing_on_a_page_with_a_secret_or_an_error(console: Page, watch: Watch) -> None:
    """Neither on the page that shows a key once, nor on one that refuses."""
    watch.expected_statuses |= {404, 422}
    console.goto("/dashboard/keys/create")
    console.get_by_label("Name").fill("For axe")
    console.get_by_role("button", name="Create key").click()
    expect(console.get_by_role("heading", name="Your keys")).to_be_visible()
    secret = _look(console)
    console.goto("/nowhere")
    missing = _look(console)
    console.goto("/api-tier-config")
    console.get_by_label("Price", exact=True).last.fill("0.10")
    console.get_by_role("button", name="Save changes").first.click()
    expect(console.get_by_text("at least 0.50")).to_be_visible()

    assert [] == [*secret, *missing, *_look(console)]


def test_axe_finds_nothing_on_the_pages_that_end_users_see_when_something_goes_wrong(
    page: Page, product: DevServer, ready: Ready, watch: Watch
) -> None:
    """No plan to switch, a session that ended, a form that is offered again, a broken link."""
    watch.expected_statuses |= {400, 401, 404, 409, 422}
    base, email = f"/p/{ready.keys.publishable}", steps.new_email("user")
    steps.sign_up(page, product, email, base)
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    page.goto(f"{base}/change-plan?tier=pro")
    nothing_to_switch = _look(page)
    page.goto(f"{base}/account")
    page.context.clear_cookies()
    page.get_by_label("New address").fill(steps.new_email("moved"))
    page.get_by_role("button", name="Change address").click()
    expect(page.get_by_role("heading", name="Sign in to go on")).to_be_visible()
    ended = _look(page)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(steps.PASSWORD)
    page.get_by_role("button", name="Sign in and go on").click()
    expect(page.get_by_role("heading", name="You are signed in again")).to_be_visible()
    again = _look(page)
    page.goto(f"{base}/confirm?token=cut-off")

    assert [] == [*nothing_to_switch, *ended, *again, *_look(page)]
