"""What axe can see of accessibility, on every page, in both themes, under the real policy."""

import re
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


def test_axe_finds_nothing_on_the_way_to_the_keys(page: Page, product: DevServer) -> None:
    """Each step of setting up, Stripe's pages in between, and the mails that came."""
    found: dict[str, list[Any]] = {}

    def look(name: str) -> None:
        if seen := _look(page):
            found[name] = seen

    steps.sign_up(page, product, steps.new_email("dev"))
    expect(page.get_by_role("heading", name="Name your app")).to_be_visible()
    look("setup")
    page.get_by_label("App name").fill("Bumble CRM")
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_role("heading", name="Go live")).to_be_visible()
    look("configure")
    page.goto("/dashboard")
    look("overview, nothing there")
    page.goto("/dashboard/users")
    look("users, nothing there")
    page.goto("/dashboard/keys")
    look("keys, nothing there")
    page.goto("/configure")
    page.get_by_role("button", name=re.compile("Subscribe for")).first.click()
    expect(page.get_by_label("Card number")).to_be_visible()
    look("checkout")
    steps.pay_with_card(page)
    expect(page.get_by_text("Payment received.")).to_be_visible()
    look("paid")
    page.get_by_role("link", name="Connect Stripe").first.click()
    expect(page.get_by_role("heading", name="Connect your account")).to_be_visible()
    look("authorize")
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text("Your Stripe account is connected.")).to_be_visible()
    look("tiers, nothing there")
    steps.publish_tiers(page)
    look("keys")
    page.goto("/dev/mailbox")
    look("mailbox")
    mail = page.get_by_role("link", name="As it looks").first.get_attribute("href")
    # The page of a mail runs no script, not even ours; so its text is looked at elsewhere.
    page.goto("about:blank")
    page.set_content(page.request.get(f"{product.base_url}{mail}").text())
    look("mail")

    assert {} == found


def test_axe_finds_nothing_on_the_simulators_pages(
    page: Page, product: DevServer, ready: Ready, watch: Watch
) -> None:
    """The desk, a refused card, an approval, the portal, an invoice, an account."""
    watch.expected_statuses |= {402}
    desk, base = f"http://127.0.0.1:{product.stripe_port}", f"/p/{ready.keys.publishable}"
    found = _violations(page, [f"{desk}/", f"{desk}/events", f"{desk}/chaos"])

    def look(name: str) -> None:
        if seen := _look(page):
            found[name] = seen

    page.goto(f"{desk}/events")
    page.locator("details.event > summary").first.click()
    look("event")
    page.goto(f"{desk}/")
    page.get_by_role("main").get_by_role("link").last.click()
    look("account")
    steps.sign_up(page, product, steps.new_email("user"), base)
    page.goto(f"{base}/pricing")
    page.get_by_role("button", name="Upgrade to Pro").click()
    steps.pay_with_card(page, "4000 0000 0000 0002")
    expect(page.get_by_role("alert")).to_be_visible()
    look("refused")
    steps.pay_with_card(page, "4000 0025 0000 3155")
    expect(page.get_by_role("heading", name="Approve the payment")).to_be_visible()
    look("approval")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    page.get_by_role("button", name="Manage billing").click()
    look("portal")
    page.locator("[aria-labelledby=history]").get_by_role("link").first.click()
    look("invoice")

    assert {} == found


def test_axe_finds_nothing_in_what_opens(console: Page) -> None:
    """The question before a key is rotated, the menu of a row, the menu of a phone."""
    console.goto("/dashboard/keys")
    console.get_by_role("link", name="Rotate all").click()
    expect(console.get_by_role("dialog")).to_be_visible()
    dialog = _look(console)
    console.goto("/dashboard/users?q=user_011")
    console.get_by_role("button", name="Actions for user_011").click()
    menu = _look(console)
    console.set_viewport_size({"width": 390, "height": 844})
    console.goto("/dashboard")
    console.locator("details.menu > summary").click()

    assert [] == [*dialog, *menu, *_look(console)]
