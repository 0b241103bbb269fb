"""The table of users: search, filters, sorting, pages; the address is the state."""

import re

from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.ready import Ready
from tests.browser.watch import Watch
from tests.journeys.processes import DevServer


def test_search_swaps_the_table_and_the_back_button_brings_it_back(console: Page) -> None:
    """No reload while typing; the address follows, and so does the search box."""
    console.goto("/dashboard/users")
    search = console.get_by_role("searchbox")
    search.fill("user_007")
    expect(console.get_by_role("row")).to_have_count(2)
    expect(console).to_have_url(re.compile("q=user_007"))

    console.go_back()

    expect(console.locator("[data-count]")).to_have_text(re.compile(r"\d\d users"))
    expect(search).to_have_value("")


def test_a_filter_taken_away_empties_its_control_and_sorting_survives_a_search(
    console: Page,
) -> None:
    """The form outside the swapped table always says what the address says."""
    console.goto("/dashboard/users?plan=free")
    console.get_by_role("link", name=re.compile("Free.*Remove")).click()
    expect(console.get_by_label("Plan")).to_have_value("")
    console.get_by_role("link", name="Usage").click()
    expect(console).to_have_url(re.compile("sort=usageCount"))
    console.get_by_role("searchbox").fill("user_01")

    expect(console).to_have_url(re.compile("q=user_01.*sort=usageCount"))


def test_the_slash_key_reaches_the_search_box(console: Page) -> None:
    """People who live on the keyboard find it."""
    console.goto("/dashboard/users")

    console.keyboard.press("/")

    expect(console.get_by_role("searchbox")).to_be_focused()


def test_pages_lead_forward_and_back(console: Page) -> None:
    """Fifty users a page; the second holds the rest, and Previous leads back."""
    console.goto("/dashboard/users?q=user_&sort=userId&order=asc")
    console.get_by_role("link", name="Next").click()
    expect(console.get_by_role("row")).to_have_count(11)
    expect(console.get_by_role("link", name="user_059")).to_be_visible()

    console.get_by_role("link", name="Previous").click()

    expect(console.get_by_role("link", name="user_000")).to_be_visible()


def test_a_column_sorts_and_says_which_way(console: Page) -> None:
    """The second click turns it round; screen readers are told by aria-sort."""
    console.goto("/dashboard/users")
    console.get_by_role("link", name="Usage").click()
    header = console.get_by_role("columnheader", name="Usage")
    expect(header).to_have_attribute("aria-sort", "descending")

    console.get_by_role("link", name="Usage").click()

    expect(header).to_have_attribute("aria-sort", "ascending")


def test_search_and_filters_work_without_scripts(console_without_scripts: Page) -> None:
    """A plain form does the same, and a chip takes a filter away."""
    page = console_without_scripts
    page.goto("/dashboard/users")
    page.get_by_role("searchbox").fill("user_00")
    page.get_by_label("Plan").select_option("free")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("[data-count]")).to_have_text("10 users")

    page.get_by_role("link", name=re.compile("user_00.*Remove")).click()

    expect(page.locator("[data-count]")).to_have_text(re.compile(r"\d\d users"))


def test_nobody_found_says_so_and_leads_back(console: Page) -> None:
    """An empty table is no dead end."""
    console.goto("/dashboard/users?q=nobody-of-this-name")

    console.get_by_role("link", name="Clear all").click()

    expect(console.locator("[data-count]")).to_have_text(re.compile(r"\d\d users"))


def test_a_user_is_granted_a_plan_adjusted_and_blocked(console: Page) -> None:
    """What the console changes stands on the page at once."""
    console.goto("/dashboard/users/user_001")
    console.get_by_label("Plan").select_option("pro")
    console.get_by_role("button", name="Save plan").click()
    console.get_by_label("Amount").fill("41")
    console.get_by_label("Reason").fill("Moved from the old meter")
    console.get_by_role("button", name="Adjust", exact=True).click()
    expect(console.get_by_role("meter")).to_have_attribute("value", "42")

    console.get_by_role("button", name="Block").click()

    expect(console.get_by_role("button", name="Unblock")).to_be_visible()


def test_an_adjustment_below_zero_keeps_what_was_typed(console: Page, watch: Watch) -> None:
    """The reason is still there to be sent again, and the error says what is wrong."""
    watch.expected_statuses.add(422)
    console.goto("/dashboard/users/user_002")
    console.get_by_label("Amount").fill("-5")
    console.get_by_label("Reason").fill("Refund")

    with console.expect_response(lambda answer: answer.request.method == "POST") as answered:
        console.get_by_role("button", name="Adjust", exact=True).click()

    assert 422 == answered.value.status
    expect(console.get_by_label("Reason")).to_have_value("Refund")


def test_a_user_is_erased_only_after_saying_so_twice(
    console: Page, watch: Watch, product: DevServer, ready: Ready
) -> None:
    """Without the tick nothing happens; with it the person is gone."""
    watch.expected_statuses |= {404, 422}
    steps.track(product, ready.keys, "zoe/1")
    console.goto("/dashboard/users/zoe%2F1")
    console.get_by_role("button", name="Erase").click()
    expect(console.get_by_text("Tick the box")).to_be_visible()
    console.get_by_label("I am sure").check()
    console.get_by_role("button", name="Erase").click()

    expect(console.get_by_role("heading", name="Users")).to_be_visible()
    console.goto("/dashboard/users/zoe%2F1")
    expect(console.get_by_role("heading", name="Not found")).to_be_visible()
