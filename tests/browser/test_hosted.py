"""A platform's own pages: sign-in, the hand-over to its app, plans, the account."""

import base64
import hashlib
import json
import re
import urllib.request
from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser import steps
from tests.browser.ready import Ready
from tests.browser.watch import Watch
from tests.journeys.processes import DevServer

VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)
CALLBACK = "https://app.example/callback"


def _hand_over(ready: Ready, page: str, redirect_uri: str = CALLBACK) -> str:
    query = urlencode(
        {
            "redirect_uri": redirect_uri,
            "state": "s t&te",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
    )
    return f"/p/{ready.keys.publishable}/{page}?{query}"


def _allow_callback(console: Page) -> None:
    console.goto("/dashboard/settings")
    console.get_by_label("Redirect URLs").fill(CALLBACK)
    console.get_by_role("button", name="Save addresses").click()
    expect(console.get_by_role("status")).to_contain_text("Saved")


def _pretend_app(context: BrowserContext) -> None:
    """Answer in the app's place: no request leaves this machine."""

    def answer(route: Route) -> None:
        route.fulfill(body="<title>The app</title>", content_type="text/html")

    context.route("https://app.example/**", answer)


def test_signing_up_hands_over_to_the_app_with_a_code_for_tokens(
    console: Page, page: Page, product: DevServer, ready: Ready, watch: Watch
) -> None:
    """The app receives a code and its own state; with the PKCE verifier it becomes tokens."""
    _allow_callback(console)
    watch.allowed |= {"https://app.example"}
    _pretend_app(page.context)
    page.goto(_hand_over(ready, "sign-in"))
    page.get_by_role("link", name="Create an account").click()
    steps.sign_up(page, product, steps.new_email("user"), f"/p/{ready.keys.publishable}")
    page.wait_for_url(re.compile("app.example/callback"))

    query = parse_qs(urlsplit(page.url).query)
    request = urllib.request.Request(  # noqa: S310 - our own loopback address.
        f"{product.base_url}/v1/auth/token",
        data=json.dumps({"code": query["code"][0], "codeVerifier": VERIFIER}).encode(),
        headers={
            "X-Publishable-Key": ready.keys.publishable,
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - as above.
        tokens = json.load(answer)

    assert ["s t&te"] == query["state"]
    assert tokens["token"]
    assert tokens["refreshToken"]


def test_whoever_is_signed_in_goes_on_with_one_click_or_as_somebody_else(
    console: Page, page: Page, product: DevServer, ready: Ready, watch: Watch
) -> None:
    """Nothing is handed over unasked: the page says as whom."""
    _allow_callback(console)
    watch.allowed |= {"https://app.example"}
    _pretend_app(page.context)
    email = steps.new_email("user")
    steps.sign_up(page, product, email, f"/p/{ready.keys.publishable}")
    page.goto(_hand_over(ready, "sign-in"))
    expect(page.get_by_text(f"You are signed in as {email}")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(re.compile(r"app.example/callback\?code="))
    page.goto(_hand_over(ready, "sign-in"))
    page.get_by_role("button", name="Use another account").click()

    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


def test_nobody_is_handed_over_to_an_address_that_is_not_listed(
    page: Page, ready: Ready, watch: Watch
) -> None:
    """The page refuses before anybody types a password."""
    watch.expected_statuses.add(422)
    page.goto(_hand_over(ready, "sign-in", "https://evil.example/callback"))

    expect(page.get_by_text(re.compile("redirectUrls"))).to_be_visible()
    expect(page.get_by_label("Password")).to_have_count(0)


def test_an_end_user_changes_the_plan_after_seeing_what_it_costs(
    page: Page, product: DevServer
) -> None:
    """The page says when and how much; then the new plan stands on the account."""
    keys = steps.become_ready(page, product)
    steps.add_tier(page, "Scale", "99")
    steps.upgrade(page, product, keys, steps.new_email("user"))
    page.get_by_role("link", name="Change plan").click()
    page.get_by_role("link", name="Switch to Scale").click()
    expect(page.get_by_text("Due now")).to_be_visible()

    page.get_by_role("button", name="Switch plan").click()

    expect(page.get_by_role("heading", name="Scale")).to_be_visible()
    page.get_by_role("button", name="Manage billing").click()
    expect(page).to_have_url(re.compile("/p/session/"))


def test_an_end_user_deletes_the_account(page: Page, product: DevServer, ready: Ready) -> None:
    """After it, the address is free and the session over."""
    base = f"/p/{ready.keys.publishable}"
    steps.sign_up(page, product, steps.new_email("user"), base)
    page.get_by_label("I understand").check()
    page.get_by_role("button", name="Delete my account").click()
    expect(page).to_have_url(re.compile("/sign-up"))

    page.goto(f"{base}/account")

    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


def test_an_end_user_changes_the_password_and_signs_in_with_it(
    page: Page, product: DevServer, ready: Ready
) -> None:
    """The old password is over."""
    base, email = f"/p/{ready.keys.publishable}", steps.new_email("user")
    steps.sign_up(page, product, email, base)
    page.get_by_label("Current password").fill(steps.PASSWORD)
    page.get_by_label("New password").fill("another unrelated phrase")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("status")).to_contain_text("Your password is changed")
    page.get_by_role("button", name="Sign out").first.click()
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill("another unrelated phrase")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Your account")).to_be_visible()


def test_a_forgotten_password_is_set_anew_by_a_mailed_code(
    page_without_scripts: Page, product: DevServer, ready: Ready
) -> None:
    """Also without scripts."""
    page, base, email = (
        page_without_scripts,
        f"/p/{ready.keys.publishable}",
        steps.new_email("user"),
    )
    steps.sign_up(page, product, email, base)
    page.goto(f"{base}/forgot")
    page.get_by_label("Email").fill(email)
    page.get_by_role("button", name="Send the code").click()
    page.get_by_label("Email").fill(email)
    page.get_by_label("Code").fill(steps.second_code_for(product, email))
    page.get_by_label("New password").fill("another unrelated phrase")
    page.get_by_role("button", name="Change the password").click()

    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


def test_an_unknown_platform_has_no_pages(page: Page, watch: Watch) -> None:
    """A stranger's key is a page with status 404, like any other missing address."""
    watch.expected_statuses.add(404)

    answer = page.goto("/p/pk_live_drm_nobody/pricing")

    assert answer is not None
    assert 404 == answer.status
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()


def test_a_new_address_counts_once_its_code_is_entered(
    page: Page, product: DevServer, ready: Ready
) -> None:
    """Until then the old one stands."""
    base, email, wanted = (
        f"/p/{ready.keys.publishable}",
        steps.new_email("user"),
        steps.new_email("moved"),
    )
    steps.sign_up(page, product, email, base)
    page.get_by_label("New address").fill(wanted)
    page.get_by_role("button", name="Change address").click()
    expect(page.get_by_text(f"Now {email}")).to_be_visible()
    page.get_by_label("Code").fill(steps.code_for(product, wanted))
    page.get_by_role("button", name="Confirm the address").click()

    expect(page.get_by_text(f"Now {wanted}")).to_be_visible()


def test_prices_for_months_and_years_stand_apart(page: Page, product: DevServer) -> None:
    """The page opens on months, a link shows years, and the free tier belongs to both."""
    keys = steps.become_ready(page, product)
    answer = page.request.post(
        "/platform/tiers",
        data={
            "name": "pro-yearly", "displayName": "Pro yearly", "priceCents": 29000,
            "interval": "year", "limit": 1000, "trialDays": 14,
        },
        headers={"Origin": product.base_url},
    )  # fmt: skip
    assert answer.ok, answer.text()
    page.goto(f"/p/{keys.publishable}/pricing")
    expect(page.get_by_role("heading", name="Pro yearly")).to_have_count(0)
    page.get_by_role("link", name="Yearly").click()

    expect(page.get_by_role("heading", name="Pro yearly")).to_be_visible()
    expect(page.get_by_text("First 14 days free · $24.17 a month, billed yearly")).to_be_visible()
    expect(page.get_by_role("heading", name="Free")).to_be_visible()
    expect(page.get_by_role("heading", name="Pro", exact=True)).to_have_count(0)
