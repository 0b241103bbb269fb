"""A session that ends while somebody is in the middle of something: nothing typed is lost."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.browser import steps
from tests.browser.ready import Ready, make_ready
from tests.browser.watch import Watch
from tests.journeys.processes import DevServer

USER = "session_1"
TIERS_MAX = 20


@dataclass(frozen=True)
class Filled:
    """A form of the console, how it is filled and sent, and where what was typed shows up."""

    path: str
    fill: Callable[[Page], object]
    button: str
    arrived: Callable[[Page], object]


def _saved(path: str, label: str, value: str) -> Callable[[Page], object]:
    def look(page: Page) -> None:
        page.goto(path)
        expect(page.get_by_label(label, exact=True)).to_have_value(value)

    return look


def _text(text: str) -> Callable[[Page], object]:
    return lambda page: expect(page.get_by_text(text).first).to_be_visible()


def _features(value: str) -> Callable[[Page], object]:
    def look(page: Page) -> None:
        page.goto("/api-tier-config")
        expect(page.get_by_label("Features").last).to_have_value(value)

    return look


def _adjust(page: Page) -> None:
    page.get_by_label("Amount").fill("41")
    page.get_by_label("Reason").fill("Moved, “kept” & counted")


FORMS = {
    "branding": Filled(
        "/dashboard/settings",
        lambda page: page.get_by_label("App name").fill("Kept & <b>Söhne</b>"),
        "Save branding",
        _saved("/dashboard/settings", "App name", "Kept & <b>Söhne</b>"),
    ),
    "addresses": Filled(
        "/dashboard/settings",
        lambda page: page.get_by_label("Redirect URLs").fill(
            "https://a.example\nhttps://b.example"
        ),
        "Save addresses",
        _saved("/dashboard/settings", "Redirect URLs", "https://a.example\nhttps://b.example"),
    ),
    "checkout": Filled(
        "/dashboard/settings",
        lambda page: page.get_by_label("Take promotion codes").check(),
        "Save checkout",
        lambda page: expect(page.get_by_label("Take promotion codes")).to_be_checked(),
    ),
    "key": Filled(
        "/dashboard/keys/create",
        lambda page: page.get_by_label("Name").fill("Kept key"),
        "Create key",
        _text("Copy the secret key now"),
    ),
    "plan": Filled(
        f"/dashboard/users/{USER}",
        lambda page: page.get_by_label("Plan").select_option("pro"),
        "Save plan",
        _text("given by hand"),
    ),
    "usage": Filled(
        f"/dashboard/users/{USER}", _adjust, "Adjust", _text("Moved, “kept” & counted")
    ),
    "tiers": Filled(
        "/api-tier-config",
        lambda page: page.get_by_label("Features").last.fill("Kept\nthrough “signing in”"),
        "Save changes",
        _features("Kept\nthrough “signing in”"),
    ),
    "address": Filled(
        "/dashboard/account",
        lambda page: page.get_by_label("New address").fill(steps.new_email("moved")),
        "Change address",
        _text("We sent a code to moved-"),
    ),
}


@pytest.fixture(scope="module")
def owner(product: DevServer) -> Ready:
    """Walk a developer to keys whose things these tests may change."""
    owner = make_ready(product.base_url)
    steps.track(product, owner.keys, USER)
    return owner


@pytest.fixture(params=["scripts", "no scripts"])
def any_console(
    request: pytest.FixtureRequest, browser: Browser, product: DevServer, owner: Ready, watch: Watch
) -> Iterator[Page]:
    """Open a browser in which that developer is signed in; once with JavaScript, once without."""
    watch.expected_statuses.add(401)
    context = browser.new_context(
        base_url=product.base_url,
        storage_state=owner.state(product.base_url),
        java_script_enabled=request.param == "scripts",
    )
    watch.follow(context)
    yield context.new_page()
    context.close()


def _sign_in_again(page: Page, owner: Ready) -> None:
    expect(page.get_by_role("heading", name="Sign in to go on")).to_be_visible()
    page.get_by_label("Email").fill(owner.email)
    page.get_by_label("Password").fill(steps.PASSWORD)
    page.get_by_role("button", name="Sign in and go on").click()
    expect(page.get_by_role("heading", name="You are signed in again")).to_be_visible()


@pytest.mark.parametrize("name", FORMS)
def test_a_form_of_the_console_is_kept_through_signing_in(
    any_console: Page, owner: Ready, name: str
) -> None:
    """Each form: filled, sent too late, offered again after the password, and then it counts."""
    page, form = any_console, FORMS[name]
    page.goto(form.path)
    form.fill(page)
    page.context.clear_cookies()
    page.get_by_role("button", name=form.button, exact=True).first.click()
    _sign_in_again(page, owner)
    page.get_by_role("button", name="Send it").click()

    form.arrived(page)


def test_the_largest_form_is_kept_whole(any_console: Page, owner: Ready) -> None:
    """Twenty tiers with ten lines each, in letters that take three bytes."""
    page, lines = any_console, "\n".join(["本" * 80] * 10)
    page.goto("/api-tier-config")
    rows = page.get_by_role("button", name=re.compile("^Remove tier"))
    page.get_by_label("Features").last.fill(lines)
    for count in range(rows.count(), TIERS_MAX):
        page.get_by_role("button", name="Add tier").click()
        expect(rows).to_have_count(count + 1)
        page.get_by_label("Features").last.fill(lines)
    page.context.clear_cookies()
    page.get_by_role("button", name="Remove tier 20").click()
    _sign_in_again(page, owner)
    page.get_by_role("button", name="Send it").click()

    expect(rows).to_have_count(TIERS_MAX - 1)
    expect(page.get_by_label("Features").last).to_have_value(lines)


def test_a_step_of_the_editor_that_scripts_take_leads_to_signing_in(
    console: Page, watch: Watch, ready: Ready
) -> None:
    """No question about leaving, no dead button: the very same way as without scripts."""
    watch.expected_statuses.add(401)
    console.goto("/api-tier-config")
    console.get_by_label("Features").first.fill("Typed before")
    console.context.clear_cookies()
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    console.on("dialog", answer)
    console.get_by_role("button", name="Add tier").click()
    _sign_in_again(console, ready)
    console.get_by_role("button", name="Send it").click()

    expect(console.get_by_role("button", name=re.compile("^Remove tier"))).to_have_count(3)
    expect(console.get_by_label("Features").first).to_have_value("Typed before")
    assert [] == asked


def test_a_search_that_comes_too_late_is_found_again_after_signing_in(
    console: Page, ready: Ready
) -> None:
    """The table leads to the password, and the password to the search."""
    console.goto("/dashboard/users")
    console.context.clear_cookies()
    console.get_by_role("searchbox").fill("user_007")
    expect(console.get_by_role("heading", name="Welcome back")).to_be_visible()
    console.get_by_label("Email").fill(ready.email)
    console.get_by_label("Password").fill(steps.PASSWORD)
    console.get_by_role("button", name="Sign in").click()

    expect(console.get_by_role("searchbox")).to_have_value("user_007")
    expect(console.get_by_role("row")).to_have_count(2)


def test_an_export_that_comes_too_late_leads_back_to_its_page(console: Page, ready: Ready) -> None:
    """Never a file with the sign-in page in it, nor a password page that seems to hang."""
    console.goto("/dashboard/users?q=user_00")
    console.context.clear_cookies()
    console.get_by_role("link", name="Export CSV").click()
    console.get_by_label("Email").fill(ready.email)
    console.get_by_label("Password").fill(steps.PASSWORD)
    console.get_by_role("button", name="Sign in").click()

    expect(console.get_by_role("heading", name="Users")).to_be_visible()
    expect(console.get_by_role("searchbox")).to_have_value("user_00")


def test_what_cannot_be_kept_is_said(console: Page, watch: Watch, ready: Ready) -> None:
    """A password is never carried along; the page that follows takes it again."""
    watch.expected_statuses |= {401, 422}
    console.goto("/dashboard/account")
    console.get_by_label("Current password").fill(steps.PASSWORD)
    console.get_by_label("New password").fill("another unrelated phrase")
    console.context.clear_cookies()
    console.get_by_role("button", name="Change password").click()
    _sign_in_again(console, ready)
    expect(console.get_by_text("Passwords and files never are")).to_be_visible()
    assert "unrelated" not in console.content()
    console.get_by_role("button", name="Send it").click()

    expect(console.get_by_label("Current password")).to_be_visible()


def test_connecting_too_late_leads_to_signing_in_and_on_to_stripe(
    page: Page, product: DevServer, watch: Watch
) -> None:
    """Not to a machine's answer."""
    watch.expected_statuses.add(401)
    email = steps.new_email("dev")
    steps.sign_up(page, product, email)
    page.goto("/api-tier-config?mode=test")
    page.context.clear_cookies()
    page.get_by_role("link", name="Connect Stripe").first.click()
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(steps.PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Connect your account")).to_be_visible()


def test_paying_too_late_leads_to_the_till_after_signing_in(
    page: Page, product: DevServer, watch: Watch
) -> None:
    """The press of a button is a form, too."""
    watch.expected_statuses.add(401)
    email = steps.new_email("dev")
    steps.sign_up(page, product, email)
    page.goto("/configure")
    page.context.clear_cookies()
    page.get_by_role("button", name=re.compile("Subscribe for")).first.click()
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(steps.PASSWORD)
    page.get_by_role("button", name="Sign in and go on").click()
    page.get_by_role("button", name="Send it").click()
    steps.pay_with_card(page)

    expect(page.get_by_text("Payment received.")).to_be_visible()
