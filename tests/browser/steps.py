"""What a person does in a browser, step by step. Every step works with and without JavaScript."""

import json
import re
import secrets
import time
import urllib.request
from dataclasses import dataclass
from urllib.parse import quote

from playwright.sync_api import Page, expect

from tests.journeys.processes import DevServer

PASSWORD = "correct horse battery staple"
GOOD_CARD = "4242 4242 4242 4242"
MAIL_ATTEMPTS = 200
MAIL_PAUSE_SECONDS = 0.05


@dataclass
class Keys:
    """What the page of keys showed."""

    publishable: str
    secret: str


def new_email(who: str) -> str:
    """Make an address that nobody has used."""
    return f"{who}-{secrets.token_hex(4)}@example.com"


def code_for(product: DevServer, email: str) -> str:
    """Read the code that was mailed to an address."""
    return _codes(product, email, 1)[-1]


def second_code_for(product: DevServer, email: str) -> str:
    """Read the second code that was mailed to an address: its sign-up had the first."""
    return _codes(product, email, 2)[-1]


def _codes(product: DevServer, email: str, wanted: int) -> list[str]:
    address = f"{product.base_url}/dev/mailbox?format=json&to={quote(email)}"
    for _ in range(MAIL_ATTEMPTS):
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - our own loopback address.
            codes = [str(mail["code"]) for mail in json.load(answer) if mail["code"]]
        if len(codes) >= wanted:
            return codes
        time.sleep(MAIL_PAUSE_SECONDS)
    message = f"{email} did not receive {wanted} codes"
    raise AssertionError(message)


def sign_up(page: Page, product: DevServer, email: str, base: str = "") -> None:
    """Sign up on the console, or on a platform's hosted pages under *base*, and verify."""
    if not page.url.split("?")[0].endswith(f"{base}/sign-up"):
        page.goto(f"{base}/sign-up")
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    page.get_by_label("Code").fill(code_for(product, email))
    page.get_by_role("button", name="Verify and continue").click()


def pay_with_card(page: Page, card: str = GOOD_CARD) -> None:
    """Fill the Checkout page in and submit it."""
    page.get_by_label("Card number").fill(card)
    page.get_by_label("Expiry").fill("12 / 34")
    page.get_by_label("CVC").fill("123")
    page.get_by_role("button", name=re.compile("Subscribe|Start trial")).click()


def subscribe(page: Page) -> None:
    """Pay the platform subscription; ends on /configure."""
    page.get_by_role("button", name=re.compile("Subscribe for")).first.click()
    pay_with_card(page)
    expect(page.get_by_text("Payment received.")).to_be_visible()


def connect_stripe(page: Page) -> None:
    """Connect a new Stripe account; ends on /api-tier-config."""
    page.get_by_role("link", name="Connect Stripe").first.click()
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text("Your Stripe account is connected.")).to_be_visible()


def publish_tiers(page: Page) -> Keys:
    """Submit the proposed tiers with a free limit of three; ends on the page of keys."""
    page.get_by_label("Calls / month").first.fill("3")
    page.get_by_role("button", name="Create products and get keys").first.click()
    expect(page.get_by_role("heading", name="Your keys")).to_be_visible()
    shown = page.locator(".secret code").all_text_contents()
    return Keys(publishable=shown[0], secret=shown[1])


def become_ready(page: Page, product: DevServer) -> Keys:
    """Walk a new developer from the landing page to keys."""
    page.goto("/")
    page.get_by_role("link", name="Start building").first.click()
    sign_up(page, product, new_email("dev"))
    page.get_by_label("App name").fill("Bumble CRM")
    page.get_by_role("button", name="Save and continue").click()
    subscribe(page)
    connect_stripe(page)
    return publish_tiers(page)


def track(product: DevServer, keys: Keys, user_id: str) -> dict[str, object]:
    """Count one call as the developer's server does; give the decision."""
    return _post(product, keys, "/v1/track", {"userId": user_id})


def track_many(product: DevServer, keys: Keys, user_ids: list[str]) -> None:
    """Count one call of each of many users."""
    _post(product, keys, "/v1/track/batch", {"events": [{"userId": name} for name in user_ids]})


def _post(product: DevServer, keys: Keys, path: str, body: object) -> dict[str, object]:
    request = urllib.request.Request(  # noqa: S310 - our own loopback address.
        f"{product.base_url}{path}",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {keys.secret}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above.
        found: dict[str, object] = json.load(answer)
        return found


def sign_up_and_subscribe(page: Page, product: DevServer) -> None:
    """Walk a new developer to the moment after paying."""
    sign_up(page, product, new_email("dev"))
    page.goto("/configure")
    subscribe(page)


def upgrade(page: Page, product: DevServer, keys: Keys, email: str) -> None:
    """Walk a new end user from the hosted pricing page to a paid plan; ends on the account."""
    base = f"/p/{keys.publishable}"
    page.goto(f"{base}/pricing")
    page.get_by_role("link", name="Choose Pro").click()
    sign_up(page, product, email, base)
    page.get_by_role("button", name="Upgrade to Pro").click()
    pay_with_card(page)
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    expect(page.get_by_text("$29 a month")).to_be_visible()


def add_tier(page: Page, name: str, price: str) -> None:
    """Put one more tier on sale with the editor."""
    page.goto("/api-tier-config")
    rows = page.get_by_role("button", name=re.compile("^Remove tier"))
    count = rows.count()
    page.get_by_role("button", name="Add tier").click()
    expect(rows).to_have_count(count + 1)  # A script may put the row there, a moment later.
    page.get_by_label("Name", exact=True).last.fill(name)
    page.get_by_label("Price", exact=True).last.fill(price)
    page.get_by_role("button", name="Save changes").first.click()
    expect(page.get_by_role("row").filter(has_text=name)).to_be_visible()
