"""``make screenshots``: every page in both themes at two widths, and the six of the README.

Other widths with ``ARGS="--widths 768 1024 1920"``.

Walks past the pages as five people: a stranger, the demo's developer and end user, somebody who
buys, and a developer who has just come.
"""

import argparse
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Page, StorageState, expect, sync_playwright

from dream_api.cli.demo.opening import END_USER_EMAIL, PASSWORD, developer_email
from tests.browser import steps
from tests.browser.chromium import FLAGS, find_chromium
from tests.browser.gallery.camera import DESKTOP_PX, PHONE_PX, Camera
from tests.browser.gallery.demo_product import demo_product
from tests.journeys.processes import DevServer

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "screenshots"
CHOSEN = ROOT / "docs" / "screenshots"

OPEN_PAGES = {
    "landing": "/",
    "sign-up": "/sign-up",
    "sign-up-verify": "/sign-up/verify",
    "sign-in": "/sign-in",
    "forgot": "/forgot",
    "reset": "/reset",
    "docs": "/docs",
    "docs-error": "/errors/usage_limit_reached",
    "not-found": "/nowhere",
    "mailbox": "/dev/mailbox",
}
CONSOLE_PAGES = {
    "overview": "/dashboard",
    "overview-year": "/dashboard?days=365",
    "overview-test": "/dashboard?mode=test",
    "users": "/dashboard/users",
    "users-filtered": "/dashboard/users?q=ada&plan=pro&sort=mrr",
    "users-none": "/dashboard/users?q=nobody-of-this-name",
    "user": "/dashboard/users/user_00042",
    "tiers": "/dashboard/tiers",
    "tiers-editor": "/api-tier-config",
    "keys": "/dashboard/keys",
    "keys-create": "/dashboard/keys/create",
    "first-call": "/dashboard/first-call",
    "webhooks": "/dashboard/webhooks",
    "settings": "/dashboard/settings",
    "billing": "/dashboard/billing",
    "account": "/dashboard/account",
    "branding": "/setup",
}
HOSTED_OPEN_PAGES = {
    "hosted-pricing": "pricing",
    "hosted-sign-up": "sign-up",
    "hosted-sign-in": "sign-in",
    "hosted-forgot": "forgot",
    "hosted-reset": "reset",
    "hosted-confirm-broken": "confirm?token=cut-off",
    "hosted-return-unknown": "checkout/return?session_id=cs_unknown",
}


def main() -> int:
    """Fill a demo store, serve it, take everything; say where the pictures are."""
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("--widths", type=int, nargs="+", default=[DESKTOP_PX, PHONE_PX])
    widths_px = tuple(parser.parse_args().widths)
    chromium = find_chromium()
    if chromium is None:
        sys.exit("There is no Chromium. On Debian: apt-get install chromium fonts-inter")
    FOLDER.mkdir(exist_ok=True)
    CHOSEN.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="dream-api-gallery-") as folder,
        demo_product(Path(folder)) as (product, clock),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        camera = Camera(browser, clock, product.base_url, FOLDER, CHOSEN, widths_px)
        _walk(camera, product)
        _broken(camera, product)
        browser.close()
    sys.stdout.write(f"{len(camera.taken)} pictures, in {FOLDER} and {CHOSEN}\n")
    return 0


def _walk(camera: Camera, product: DevServer) -> None:
    _stranger(camera)
    developer = _developer(camera)
    platform_id = _platform_id(camera, developer)
    end_user = _hosted(camera, platform_id)
    _readme(camera, developer, end_user, platform_id)
    _buyer(camera, product, platform_id)
    _new_developer(camera, product)
    _simulator(camera, product)


def _stranger(camera: Camera) -> None:
    page = camera.open()
    for name, path in OPEN_PAGES.items():
        camera.visit(page, path, name)
    page.context.close()


def _developer(camera: Camera) -> StorageState:
    """Walk past the console; give what makes a browser be signed in as its developer."""
    page = camera.open()
    _sign_in(page, "/sign-in", developer_email(1))
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    state = page.context.storage_state()
    for name, path in CONSOLE_PAGES.items():
        camera.visit(page, path, name)
    page.goto("/dashboard/keys")
    page.get_by_role("link", name="Rotate all").click()
    camera.take(page, "keys-rotate")
    page.goto("/dashboard/webhooks")
    page.get_by_role("table").get_by_role("link").first.click()
    camera.take(page, "webhook")
    page.goto("/dashboard/users?sort=mrr&order=desc")
    page.locator("[popovertarget]").nth(2).click()
    camera.take(page, "users-menu")
    page.goto("/api-tier-config")
    page.get_by_label("Price", exact=True).nth(1).fill("0.10")
    page.get_by_role("button", name="Save changes").first.click()
    camera.take(page, "tiers-editor-wrong")
    page.goto("/dashboard/settings")
    page.context.clear_cookies()
    page.get_by_role("button", name="Save branding").click()
    camera.take(page, "session-ended")
    page.get_by_label("Email").fill(developer_email(1))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in and go on").click()
    camera.take(page, "session-ended-again")
    page.context.close()
    return state


