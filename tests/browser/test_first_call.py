"""From the keys to the first call: shown once, saved, run, received."""

import re

from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.watch import Watch
from tests.journeys.processes import DevServer


def test_the_first_call_shows_up_while_the_page_of_keys_is_open(
    page: Page, product: DevServer
) -> None:
    """No reload: the page looks by itself until the call is there."""
    keys = steps.become_ready(page, product)
    expect(page.get_by_text("Waiting for your first call…")).to_be_visible()

    steps.track(product, keys, "user_1")

    expect(page.get_by_role("heading", name="Received")).to_be_visible()
    expect(page.get_by_text(keys.secret).first).to_be_visible()


def test_the_keys_are_left_only_after_saying_that_they_are_saved(
    page_without_scripts: Page, product: DevServer
) -> None:
    """The browser itself demands the tick; then the page says how to call."""
    page = page_without_scripts
    keys = steps.become_ready(page, product)
    page.get_by_role("button", name="I saved it").click()
    expect(page.get_by_role("heading", name="Your keys")).to_be_visible()

    page.get_by_label("I saved the secret key").check()
    page.get_by_role("button", name="I saved it").click()

    expect(page.get_by_role("heading", name="Make your first call")).to_be_visible()
    steps.track(product, keys, "user_1")
    page.get_by_role("link", name="Look again").click()
    expect(page.get_by_role("heading", name="Your first call is in")).to_be_visible()


def test_the_snippets_hold_the_real_key_in_three_languages(console: Page) -> None:
    """Each works as it stands; the tabs need no script."""
    console.goto("/dashboard/keys/create")
    console.get_by_label("Name").fill("Snippets")
    console.get_by_role("button", name="Create key").click()
    secret = console.locator(".secret code").all_text_contents()[1]

    for language in ("curl", "Python", "JavaScript"):
        console.get_by_text(language, exact=True).click()
        shown = console.get_by_role("region", name=re.compile(f", {language}$"))
        expect(shown).to_be_visible()
        expect(shown).to_contain_text(secret)


def test_a_form_sent_after_the_session_ended_is_kept_through_signing_in(
    page: Page, product: DevServer, watch: Watch
) -> None:
    """What was typed is sent again at the press of a button; only the password is asked for."""
    watch.expected_statuses.add(401)
    email = steps.new_email("dev")
    steps.sign_up(page, product, email)
    expect(page.get_by_role("heading", name="Name your app")).to_be_visible()
    page.get_by_label("App name").fill("Ünïcode “Maps” & <b>Söhne</b>")
    page.context.clear_cookies()
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill("a wrong password")
    page.get_by_role("button", name="Sign in and go on").click()
    page.get_by_label("Password").fill(steps.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="You are signed in again")).to_be_visible()

    page.get_by_role("button", name="Send it").click()

    expect(page.get_by_role("heading", name="Go live")).to_be_visible()
    page.goto("/setup")
    expect(page.get_by_label("App name")).to_have_value("Ünïcode “Maps” & <b>Söhne</b>")


def test_name_and_colour_are_previewed_while_they_are_chosen(console: Page) -> None:
    """A yellow button gets dark text, before anything is saved."""
    console.goto("/setup")
    console.get_by_label("App name").fill("Bumble")
    console.get_by_label("Brand colour").fill("#ffd400")
    preview = console.get_by_role("group", name="Preview")

    expect(preview).to_contain_text("Bumble")
    ink = preview.locator(".button").evaluate("one => getComputedStyle(one).color")
    assert "rgb(17, 17, 17)" == ink
