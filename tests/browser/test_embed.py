"""The pricing table on somebody else's site, under the strictest policy."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect
from typing_extensions import override

from tests.browser.ready import Ready
from tests.browser.watch import Watch
from tests.journeys.processes import DevServer

POLICY = (
    "default-src 'none'; img-src 'self'; script-src {host}; connect-src {host}; "
    "style-src 'none'; "
    "require-trusted-types-for 'script'"
)
HTML = """<!doctype html><html lang="en"><title>Shop</title>
<h1>Shop</h1><script type="module" src="{host}/embed/v1/dream.js"></script>
<dream-pricing-table publishable-key="{key}" current-plan="free" heading-level="2">
<a href="/plans">See plans</a></dream-pricing-table></html>"""


@pytest.fixture
def shop(product: DevServer, ready: Ready) -> Iterator[str]:
    """Serve a page on an origin of its own that allows nothing but our module and our API."""

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/favicon.ico":
                self.send_response(204)
                self.end_headers()
                return
            body = HTML.format(host=product.base_url, key=ready.keys.publishable).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", POLICY.format(host=product.base_url))
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


def test_the_table_shows_the_tiers_on_an_allowed_origin(
    console: Page, page: Page, watch: Watch, shop: str
) -> None:
    """It obeys a policy without unsafe-inline, and its buttons know the plan."""
    watch.allowed |= {shop}
    console.goto("/dashboard/settings")
    console.get_by_label("Allowed origins").fill(shop)
    console.get_by_role("button", name="Save addresses").click()
    expect(console.get_by_role("status")).to_contain_text("Saved")

    page.goto(f"{shop}/")

    expect(page.get_by_role("heading", name="Pro")).to_be_visible()
    expect(page.get_by_text("$29")).to_be_visible()
    expect(page.get_by_text("Current plan")).to_be_visible()
    expect(page.get_by_role("link", name="Switch to Pro")).to_be_visible()


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
