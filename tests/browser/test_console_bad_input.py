"""What developers do that nobody planned: odd names, double clicks, Back, two tabs."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import steps
from tests.browser.ready import Ready, make_ready
from tests.browser.watch import Watch
from tests.journeys.processes import DevServer

MARKUP = "<img src=x onerror=alert(1)> שלום 🚀 "
WORD = "Donaudampfschifffahrt"
ODD = {
    "app": (MARKUP + WORD)[:60],
    "tier": (MARKUP + WORD * 2)[:80],
    "feature": MARKUP + WORD * 3,
    "key": (MARKUP + WORD * 5)[:64],
    "user": '=HYPERLINK("https://evil.example") ' + MARKUP,
}
WIDTHS_PX = (390, 768)


@pytest.fixture
def owner(product: DevServer) -> Ready:
    """Walk a developer to keys whose things one test may change."""
    return make_ready(product.base_url)


@pytest.fixture
def own(browser: Browser, product: DevServer, owner: Ready, watch: Watch) -> Iterator[Page]:
    """Open a browser in which that developer is signed in."""
    context = browser.new_context(
        base_url=product.base_url, storage_state=owner.state(product.base_url)
    )
    watch.follow(context)
    yield context.new_page()
    context.close()


def _overflowing(page: Page) -> list[tuple[str, int]]:
    found = []
    for width in WIDTHS_PX:
        page.set_viewport_size({"width": width, "height": 844})
        if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            found.append((page.url, width))
    return found


def test_odd_names_are_only_ever_text_wherever_they_are_shown(
    own: Page, owner: Ready, product: DevServer
) -> None:
    """App, tiers, features, keys and users: on the console and on the platform's pages."""
    own.goto("/dashboard/settings")
    own.get_by_label("App name").fill(ODD["app"])
    own.get_by_role("button", name="Save branding").click()
    own.goto("/api-tier-config")
    own.get_by_label("Name", exact=True).last.fill(ODD["tier"])
    own.get_by_label("Features").last.fill(ODD["feature"])
    own.get_by_role("button", name="Save changes").first.click()
    expect(own.get_by_role("row").filter(has_text="<img src=x")).to_be_visible()
    own.goto("/dashboard/keys/create")
    own.get_by_label("Name").fill(ODD["key"])
    own.get_by_role("button", name="Create key").click()
    expect(own.get_by_role("heading", name="Your keys")).to_be_visible()
    steps.track(product, owner.keys, ODD["user"].replace("/", ""))

    base = f"/p/{owner.keys.publishable}"
    shown = {
        "/dashboard": "Your pages",
        "/dashboard/users": "=HYPERLINK",
        "/dashboard/tiers": ODD["tier"].split(" שלום")[0],
        "/api-tier-config": ODD["tier"].split(" שלום")[0],
        "/dashboard/keys": ODD["key"].split(" שלום")[0],
        "/dashboard/settings": "Branding",
        f"{base}/pricing": ODD["feature"].split(" שלום")[0],
        f"{base}/sign-in": "Welcome back",
        f"{base}/sign-up": "Create your account",
    }
    sideways = []
    for path, text in shown.items():
        own.goto(path)
        expect(own.get_by_text(text).first).to_be_attached()
        assert own.locator("img[src=x]").count() == 0
        sideways += _overflowing(own)
    own.goto("/dashboard/users")
    own.get_by_role("link", name=re.compile("^=HYPERLINK")).click()
    expect(own.get_by_role("heading", level=1)).to_contain_text("=HYPERLINK")
    assert [] == [*sideways, *_overflowing(own)]


def test_a_formula_in_a_name_stays_a_text_in_the_csv(
    own: Page, owner: Ready, product: DevServer
) -> None:
    """No spreadsheet runs what a stranger typed."""
    steps.track_many(product, owner.keys, ["=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)"])
    own.goto("/dashboard/users")
    with own.expect_download() as download:
        own.get_by_role("link", name="Export CSV").click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text().splitlines()))

    assert 4 == len(rows)
    assert [] == [cell for row in rows for cell in row.values() if cell[:1] in "=+-@\t" and cell]


