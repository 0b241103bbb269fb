"""What matters can be done with JavaScript switched off."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import steps
from tests.browser.ready import Ready, make_ready
from tests.browser.watch import Watch
from tests.journeys.processes import DevServer


@pytest.fixture(scope="module")
def owner(product: DevServer) -> Ready:
    """Walk a developer to keys whose things these tests may change."""
    owner = make_ready(product.base_url)
    steps.track_many(product, owner.keys, ["ada", "grace", "linus"])
    return owner


@pytest.fixture
def own(browser: Browser, product: DevServer, owner: Ready, watch: Watch) -> Iterator[Page]:
    """Open a browser without JavaScript in which that developer is signed in."""
    context = browser.new_context(
        base_url=product.base_url,
        storage_state=owner.state(product.base_url),
        java_script_enabled=False,
    )
    watch.follow(context)
    yield context.new_page()
    context.close()


def _expect_notice(page: Page, text: str) -> None:
    """What a script would show in the corner stands on the page; "by text" looks past it."""
    expect(page.locator("noscript .callout")).to_contain_text(text)
    expect(page.locator("noscript .callout")).to_be_visible()


def test_a_user_is_granted_a_plan_blocked_and_unblocked(own: Page) -> None:
    """Each is a form of its own, and the page says what holds now."""
    own.goto("/dashboard/users/ada")
    own.get_by_label("Plan").select_option("pro")
    own.get_by_role("button", name="Save plan").click()
    _expect_notice(own, "The end user is updated.")
    expect(own.get_by_text("given by hand", exact=True)).to_be_visible()
    own.get_by_role("button", name="Block").click()
    expect(own.get_by_text("Blocked", exact=True)).to_be_visible()
    own.get_by_role("button", name="Unblock").click()

    expect(own.get_by_role("button", name="Block")).to_be_visible()


def test_a_user_is_erased_after_a_tick(own: Page, watch: Watch) -> None:
    """Without the tick nothing happens."""
    watch.expected_statuses.add(422)
    own.goto("/dashboard/users/grace")
    own.get_by_role("button", name="Erase").click()
    expect(own.get_by_text("Tick the box")).to_be_visible()
    own.get_by_label("I am sure").check()
    own.get_by_role("button", name="Erase").click()
    _expect_notice(own, "The end user is erased.")

    expect(own.get_by_role("link", name="grace")).to_have_count(0)


def test_the_table_sorts_and_its_menu_leads_on(own: Page) -> None:
    """The menu of a row opens by itself."""
    own.goto("/dashboard/users")
    own.get_by_role("link", name="Last active").click()
    expect(own.get_by_role("columnheader", name="Last active")).to_have_attribute(
        "aria-sort", "descending"
    )
    own.get_by_role("button", name="Actions for linus").click()
    own.get_by_role("link", name="Adjust usage").click()

    expect(own).to_have_url(re.compile("/dashboard/users/linus#usage"))


def test_settings_are_saved_and_the_account_is_left(own: Page) -> None:
    """Name, addresses, Checkout; then the session ends."""
    own.goto("/dashboard/settings")
    own.get_by_label("App name").fill("No scripts")
    own.get_by_role("button", name="Save branding").click()
    expect(own.get_by_label("App name")).to_have_value("No scripts")
    own.get_by_label("Allowed origins").fill("https://app.example")
    own.get_by_role("button", name="Save addresses").click()
    expect(own.get_by_label("Allowed origins")).to_have_value("https://app.example")
    own.get_by_label("Take promotion codes").check()
    own.get_by_role("button", name="Save checkout").click()
    expect(own.get_by_label("Take promotion codes")).to_be_checked()


def test_an_end_user_buys_switches_and_signs_out(
    page_without_scripts: Page, product: DevServer
) -> None:
    """The hosted pages are forms and links, too."""
    page = page_without_scripts
    keys = steps.become_ready(page, product)
    steps.add_tier(page, "Scale", "99")
    steps.upgrade(page, product, keys, steps.new_email("user"))
    page.get_by_role("link", name="Change plan").click()
    page.get_by_role("link", name="Switch to Scale").click()
    page.get_by_role("button", name="Switch plan").click()
    _expect_notice(page, "Your plan is changed.")
    expect(page.get_by_role("heading", name="Scale")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).first.click()

    _expect_notice(page, "You are signed out.")


def test_a_developer_signs_out(page_without_scripts: Page, product: DevServer) -> None:
    """Also on the console, where the button stands beside the address."""
    page = page_without_scripts
    steps.sign_up(page, product, steps.new_email("dev"))
    page.get_by_role("button", name="Sign out").first.click()
    _expect_notice(page, "You are signed out.")
    page.goto("/dashboard")

    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
