"""The pricing table on somebody else's site, under the strictest policy."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from typing_extensions import override

from tests.browser.ready import Ready
from tests.browser.watch import Watch
from tests.journeys.processes import DevServer

POLICY = (
    "default-src 'none'; img-src 'self'; script-src {host}; connect-src {host}; "
    "style-src {styles}; "
    "require-trusted-types-for 'script'"
)
HTML = """<!doctype html><html lang="en"><title>Shop</title>{styles}
<h1>Shop</h1><script type="module" src="{host}/embed/v1/dream.js"></script>
<dream-pricing-table publishable-key="{key}" current-plan="free" heading-level="2">
<a href="/plans">See plans</a></dream-pricing-table></html>"""


STYLES = """dream-pricing-table { --dream-radius: 3px; --dream-accent: #b00020; }
dream-pricing-table::part(name) { text-transform: uppercase; }"""


@pytest.fixture
def shop(product: DevServer, ready: Ready) -> Iterator[str]:
    """Serve a page on an origin of its own that allows nothing but our module and our API."""

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kinds = {"/favicon.ico": "image/x-icon", "/shop.css": "text/css"}
            bodies = {"/favicon.ico": "", "/shop.css": STYLES}
            is_styled = self.path == "/styled"
            styles = '<link rel="stylesheet" href="/shop.css">' if is_styled else ""
            key, host = ready.keys.publishable, product.base_url
            body = bodies.get(self.path, HTML.format(host=host, key=key, styles=styles)).encode()
            policy = POLICY.format(host=host, styles="'self'" if is_styled else "'none'")
            self.send_response(200)
            self.send_header("Content-Type", kinds.get(self.path, "text/html; charset=utf-8"))
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def open_shop(console: Page, watch: Watch, shop: str) -> str:
    """Allow the shop's origin in the settings."""
    watch.allowed |= {shop}
    console.goto("/dashboard/settings")
    console.get_by_label("Allowed origins").fill(shop)
    console.get_by_role("button", name="Save addresses").click()
    expect(console.get_by_role("status")).to_contain_text("Saved")
    return shop


def test_the_table_shows_the_tiers_on_an_allowed_origin(page: Page, open_shop: str) -> None:
    """It obeys a policy without unsafe-inline, and its buttons know the plan."""
    page.goto(f"{open_shop}/")

    expect(page.get_by_role("heading", name="Pro")).to_be_visible()
    expect(page.get_by_text("$29")).to_be_visible()
    expect(page.get_by_text("Current plan")).to_be_visible()
    expect(page.get_by_text("100,000 calls / month")).to_be_visible()
    expect(page.get_by_text("Most popular")).to_be_visible()
    expect(page.get_by_role("link", name="Switch to Pro")).to_be_visible()


def test_the_shop_styles_the_table_by_properties_and_parts(page: Page, open_shop: str) -> None:
    """Its own stylesheet is enough; the brand's colour gives way to the one that it names."""
    page.goto(f"{open_shop}/styled")
    button = page.get_by_role("link", name="Switch to Pro")

    expect(button).to_have_css("background-color", "rgb(176, 0, 32)")
    expect(page.locator("[part~=card]").first).to_have_css("border-radius", "3px")
    expect(page.get_by_role("heading", name="Pro")).to_have_css("text-transform", "uppercase")


def test_the_table_passes_axe_and_fits_a_phone(page: Page, open_shop: str) -> None:
    """A shop that cares about its visitors may use it."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{open_shop}/")
    expect(page.get_by_role("heading", name="Pro")).to_be_visible()

    assert [] == [
        one["id"] for one in Axe().run(page, "dream-pricing-table").response["violations"]
    ]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_shop_may_sell_in_its_own_way(page: Page, open_shop: str) -> None:
    """Whoever catches the choice keeps the person; else the button leads to our page."""
    page.goto(f"{open_shop}/")
    button = page.get_by_role("link", name="Switch to Pro")
    page.evaluate("""() => document.addEventListener("dream:select", (event) => {
      event.preventDefault(); document.title = event.detail.tier.name; }, { once: true })""")
    button.click()
    expect(page).to_have_title("pro")
    assert f"{open_shop}/" == page.url
    button.click()

    expect(page).to_have_url(re.compile(r"/p/pk_live_drm_\w+/pricing\?tier=pro"))


def test_only_the_wanted_interval_is_shown(page: Page, open_shop: str) -> None:
    """Attributes count while the page is open; the free tier belongs to every interval."""
    page.goto(f"{open_shop}/")
    expect(page.get_by_role("heading", name="Pro")).to_be_visible()
    page.locator("dream-pricing-table").evaluate(
        "(table) => table.setAttribute('interval', 'year')"
    )

    expect(page.get_by_role("heading", name="Pro")).to_have_count(0)
    expect(page.get_by_role("heading", name="Free")).to_be_visible()


def test_the_content_of_the_element_is_shown_where_prices_cannot_be_had(
    page: Page, watch: Watch, shop: str
) -> None:
    """An origin that is not allowed sees the developer's own link."""
    watch.allowed |= {shop}
    watch.expected_statuses.add(403)
    watch.tolerated.add("blocked by CORS policy")
    watch.tolerated.add("ERR_FAILED")

    page.goto(f"{shop}/")

    expect(page.get_by_role("link", name="See plans")).to_be_visible()
