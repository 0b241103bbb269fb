"""What end users do that nobody planned: odd names, wrong cards, Back, two tabs, old pages."""

import json
import re
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import steps
from tests.browser.ready import Ready, make_ready
from tests.browser.watch import Watch
from tests.journeys.processes import DevServer

ODD_NAME = "<script>alert(1)</script> =1+1 שלום مرحبا 🚀 " + "Donaudampfschifffahrt" * 7
DECLINED_CARD = "4000 0000 0000 0002"
ELEVEN_MINUTES_SECONDS = 660
EIGHT_DAYS_SECONDS = 8 * 86_400


@pytest.fixture
def base(ready: Ready) -> str:
    """Give the path of the ready platform's pages."""
    return f"/p/{ready.keys.publishable}"


@pytest.fixture
def end_user(page: Page, product: DevServer, base: str) -> str:
    """Sign an end user up in the page; give the address."""
    email = steps.new_email("user")
    steps.sign_up(page, product, email, base)
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    return email


@pytest.fixture(scope="module")
def later(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    """Run a product whose clock these tests may move, since the others' may not be."""
    assert chromium_path
    server = DevServer(tmp_path_factory.mktemp("later")).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def later_base(later: DevServer) -> str:
    """Walk a developer of that product to keys; give the path of their pages."""
    return f"/p/{make_ready(later.base_url).keys.publishable}"


@pytest.fixture
def later_page(browser: Browser, later: DevServer, watch: Watch) -> Iterator[Page]:
    """Open a fresh browser profile on the product whose clock moves."""
    watch.allowed |= {later.base_url}
    context = browser.new_context(base_url=later.base_url)
    watch.follow(context)
    yield context.new_page()
    context.close()


def _wait(product: DevServer, seconds: int) -> None:
    request = urllib.request.Request(  # noqa: S310 - our own loopback address.
        f"{product.base_url}/dev/clock",
        data=json.dumps({"advanceSeconds": seconds}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - as above.
        pass


def test_a_name_is_only_ever_text(page: Page, console: Page, product: DevServer, base: str) -> None:
    """Markup, a formula, both directions, pictures, and no space for a line to break at."""
    email = steps.new_email("user")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{base}/sign-up")
    page.get_by_label("Name").fill(ODD_NAME)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(steps.PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.get_by_label("Code").fill(steps.code_for(product, email))
    page.get_by_role("button", name="Verify and continue").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    console.set_viewport_size({"width": 390, "height": 844})
    console.goto(f"/dashboard/users?q={email}")
    expect(console.get_by_role("row").filter(has_text=email)).to_contain_text("<script>alert(1)")
    assert console.evaluate("document.documentElement.scrollWidth <= innerWidth")
    console.get_by_role("row").filter(has_text=email).get_by_role("link").first.click()
    expect(console.get_by_role("heading", level=1)).to_contain_text("<script>alert(1)")
    assert console.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_refused_card_keeps_the_old_plan_until_a_good_one_comes(
    page: Page, watch: Watch, base: str, end_user: str
) -> None:
    """The till says why; nothing was changed; the next card pays."""
    assert end_user
    watch.expected_statuses.add(402)
    page.goto(f"{base}/pricing")
    page.get_by_role("button", name="Upgrade to Pro").click()
    steps.pay_with_card(page, DECLINED_CARD)
    expect(page.get_by_role("alert")).to_contain_text("declined")
    steps.pay_with_card(page)

    expect(page.get_by_text("$29 a month")).to_be_visible()


def test_leaving_the_till_charges_nothing_and_says_so(page: Page, base: str, end_user: str) -> None:
    """The way back leads to the prices, where the plan can still be bought."""
    assert end_user
    page.goto(f"{base}/pricing")
    page.get_by_role("button", name="Upgrade to Pro").click()
    page.get_by_role("link", name=re.compile("^← Back")).click()

    expect(page.get_by_role("status")).to_contain_text("Nothing was charged")
    expect(page.get_by_role("button", name="Upgrade to Pro")).to_be_visible()


def test_a_double_click_buys_once(page: Page, console: Page, base: str, end_user: str) -> None:
    """On our button and on the till's: one subscription, one price."""
    page.goto(f"{base}/pricing")
    page.get_by_role("button", name="Upgrade to Pro").dblclick()
    page.get_by_label("Card number").fill(steps.GOOD_CARD)
    page.get_by_label("Expiry").fill("12 / 34")
    page.get_by_label("CVC").fill("123")
    page.get_by_role("button", name="Subscribe").dblclick()
    expect(page.get_by_text("$29 a month")).to_be_visible()

    console.goto(f"/dashboard/users?q={end_user}")

    expect(console.get_by_role("row").filter(has_text=end_user)).to_contain_text("$29")


def test_back_after_paying_sells_nothing_again(page: Page, base: str, end_user: str) -> None:
    """The till is closed, and the prices know the new plan."""
    assert end_user
    page.goto(f"{base}/pricing")
    page.get_by_role("button", name="Upgrade to Pro").click()
    steps.pay_with_card(page)
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name="Subscribe")).to_have_count(0)
    page.go_back()

    expect(page.get_by_text("Current plan")).to_be_visible()
    expect(page.get_by_role("button", name="Upgrade to Pro")).to_have_count(0)


def test_a_second_tab_buys_nothing_twice(
    page: Page, watch: Watch, base: str, end_user: str
) -> None:
    """The tab that was left open is told what holds now, and leads back."""
    assert end_user
    watch.expected_statuses |= {409, 422}
    stale = page.context.new_page()
    for tab in (page, stale):
        tab.goto(f"{base}/pricing")
    page.get_by_role("button", name="Upgrade to Pro").click()
    steps.pay_with_card(page)
    expect(page.get_by_text("$29 a month")).to_be_visible()

    stale.get_by_role("button", name="Upgrade to Pro").click()

    expect(stale.get_by_role("heading", name="Switch to Pro?")).to_be_visible()
    expect(stale.get_by_role("button", name="Switch plan")).to_have_count(0)
    stale.get_by_role("link", name="Back to the plans").click()
    expect(stale.get_by_text("Current plan")).to_be_visible()


def test_what_was_typed_outlives_signing_out_in_another_tab(
    page: Page, watch: Watch, product: DevServer, base: str, end_user: str
) -> None:
    """After signing in again the form is offered once more, and works."""
    watch.expected_statuses.add(401)
    wanted = steps.new_email("moved")
    other = page.context.new_page()
    other.goto(f"{base}/account")
    page.get_by_label("New address").fill(wanted)
    other.get_by_role("button", name="Sign out", exact=True).first.click()
    expect(other.get_by_role("heading", name="Welcome back")).to_be_visible()
    page.get_by_role("button", name="Change address").click()
    expect(page.get_by_role("heading", name="Sign in to go on")).to_be_visible()
    page.get_by_label("Email").fill(end_user)
    page.get_by_label("Password").fill(steps.PASSWORD)
    page.get_by_role("button", name="Sign in and go on").click()
    page.get_by_role("button", name="Send it").click()

    expect(page.get_by_text(f"We sent a code to {wanted}")).to_be_visible()
    assert steps.code_for(product, wanted)


def test_a_tab_of_somebody_else_changes_nothing_of_this_person(
    page: Page, watch: Watch, product: DevServer, base: str, end_user: str
) -> None:
    """The old tab's button would delete an account: not the one that is signed in by now."""
    watch.expected_statuses.add(401)
    page.get_by_label("I understand").check()
    other, somebody = page.context.new_page(), steps.new_email("user")
    other.goto(f"{base}/account")
    other.get_by_role("button", name="Sign out", exact=True).first.click()
    expect(other.get_by_role("heading", name="Welcome back")).to_be_visible()
    steps.sign_up(other, product, somebody, base)
    expect(other.get_by_role("heading", name="Your account")).to_be_visible()
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_text(f"signed in as {somebody}")).to_be_visible()
    page.get_by_role("link", name="Leave it").click()

    expect(page.get_by_text(somebody).first).to_be_visible()
    expect(page.get_by_text(end_user)).to_have_count(0)


def test_a_wrong_code_is_said_and_the_right_one_still_works(
    page: Page, watch: Watch, product: DevServer, base: str
) -> None:
    """A slip of the finger costs nothing but a try."""
    watch.expected_statuses |= {400, 401, 422}
    email = steps.new_email("user")
    page.goto(f"{base}/sign-up")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(steps.PASSWORD)
    page.get_by_role("button", name="Create account").click()
    code = steps.code_for(product, email)
    page.get_by_label("Code").fill("000000" if code != "000000" else "111111")
    page.get_by_role("button", name="Verify and continue").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Code").fill(f"{code[:3]} {code[3:]}")
    page.get_by_role("button", name="Verify and continue").click()

    expect(page.get_by_role("heading", name="Your account")).to_be_visible()


def test_a_lost_checkout_is_explained_in_the_platforms_name(
    page: Page, watch: Watch, base: str
) -> None:
    """An error page of a platform leads its people to its own prices, never to us."""
    watch.expected_statuses.add(404)
    page.goto(f"{base}/checkout/return?session_id=cs_nobody")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    page.get_by_role("link", name="Go to the start").click()

    expect(page.get_by_role("heading", name="Choose your plan")).to_be_visible()


def test_an_expired_code_is_refused_and_a_new_one_is_a_click_away(
    later_page: Page, watch: Watch, later: DevServer, later_base: str
) -> None:
    """Ten minutes; then the page says so, and signing up again mails another."""
    watch.expected_statuses |= {400, 401, 422}
    page, email = later_page, steps.new_email("user")
    page.goto(f"{later_base}/sign-up")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(steps.PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.get_by_label("Code").fill(steps.code_for(later, email))
    _wait(later, ELEVEN_MINUTES_SECONDS)
    page.get_by_role("button", name="Verify and continue").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_role("link", name="sign up again").click()
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(steps.PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.get_by_label("Code").fill(steps.second_code_for(later, email))
    page.get_by_role("button", name="Verify and continue").click()

    expect(page.get_by_role("heading", name="Your account")).to_be_visible()


def test_a_session_that_ends_in_the_middle_of_a_form_loses_nothing(
    later_page: Page, watch: Watch, later: DevServer, later_base: str
) -> None:
    """A week later the button still leads to a checkout, after the password."""
    watch.expected_statuses.add(401)
    watch.allowed |= {f"http://127.0.0.1:{later.stripe_port}"}
    page, email = later_page, steps.new_email("user")
    steps.sign_up(page, later, email, later_base)
    page.goto(f"{later_base}/pricing")
    _wait(later, EIGHT_DAYS_SECONDS)
    page.get_by_role("button", name="Upgrade to Pro").click()
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(steps.PASSWORD)
    page.get_by_role("button", name="Sign in and go on").click()
    page.get_by_role("button", name="Send it").click()
    steps.pay_with_card(page)

    expect(page.get_by_text("$29 a month")).to_be_visible()
