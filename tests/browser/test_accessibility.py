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
