"""Secret keys are shown once, rotated with an overlap, and revoked at once."""

import re

from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.watch import Watch
from tests.journeys.processes import DevServer

SECRET = re.compile(r"sk_live_drm_[0-9A-Za-z]{38}")


def test_sending_a_form_again_makes_no_second_key(console: Page) -> None:
    """A reload of the page with the secret repeats its form; nothing more is made."""
    console.goto("/dashboard/keys")
    console.get_by_role("link", name="Create key").click()
    console.get_by_role("dialog").get_by_label("Name").fill("Backup server")
    console.get_by_role("dialog").get_by_role("button", name="Create key").click()
    expect(console.get_by_text(SECRET).first).to_be_visible()

    console.reload()

    expect(console.get_by_role("heading", name="Already shown")).to_be_visible()
    assert not SECRET.search(console.content())
    console.goto("/dashboard/keys")
    expect(console.get_by_role("row").filter(has_text="Backup server")).to_have_count(1)


def test_the_page_with_a_secret_is_never_stored(console: Page) -> None:
    """Neither the browser's cache nor an address ever holds the key."""
    console.goto("/dashboard/keys/create")
    console.get_by_label("Name").fill("Unstored")
    with console.expect_response(lambda answer: answer.request.method == "POST") as answered:
        console.get_by_role("button", name="Create key").click()

    assert "no-store" == answered.value.headers["cache-control"]
    assert "drm_" not in console.url


def test_a_rotated_key_goes_on_for_the_grace_period(page: Page, product: DevServer) -> None:
    """The old key is listed with its end, and both work until then."""
    keys = steps.become_ready(page, product)
    page.goto("/dashboard/keys")
    page.get_by_role("link", name=re.compile("^Rotate sk_")).click()
    page.get_by_role("dialog").get_by_label("Grace period").select_option("3600")
    page.get_by_role("dialog").get_by_role("button", name="Rotate key").click()
    fresh = SECRET.search(page.content())
    assert fresh is not None

    page.goto("/dashboard/keys")

    expect(page.get_by_text(re.compile("^until "))).to_be_visible()
    for secret in (keys.secret, fresh[0]):
        assert steps.track(product, steps.Keys(keys.publishable, secret), "u")["allowed"]


def test_a_revoked_key_is_gone(console_without_scripts: Page) -> None:
    """Also without scripts: the question is a page of its own."""
    page = console_without_scripts
    page.goto("/dashboard/keys/create")
    page.get_by_label("Name").fill("Short-lived")
    page.get_by_role("button", name="Create key").click()
    page.goto("/dashboard/keys")
    page.get_by_role("row").filter(has_text="Short-lived").get_by_role(
        "link", name="Revoke"
    ).click()
    page.get_by_role("button", name="Revoke key").click()

    expect(page.get_by_role("row").filter(has_text="Short-lived")).to_have_count(0)


def test_escape_closes_a_dialog_and_focus_returns(console: Page) -> None:
    """Nobody is trapped in a question."""
    console.goto("/dashboard/keys")
    opener = console.get_by_role("link", name="Rotate all")
    opener.click()
    expect(console.get_by_role("dialog")).to_be_visible()

    console.keyboard.press("Escape")

    expect(console.get_by_role("dialog")).to_be_hidden()
    expect(opener).to_be_focused()


def test_a_wrong_expiry_is_named_and_the_name_kept(console: Page, watch: Watch) -> None:
    """A date in the past is refused at its field."""
    watch.expected_statuses.add(422)
    console.goto("/dashboard/keys/create")
    console.get_by_label("Name").fill("Past")
    console.get_by_label("Expires on").fill("2020-01-01")

    console.get_by_role("button", name="Create key").click()

    expect(console.get_by_text("Must be in the future")).to_be_visible()
    expect(console.get_by_label("Name")).to_have_value("Past")