def _platform_id(camera: Camera, developer: StorageState) -> str:
    page = camera.open(developer)
    credentials = page.request.get("/platform/credentials").json()
    page.context.close()
    return str(credentials["platformId"])


def _hosted(camera: Camera, platform_id: str) -> StorageState:
    """Walk past a platform's pages, as a stranger and as the demo's end user."""
    base = f"/p/{platform_id}"
    page = camera.open()
    for name, path in HOSTED_OPEN_PAGES.items():
        camera.visit(page, f"{base}/{path}", name)
    _sign_in(page, f"{base}/sign-in", END_USER_EMAIL)
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    state = page.context.storage_state()
    camera.visit(page, f"{base}/account", "hosted-account")
    camera.visit(page, f"{base}/pricing", "hosted-pricing-signed-in")
    page.context.close()
    return state


def _buyer(camera: Camera, product: DevServer, platform_id: str) -> None:
    """Buy, and look at what a subscriber sees."""
    base, email = f"/p/{platform_id}", "lin@example.com"
    page = camera.open()
    page.goto(f"{base}/sign-up")
    page.get_by_label("Name").fill("Lin Nakamura")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    camera.take(page, "hosted-sign-up-verify")
    page.get_by_label("Code").fill(steps.code_for(product, email))
    page.get_by_role("button", name="Verify and continue").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    camera.visit(page, f"{base}/account", "hosted-account-free")
    page.goto(f"{base}/pricing")
    page.get_by_role("button", name="Starter").click()
    camera.take(page, "simulator-checkout")
    steps.pay_with_card(page)
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    camera.visit(page, f"{base}/account", "hosted-account-subscribed")
    camera.visit(page, f"{base}/pricing", "hosted-pricing-subscribed")
    camera.visit(page, f"{base}/change-plan?tier=pro", "hosted-change-plan")
    page.goto(f"{base}/account")
    page.get_by_role("button", name="Manage billing").click()
    camera.take(page, "simulator-portal")
    page.context.close()


def _new_developer(camera: Camera, product: DevServer) -> None:
    """Go through the onboarding, from nothing to keys."""
    page = camera.open()
    steps.sign_up(page, product, "new@example.com")
    expect(page.get_by_label("App name")).to_be_visible()
    camera.take(page, "onboarding-setup")
    page.get_by_label("App name").fill("Bumble CRM")
    page.get_by_role("button", name="Save and continue").click()
    camera.take(page, "onboarding-pay")
    steps.subscribe(page)
    camera.take(page, "onboarding-connect")
    page.get_by_role("link", name="Connect Stripe").first.click()
    camera.take(page, "simulator-authorize")
    page.get_by_role("button", name="Connect").click()
    camera.take(page, "onboarding-tiers")
    steps.publish_tiers(page)
    camera.take(page, "onboarding-keys")
    camera.visit(page, "/dashboard", "overview-empty")
    camera.visit(page, "/dashboard/users", "users-empty")
    page.context.close()


def _simulator(camera: Camera, product: DevServer) -> None:
    page, desk = camera.open(), f"http://127.0.0.1:{product.stripe_port}"
    camera.visit(page, f"{desk}/", "simulator-overview")
    page.get_by_role("main").get_by_role("link").last.click()
    camera.take(page, "simulator-account")
    camera.visit(page, f"{desk}/events", "simulator-events")
    camera.visit(page, f"{desk}/chaos", "simulator-chaos")
    camera.visit(page, f"{desk}/nowhere", "simulator-not-found")
    page.goto("/dev/mailbox")
    mail = page.get_by_role("link", name="As it looks").first.get_attribute("href")
    page.goto("about:blank")
    page.set_content(page.request.get(f"{product.base_url}{mail}").text())
    camera.take(page, "mail")
    page.context.close()


def _broken(camera: Camera, product: DevServer) -> None:
    """Lose a table, and look at what people see then."""
    with closing(sqlite3.connect(product.data_dir / "customers.db")) as store:
        store.execute("ALTER TABLE inbox_events RENAME TO inbox_events_lost")
        store.commit()
    page = camera.open()
    _sign_in(page, "/sign-in", developer_email(1))
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    camera.visit(page, "/dashboard/webhooks", "broken")
    page.context.close()


def _readme(
    camera: Camera, developer: StorageState, end_user: StorageState, platform_id: str
) -> None:
    """Take the six that the README shows."""
    camera.choose(None, "/", "landing")
    camera.choose(developer, "/dashboard?days=90", "overview")
    camera.choose(developer, "/dashboard/users?sort=mrr&order=desc", "users")
    camera.choose(developer, "/api-tier-config", "tiers")
    camera.choose(
        developer,
        "/dashboard/keys",
        "keys",
        "dark",
        lambda page: page.get_by_role("link", name="Rotate all").click(),
    )
    camera.choose(end_user, f"/p/{platform_id}/pricing", "pricing")


def _sign_in(page: Page, path: str, email: str) -> None:
    page.goto(path)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


if __name__ == "__main__":
    sys.exit(main())