def _double_click_creating_a_key(page: Page) -> Locator:
    page.goto("/dashboard/keys/create")
    page.get_by_label("Name").fill("Twice")
    page.get_by_role("button", name="Create key").dblclick()
    expect(page.get_by_role("heading", name="Your keys")).to_be_visible()
    page.goto("/dashboard/keys")
    return page.get_by_role("row").filter(has_text="Twice")


def _double_click_adjusting(page: Page) -> Locator:
    page.goto("/dashboard/users/twice")
    page.get_by_label("Amount").fill("7")
    page.get_by_label("Reason").fill("Twice")
    page.get_by_role("button", name="Adjust", exact=True).dblclick()
    return page.get_by_role("region", name="Events").get_by_role("row").filter(has_text="Twice")


def _double_click_rotating(page: Page) -> Locator:
    page.goto("/dashboard/keys")
    page.get_by_role("link", name="Rotate all").click()
    page.get_by_role("dialog").get_by_role("button", name="Rotate all").dblclick()
    expect(page.get_by_role("heading", name="Your keys")).to_be_visible()
    page.goto("/dashboard/keys")
    return page.get_by_text(re.compile("^until "))


@pytest.mark.parametrize(
    "act", [_double_click_creating_a_key, _double_click_adjusting, _double_click_rotating]
)
def test_a_double_click_acts_once(own: Page, owner: Ready, product: DevServer, act: object) -> None:
    """One key, one correction, one rotation, and the page that a single click leads to."""
    steps.track(product, owner.keys, "twice")
    assert callable(act)

    expect(act(own)).to_have_count(1)


def test_a_double_click_on_the_tiers_still_shows_the_secret(page: Page, product: DevServer) -> None:
    """The one page that can never be shown again is not lost."""
    steps.sign_up_and_subscribe(page, product)
    steps.connect_stripe(page)
    page.get_by_role("button", name="Create products and get keys").first.dblclick()

    expect(page.get_by_role("heading", name="Your keys")).to_be_visible()
    expect(page.get_by_text(re.compile("sk_live_drm_")).first).to_be_visible()


def test_a_double_click_on_paying_pays_once(page: Page, product: DevServer) -> None:
    """On our button and on the till's."""
    steps.sign_up(page, product, steps.new_email("dev"))
    page.goto("/configure")
    page.get_by_role("button", name=re.compile("Subscribe for")).first.dblclick()
    page.get_by_label("Card number").fill(steps.GOOD_CARD)
    page.get_by_label("Expiry").fill("12 / 34")
    page.get_by_label("CVC").fill("123")
    page.get_by_role("button", name="Subscribe").dblclick()
    expect(page.get_by_text("Payment received.")).to_be_visible()
    page.goto("/dashboard/billing")
    page.get_by_role("button", name="Manage billing").click()

    expect(page.get_by_role("heading", name=re.compile("Your subscriptions"))).to_be_visible()
    expect(page.get_by_text("Renews on")).to_have_count(1)


def test_erasing_twice_says_so_and_leads_back(
    own: Page, owner: Ready, product: DevServer, watch: Watch
) -> None:
    """A double click erases once; Back shows a page that knows that nobody is there."""
    watch.expected_statuses.add(404)
    steps.track(product, owner.keys, "gone")
    own.goto("/dashboard/users/gone")
    own.get_by_label("I am sure").check()
    own.get_by_role("button", name="Erase").dblclick()
    expect(own.get_by_role("heading", name="Users", exact=True)).to_be_visible()
    own.go_back()
    own.reload()

    expect(own.get_by_role("heading", name="Not found")).to_be_visible()
    own.get_by_role("link", name="Go to the dashboard").click()
    expect(own.get_by_role("heading", name="Overview")).to_be_visible()


def test_back_after_saving_shows_what_is_saved(own: Page) -> None:
    """Not what stood there before."""
    own.goto("/dashboard/settings")
    own.get_by_label("App name").fill("After")
    own.get_by_role("button", name="Save branding").click()
    expect(own.get_by_role("status")).to_contain_text("Saved")
    own.goto("/dashboard/keys")
    own.go_back()

    expect(own.get_by_label("App name")).to_have_value("After")
    expect(own.get_by_role("status").filter(has_text="Saved")).to_have_count(0)


