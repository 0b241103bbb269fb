"""The tier editor with its preview, a user's page, the log of events, the export."""

import json
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.ready import Ready
from tests.journeys.processes import DevServer


def _preview(page: Page) -> list[str]:
    return page.locator(".brand-preview h3").all_text_contents()


def test_the_preview_follows_the_typing(console: Page) -> None:
    """Name, price and features show as end users would see them; the cursor stays where it is."""
    console.goto("/api-tier-config")
    name = console.get_by_label("Name", exact=True).last
    name.fill("Turbo ✨")
    console.get_by_label("Price", exact=True).last.fill("12.50")

    preview = console.get_by_role("region", name="Preview of your pricing page")
    expect(preview.get_by_role("heading", name="Turbo ✨")).to_be_visible()
    expect(preview).to_contain_text("$12.50")
    expect(console.get_by_label("Price", exact=True).last).to_be_focused()


def test_tiers_change_places_without_a_reload(console: Page) -> None:
    """The row moves, what was typed moves along, the preview too."""
    console.goto("/api-tier-config")
    before = _preview(console)
    console.get_by_label("Price", exact=True).first.fill("0")
    console.get_by_role("button", name="Move tier 1 back").click()

    expect(console.get_by_role("button", name="Move tier 1 forward")).to_have_count(0)
    expect(console.locator(".brand-preview h3").first).to_have_text(before[1])
    assert [before[1], before[0], *before[2:]] == _preview(console)


def test_tiers_change_places_without_scripts(console_without_scripts: Page) -> None:
    """Each step is a plain form post, and so is looking at the preview."""
    page = console_without_scripts
    page.goto("/api-tier-config")
    before = _preview(page)
    page.get_by_role("button", name="Move tier 2 forward").click()
    assert [before[1], before[0], *before[2:]] == _preview(page)
    page.get_by_label("Name", exact=True).first.fill("Renamed")

    page.get_by_role("button", name="Update").click()

    assert "Renamed" == _preview(page)[0]


def test_the_menu_of_a_row_leads_to_what_can_be_done(console: Page) -> None:
    """A click opens it, Escape closes it, and each entry leads to its part of the page."""
    console.goto("/dashboard/users?q=user_011")
    opener = console.get_by_role("button", name="Actions for user_011")
    opener.click()
    expect(console.get_by_role("link", name="Adjust usage")).to_be_visible()
    console.keyboard.press("Escape")
    expect(console.get_by_role("link", name="Adjust usage")).to_be_hidden()
    opener.click()

    console.get_by_role("link", name="Adjust usage").click()

    expect(console).to_have_url(re.compile("/dashboard/users/user_011#usage"))


def test_a_users_page_tells_what_happened(console: Page, product: DevServer, ready: Ready) -> None:
    """Calls and corrections stand in one list, with the reason."""
    steps.track(product, ready.keys, "events_1")
    console.goto("/dashboard/users/events_1")
    console.get_by_label("Amount").fill("5")
    console.get_by_label("Reason").fill("=1+1 <script>")
    console.get_by_role("button", name="Adjust", exact=True).click()

    events = console.get_by_role("region", name="Events")
    expect(events.get_by_role("row").filter(has_text="Correction")).to_contain_text("=1+1 <script>")
    expect(events.get_by_role("row").filter(has_text="Call")).to_have_count(1)
    expect(events.get_by_role("row").last).to_contain_text("Signed up")


def test_an_event_shows_what_it_carried_and_can_be_replayed(page: Page, product: DevServer) -> None:
    """The log leads to the event, its payload and its fate."""
    keys = steps.become_ready(page, product)
    steps.upgrade(page, product, keys, steps.new_email("user"))
    page.goto("/dashboard/webhooks")
    page.get_by_role("link", name="customer.subscription.created").first.click()
    expect(page.get_by_role("region", name=re.compile("Payload"))).to_contain_text('"subscription"')

    page.get_by_role("button", name="Replay").click()

    expect(page.get_by_role("status")).to_contain_text("handled again")


def test_the_export_holds_this_platform_and_no_other(
    page: Page, console: Page, product: DevServer, ready: Ready
) -> None:
    """Every user of mine, my tiers and settings, no secret; nobody else's user."""
    other = steps.become_ready(page, product)
    steps.track(product, other, "somebody_elses_user")
    console.goto("/dashboard/settings")
    with console.expect_download() as download:
        console.get_by_role("link", name="Export JSON").click()
    text = Path(download.value.path()).read_text()
    exported = json.loads(text)

    assert ready.keys.publishable == exported["platformId"]
    assert "user_010" in {user["userId"] for user in exported["users"]}
    assert "somebody_elses_user" not in text
    assert "sk_live" not in text
