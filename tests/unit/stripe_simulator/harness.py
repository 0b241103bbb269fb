"""Run the simulator as it is run, and talk to it as the product and as people do."""

import json
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import stripe
import uvicorn
from typing_extensions import override

from stripe_simulator import Configuration, create_app
from tests.contract.sdk_types import Walked, Walker
from tests.contract.watching import OURS, see_events
from tests.journeys.forms import forms_of

KEY = "sk_test_simulator"
OTHER_KEY = "sk_test_simulator_test"
CLIENT_ID = "ca_simulator"
REDIRECT_URI = "http://localhost:9/callback"
GOOD_CARD = "4242 4242 4242 4242"
DAY = 86_400
PATIENCE_SECONDS = 30.0

Json = dict[str, Any]


@dataclass
class Simulator:
    """A simulator that listens, and what is known of it."""

    url: str
    walker: Walker
    clock_file: Path
    http: httpx.Client
    transport: Any
    offset_seconds: int = 0
    accounts: list[str] = field(default_factory=list)

    def client(self, key: str = KEY, *, client_id: str = CLIENT_ID) -> stripe.StripeClient:
        """Give Stripe's own SDK, pointed here."""
        return stripe.StripeClient(
            key,
            client_id=client_id,
            base_addresses={"api": self.url, "connect": self.url, "files": self.url},
            # A transport of its own would load all certificate authorities of the machine.
            http_client=self.transport,
        )

    def api(self, method: str, path: str, *, key: str = KEY, **options: Any) -> httpx.Response:
        """Send what the SDK would not send."""
        headers = {"Authorization": f"Bearer {key}", **options.pop("headers", {})}
        return self.http.request(method, f"{self.url}{path}", headers=headers, **options)

    def advance(self, seconds: int) -> None:
        """Move the clock; the next request sees everything that has become due."""
        self.offset_seconds += seconds
        written = self.clock_file.with_suffix(".new")
        written.write_text(json.dumps({"offsetSeconds": self.offset_seconds}))
        written.replace(self.clock_file)

    def ask_to_connect(self, **parameters: Any) -> httpx.Response:
        """Open the page on which a developer connects an account."""
        wanted = {"scope": "read_write", "redirect_uri": REDIRECT_URI, "state": "s1"} | parameters
        url = self.client().oauth.authorize_url(wanted)  # type: ignore[arg-type] # wrong on purpose
        return self.http.get(url)

    def decide(self, action: str = "approve", **fields: str) -> dict[str, str]:
        """Press a button on that page; give what comes back to the redirect URI."""
        answer = submit_page(self.http, self.ask_to_connect(), fields, press=("action", action))
        assert answer.status_code == 303, answer.text
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        return {name: values[0] for name, values in query.items()}

    def connect(self, **fields: str) -> str:
        """Connect an account; give its id."""
        token = self.client().oauth.token(
            {"grant_type": "authorization_code", "code": self.decide(**fields)["code"]}
        )
        account = str(token["stripe_user_id"])
        self.accounts.append(account)
        return account

    def fill_in(self, url: str, card: str = GOOD_CARD, **fields: str) -> httpx.Response:
        """Pay on a Checkout page."""
        person = {"email": "grace@example.com", "name": "Grace Hopper"}
        card_fields = {"card_number": card, "exp": "12 / 40", "cvc": "123"}
        return submit_page(self.http, self.http.get(url), card_fields | person | fields)

    def events(self, account: str | None = None, key: str = KEY) -> list[Json]:
        """Every event of an account, oldest first."""
        options: stripe.RequestOptions = {"stripe_account": account} if account else {}
        found = self.client(key).v1.events.list({"limit": 100}, options).auto_paging_iter()
        return [json.loads(str(event)) for event in found][::-1]

    def types(self, account: str | None = None) -> list[str]:
        """The types of those events."""
        return [str(event["type"]) for event in self.events(account)]


def submit_page(
    http: httpx.Client,
    page: httpx.Response,
    fields: dict[str, str],
    *,
    press: tuple[str, str] | None = None,
) -> httpx.Response:
    """Fill in the form of *page* that has this button, as a browser would."""
    forms = [form for form in forms_of(page) if press is None or press in form.buttons]
    assert forms, f"no form with {press} on {page.url}: {page.text}"
    data = {**forms[0].fields, **fields, **(dict([press]) if press else {})}
    return http.post(urljoin(str(page.url), forms[0].action), data=data)


@dataclass(frozen=True)
class Delivered:
    """One webhook request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> Json:
        """The event in it."""
        parsed: Json = json.loads(self.body)
        return parsed


class Receiver:
    """Somebody's webhook URL. Answers 200, or what is put into ``answers`` first."""

    def __init__(self, walker: Walker) -> None:
        self.arrived: queue.Queue[Delivered] = queue.Queue()
        self.answers: queue.Queue[int] = queue.Queue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                walker.check_event(json.loads(body))
                status = 200 if receiver.answers.empty() else receiver.answers.get()
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                receiver.arrived.put(Delivered(self.path, headers, body))

            @override
            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Stop listening: from now on nobody answers."""
        self._server.shutdown()
        self._server.server_close()

    def next(self) -> Delivered:
        """Wait for the next delivery."""
        return self.arrived.get(timeout=PATIENCE_SECONDS)

    def wait_for(self, event_type: str) -> Delivered:
        """Wait for a delivery of this type; others are passed over."""
        while True:
            delivered = self.next()
            if delivered.event["type"] == event_type:
                return delivered


@contextmanager
def running(data: Path, clock_file: Path, walker: Walker, **settings: Any) -> Iterator[Simulator]:
    """Serve a simulator on a free port of this machine until the block ends."""
    see_events(OURS)
    configuration = Configuration(
        data=data,
        clock_file=clock_file,
        **{"retry_seconds": (0, 0, 0), **settings},
    )
    transport: Any = stripe.RequestsClient(timeout=PATIENCE_SECONDS)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(Walked(create_app(configuration), walker), log_level="warning")
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        with httpx.Client(timeout=PATIENCE_SECONDS, verify=False) as http:  # noqa: S501 - no TLS
            yield Simulator(url, walker, clock_file, http, transport)
    finally:
        transport.close()
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)
        listening.close()