def test_tiers_edited_in_two_tabs_do_not_overwrite_each_other_unseen(
    own: Page, watch: Watch
) -> None:
    """The second save is told first, keeps what was typed, and may insist."""
    watch.expected_statuses.add(409)
    other = own.context.new_page()
    for tab in (own, other):
        tab.goto("/api-tier-config")
    other.get_by_label("Features").last.fill("Of the other tab")
    other.get_by_role("button", name="Save changes").first.click()
    expect(other.get_by_role("heading", name="Tiers", exact=True)).to_be_visible()
    own.get_by_label("Features").last.fill("Of this tab")
    own.get_by_role("button", name="Add tier").click()
    own.get_by_role("button", name="Remove tier 3").click()
    own.get_by_role("button", name="Save changes").first.click()
    expect(own.get_by_role("alert")).to_contain_text("changed in another tab")
    expect(own.get_by_label("Features").last).to_have_value("Of this tab")
    other.goto("/api-tier-config")
    expect(other.get_by_label("Features").last).to_have_value("Of the other tab")
    own.get_by_role("button", name="Save changes").first.click()
    expect(own.get_by_role("heading", name="Tiers", exact=True)).to_be_visible()
    other.reload()

    expect(other.get_by_label("Features").last).to_have_value("Of this tab")


def test_a_tab_of_another_developer_changes_nothing_of_this_one(
    own: Page, owner: Ready, product: DevServer, watch: Watch
) -> None:
    """The form says whose page it stood on; it is kept for the one who filled it in."""
    watch.expected_statuses.add(401)
    own.goto("/dashboard/settings")
    own.get_by_label("App name").fill("Typed by the owner")
    other, somebody = own.context.new_page(), make_ready(product.base_url)
    own.context.add_cookies(somebody.state(product.base_url)["cookies"])  # type: ignore[arg-type]
    own.get_by_role("button", name="Save branding").click()
    expect(own.get_by_text(f"signed in as {somebody.email}")).to_be_visible()
    other.goto("/dashboard/settings")
    expect(other.get_by_label("App name")).not_to_have_value("Typed by the owner")
    own.get_by_label("Email").fill(owner.email)
    own.get_by_label("Password").fill(steps.PASSWORD)
    own.get_by_role("button", name="Sign in and go on").click()
    own.get_by_role("button", name="Send it").click()

    expect(own.get_by_role("status")).to_contain_text("Saved")
    expect(own.get_by_label("App name")).to_have_value("Typed by the owner")


def test_a_tab_of_test_mode_stays_in_test_mode_when_another_goes_live(
    page: Page, product: DevServer
) -> None:
    """What was typed for test is never published live."""
    steps.sign_up(page, product, steps.new_email("dev"))
    expect(page.get_by_role("heading", name="Name your app")).to_be_visible()
    page.goto("/api-tier-config")
    steps.connect_stripe(page)
    page.get_by_label("Name", exact=True).last.fill("Only a test")
    live = page.context.new_page()
    live.goto("/configure")
    steps.subscribe(live)
    page.get_by_role("button", name="Create products and get keys").first.click()

    expect(page.get_by_text(re.compile("sk_test_drm_")).first).to_be_visible()
    live.goto("/dashboard/tiers?mode=live")
    expect(live.get_by_text("Only a test")).to_have_count(0)


def test_a_tab_that_was_signed_out_elsewhere_asks_for_the_password(own: Page, watch: Watch) -> None:
    """Blocking somebody a minute after signing out is not lost either."""
    watch.expected_statuses.add(401)
    own.goto("/dashboard/keys/create")
    own.get_by_label("Name").fill("From the first tab")
    other = own.context.new_page()
    other.goto("/dashboard")
    other.get_by_role("button", name="Sign out").first.click()
    expect(other.get_by_role("status")).to_contain_text("You are signed out")
    own.get_by_role("button", name="Create key").click()

    expect(own.get_by_role("heading", name="Sign in to go on")).to_be_visible()
