"""The main job, clicked through: from the landing page to a paying user on the dashboard."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.watch import Watch
from tests.journeys.processes import DevServer


@pytest.fixture(params=["page", "page_without_scripts"])
def any_page(request: pytest.FixtureRequest) -> Page:
    """Give a page that runs JavaScript, and one that does not."""
    page: Page = request.getfixturevalue(request.param)
    return page


def test_a_developer_gets_keys_and_an_end_user_pays(any_page: Page, product: DevServer) -> None:
    """Sign-up, pay, connect, tiers, keys; a counted call; an upgrade; the dashboard and its CSV."""
    page = any_page
    keys = steps.become_ready(page, product)
    first, *_, last = [steps.track(product, keys, "user_1") for _ in range(4)]

    email = steps.new_email("user")
    steps.upgrade(page, product, keys, email)
    page.goto("/dashboard/users")
    row = page.get_by_role("row").filter(has_text=email)
    expect(row).to_contain_text("Pro")
    expect(row).to_contain_text("$29")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    exported = list(csv.DictReader(Path(download.value.path()).read_text().splitlines()))

    assert (True, "usage_limit_reached") == (first["allowed"], last["reason"])
    assert {"user_1": "3", email: "0"} == {
        line["clerk_email"] or line["user_id"]: line["usage_count"] for line in exported
    }
    page.goto("/dashboard")
    expect(page.get_by_text("1 active subscription")).to_be_visible()


def test_a_refused_card_says_why_and_nothing_is_paid(
    page: Page, product: DevServer, watch: Watch
) -> None:
    """The person stays at the till; back on our page, there is still something to pay."""
    watch.expected_statuses.add(402)
    steps.sign_up(page, product, steps.new_email("dev"))
    page.goto("/configure")
    page.get_by_role("button", name=re.compile("Subscribe for")).first.click()
    steps.pay_with_card(page, "4000 0000 0000 0002")
    expect(page.get_by_role("alert")).to_contain_text("declined")

    page.goto("/configure")

    expect(page.get_by_role("button", name=re.compile("Subscribe for")).first).to_be_visible()


def test_declining_to_connect_is_said_and_can_be_tried_again(
    page: Page, product: DevServer
) -> None:
    """Every reason of a refusal has a readable message, and a way on."""
    steps.sign_up_and_subscribe(page, product)
    page.get_by_role("link", name="Connect Stripe").first.click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_text("You declined the connection at Stripe.")).to_be_visible()

    steps.connect_stripe(page)
