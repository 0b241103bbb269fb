"""What holds for every page: the policy, the theme, the phone, names for everything."""

import re

from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.pages import CONSOLE_PAGES, END_USER_PAGES, OPEN_PAGES
from tests.browser.ready import Ready
from tests.browser.watch import Watch
from tests.journeys.processes import DevServer

UNNAMED = """() => [...document.querySelectorAll(
    "button, a, input:not([type=hidden]), select, textarea, meter")]
  .filter((one) => one.checkVisibility())
  .filter((one) => !(one.innerText?.trim() || one.ariaLabel || one.labels?.length
    || one.title || one.querySelector("img[alt]:not([alt=''])")))
  .map((one) => one.outerHTML.slice(0, 120))"""
WIDTHS_PX = (390, 768, 1024, 1920)
"""A phone, a tablet, a small laptop, a large screen."""
TWICE = """() => { const seen = new Set();
  return [...document.querySelectorAll("[id]")].map((one) => one.id)
    .filter((id) => seen.size === seen.add(id).size); }"""


def _flaws(page: Page, path: str) -> list[object]:
    """Find what is wrong with a page that breaks no policy; the fixture sees to that."""
    page.goto(path)
    flaws: list[object] = [*page.evaluate(UNNAMED), *page.evaluate(TWICE)]
    for width in WIDTHS_PX:
        page.set_viewport_size({"width": width, "height": 844})
        if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            flaws.append(f"scrolls sideways at {width}")
    counts = (page.locator("h1").count(), page.locator("main").count(), len(page.title()) > 0)
    if counts != (1, 1, True):
        flaws.append(("headings, mains, title", counts))
    return flaws


def test_console_pages_fit_every_screen_and_name_everything(console: Page) -> None:
    """One heading, a title, a name for every control, unique ids, no sideways scroll."""
    flaws = {path: found for path in CONSOLE_PAGES if (found := _flaws(console, path))}

    assert {} == flaws


def test_open_pages_fit_every_screen_and_name_everything(page: Page, ready: Ready) -> None:
    """The same for what strangers and end users see."""
    paths = [path.replace("{pk}", ready.keys.publishable) for path in OPEN_PAGES]

    flaws = {path: found for path in paths if (found := _flaws(page, path))}

    assert {} == flaws


def test_an_end_users_pages_fit_every_screen_and_name_everything(
    page: Page, product: DevServer, ready: Ready
) -> None:
    """The same for what somebody sees who is signed in to a platform."""
    steps.sign_up(page, product, steps.new_email("user"), f"/p/{ready.keys.publishable}")
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    paths = [path.replace("{pk}", ready.keys.publishable) for path in END_USER_PAGES]

    flaws = {path: found for path in paths if (found := _flaws(page, path))}

    assert {} == flaws


def test_the_theme_is_chosen_without_scripts_and_kept(page_without_scripts: Page) -> None:
    """The button of the other theme is shown, and the choice holds on the next page."""
    page = page_without_scripts
    page.emulate_media(color_scheme="light")
    page.goto("/sign-in")
    expect(page.get_by_role("button", name="Use the light theme")).to_be_hidden()
    page.get_by_role("button", name="Use the dark theme").click()
    page.goto("/")

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Use the light theme")).to_be_visible()


def test_pages_carry_the_policy_and_are_not_stored(page: Page) -> None:
    """Nothing inline, Trusted Types on, and nothing kept of what a person saw."""
    answer = page.goto("/sign-in")

    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert "no-store" == answer.headers["cache-control"]


def test_whoever_is_not_signed_in_is_led_to_sign_in_and_back(page: Page) -> None:
    """The address that was wanted travels along, and nothing else does."""
    page.goto("/dashboard/users?q=ada")

    expect(page).to_have_url(re.compile(r"/sign-in\?next=%2Fdashboard%2Fusers%3Fq%3Dada"))


def test_a_missing_address_is_a_page_with_its_status(page: Page, watch: Watch) -> None:
    """A browser gets words, not JSON."""
    watch.expected_statuses.add(404)

    answer = page.goto("/nowhere")

    assert answer is not None
    assert 404 == answer.status
    expect(page.get_by_role("link", name="Go to the start")).to_be_visible()


def test_a_form_from_another_site_is_refused(page: Page, watch: Watch) -> None:
    """A stranger cannot sign anybody in, or out."""
    watch.expected_statuses.add(403)
    page.goto("/sign-in")

    answer = page.request.post(
        "/sign-out", headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    )

    assert 403 == answer.status


def test_a_refused_sign_in_keeps_the_address_and_never_the_password(
    page: Page, watch: Watch
) -> None:
    """What was typed need not be typed again, except the secret."""
    watch.expected_statuses.add(401)
    page.goto("/sign-in")
    page.get_by_label("Email").fill("nobody@example.com")
    page.get_by_label("Password").fill("a wrong password")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Email")).to_have_value("nobody@example.com")
    expect(page.get_by_label("Password")).to_have_value("")


def test_the_tier_editor_adds_and_removes_rows_without_scripts(
    console_without_scripts: Page,
) -> None:
    """Rows come and go by submitting; what was typed stays, nothing is saved."""
    page = console_without_scripts
    page.goto("/api-tier-config")
    page.get_by_label("Name", exact=True).first.fill("Renamed")
    page.get_by_role("button", name="Add tier").click()
    expect(page.get_by_label("Price", exact=True)).to_have_count(3)
    page.get_by_role("button", name="Remove tier 2").click()

    expect(page.get_by_label("Price", exact=True)).to_have_count(2)
    expect(page.get_by_label("Name", exact=True).first).to_have_value("Renamed")
    page.goto("/dashboard/tiers")
    expect(page.get_by_text("Renamed")).to_have_count(0)


def test_a_wrong_tier_is_named_at_its_field(console: Page, watch: Watch) -> None:
    """Every wrong field is marked, in the words of the editor."""
    watch.expected_statuses.add(422)
    console.goto("/api-tier-config")
    console.get_by_label("Price", exact=True).last.fill("0.10")
    console.get_by_role("button", name="Save changes").first.click()

    expect(console.get_by_text("Enter 0 for a free tier, or at least 0.50.")).to_be_visible()
    expect(console.get_by_label("Price", exact=True).last).to_have_value("0.10")
