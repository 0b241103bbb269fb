"""The people and keys of the access matrix: two developers, end users, keys dead and alive."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from dream_api.kit.periods import rfc3339
from tests.journeys.driver import FREE, PASSWORD, PRO, Developer, Journey
from tests.journeys.forms import submit
from tests.journeys.running import Running

APP = "https://app.example"
SPARE = {"name": "spare", "displayName": "Spare", "priceCents": 900, "limit": 10}
TOKENS_LIVE_SECONDS = 20 * 60
"""Longer than any access token lives."""
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B.

Headers = Mapping[str, str]


@dataclass
class Person:
    """An end user of a platform, signed in."""

    email: str
    platform_id: str
    user_id: str = ""
    token: str = ""

    @property
    def key(self) -> Headers:
        """Name the platform."""
        return {"X-Publishable-Key": self.platform_id}

    @property
    def headers(self) -> Headers:
        """Authenticate as this person."""
        return {**self.key, **bearer(self.token)}


def bearer(token: str) -> Headers:
    """Show a token or a secret key."""
    return {"Authorization": f"Bearer {token}"}


@dataclass
class Cast:
    """Everybody. ``ours`` is the platform whose data is asked for, ``theirs`` the other one."""

    running: Running
    journey: Journey
    ours: Developer
    theirs: Developer
    test_platform_id: str = ""
    user: Person = field(default_factory=lambda: Person("", ""))
    user_other: Person = field(default_factory=lambda: Person("", ""))
    target: Person = field(default_factory=lambda: Person("", ""))
    """The subscriber whose data everybody but ``user`` asks for."""
    event_id: str = ""
    key_id: str = ""
    session_id: str = ""
    target_session_id: str = ""
    dead: dict[str, Headers] = field(default_factory=dict)
    test_secret_key: str = ""

    @property
    def http(self) -> httpx.AsyncClient:
        """The client; it keeps no cookies between calls."""
        self.journey.http.cookies.clear()
        return self.journey.http

    def headers(self) -> dict[str, Headers]:
        """Give what each kind of caller shows, by the column's name in the table."""
        return {
            "nobody": {},
            "pk": self.target.key,
            "pk-theirs": {"X-Publishable-Key": self.theirs.platform_id},
            "sk": self.ours.secret,
            "sk-test": bearer(self.test_secret_key),
            "sk-theirs": self.theirs.secret,
            "user": self.user.headers,
            "user-other": self.user_other.headers,
            "user-at-theirs": {
                **self.user.headers,
                "X-Publishable-Key": self.theirs.platform_id,
            },
            "dev": self.ours.headers,
            "dev-theirs": self.theirs.headers,
            **self.dead,
        }

    async def ask(self, method: str, path: str, headers: Headers, **sent: Any) -> Any:
        """Call and insist on success; give the JSON, if there is any."""
        answer = await self.http.request(method, path, headers=dict(headers), **sent)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None

    async def new_email(self) -> str:
        """Make up an address that nobody has."""
        return f"{secrets.token_hex(6)}@example.com"

    async def begin_sign_up(self, platform_id: str) -> dict[str, Any]:
        """Begin a sign-up of an end user; give address and code."""
        email = await self.new_email()
        body = {"email": email, "password": PASSWORD}
        await self.ask("POST", "/v1/auth/sign-up", {"X-Publishable-Key": platform_id}, json=body)
        return {"email": email, "code": await self.journey.code_for(email)}

    async def new_person(self, platform_id: str) -> Person:
        """Sign an end user up."""
        proof = await self.begin_sign_up(platform_id)
        person = Person(proof["email"], platform_id)
        found = await self.ask("POST", "/v1/auth/verify", person.key, json=proof)
        person.user_id, person.token = found["userId"], found["token"]
        return person

    async def sign_in(self, person: Person) -> dict[str, Any]:
        """Open another session of an end user."""
        body = {"email": person.email, "password": PASSWORD}
        found: dict[str, Any] = await self.ask("POST", "/v1/auth/sign-in", person.key, json=body)
        return found

    async def sign_in_developer(self, developer: Developer) -> dict[str, Any]:
        """Open another session of a developer."""
        body = {"email": developer.email, "password": PASSWORD}
        found: dict[str, Any] = await self.ask("POST", "/platform/sign-in", {}, json=body)
        return found

    async def sign_everybody_in(self) -> None:
        """Give everybody a fresh session: the last row may have ended theirs."""
        for person in (self.user, self.user_other):
            person.token = (await self.sign_in(person))["token"]
        for developer in (self.ours, self.theirs):
            developer.token = (await self.sign_in_developer(developer))["token"]

    async def authorization_code(self, person: Person) -> str:
        """Walk the hosted sign-in; give the code that the app would receive."""
        query = {
            "redirect_uri": f"{APP}/callback", "state": "s",
            "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        }  # fmt: skip
        answer = await self.http.post(
            f"/p/{person.platform_id}/sign-in",
            params=query,
            data={"email": person.email, "password": PASSWORD},
            headers={"Origin": self.running.base_url},
        )
        assert 303 == answer.status_code, answer.text
        return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]

    async def new_key(self, **body: Any) -> dict[str, Any]:
        """Issue one more secret key of ours."""
        sent = {"name": secrets.token_hex(4), **body}
        key: dict[str, Any] = await self.ask("POST", "/platform/keys", self.ours.headers, json=sent)
        return key

    async def new_session(self) -> str:
        """Open one more session of our developer; give its id."""
        token = (await self.sign_in_developer(self.ours))["token"]
        return _current(await self.ask("GET", "/platform/sessions", bearer(token)))

    async def new_session_of(self, person: Person) -> str:
        """Open one more session of an end user; give its id."""
        headers = {**person.key, **bearer((await self.sign_in(person))["token"])}
        return _current(await self.ask("GET", "/v1/auth/sessions", headers))

    async def new_state(self) -> dict[str, str]:
        """Begin to connect an account of ours; give what Stripe would send back."""
        answer = await self.http.get("/oauth/authorize", headers=self.ours.headers)
        state = parse_qs(urlsplit(answer.headers["location"]).query)["state"][0]
        return {"state": state, "code": "ac_unknown"}


async def assemble(running: Running, journey: Journey) -> Cast:
    """Bring everybody to life: both shops open, everybody signed in, some keys already dead."""
    ours = await journey.ready_developer((FREE, PRO, SPARE))
    theirs = await journey.ready_developer((FREE, PRO))
    cast = Cast(running, journey, ours, theirs)
    await _open_test_mode(cast)
    await cast.ask(
        "PUT", "/platform/settings", ours.headers, json={"redirectUrls": [f"{APP}/callback"]}
    )
    cast.user, cast.user_other, cast.target = [
        await cast.new_person(ours.platform_id) for _ in range(3)
    ]
    await _subscribe(cast)
    await _let_things_die(cast)
    await cast.sign_everybody_in()
    cast.key_id = (await cast.new_key())["id"]
    cast.session_id = await cast.new_session()
    cast.target_session_id = await cast.new_session_of(cast.target)
    return cast


def _current(found: dict[str, Any]) -> str:
    return next(str(session["id"]) for session in found["sessions"] if session["current"])


async def _open_test_mode(cast: Cast) -> None:
    test = {"mode": "test"}
    start = await cast.http.get("/oauth/authorize", params=test, headers=cast.ours.headers)
    async with httpx.AsyncClient(timeout=30) as stripe:
        page = await stripe.get(start.headers["location"])
        decided = await submit(stripe, page, {}, press=("action", "approve"))
    await cast.http.get(decided.headers["location"], headers=cast.ours.headers)
    made = await cast.ask(
        "POST", "/platform/create-products", cast.ours.headers,
        params=test, json={"tiers": [FREE, PRO, SPARE]},
    )  # fmt: skip
    cast.test_platform_id, cast.test_secret_key = made["platformId"], made["secretKey"]


async def _subscribe(cast: Cast) -> None:
    """Let the target buy, so that there is a subscription and an event that may be replayed."""
    url = await cast.journey.checkout(cast.ours, cast.target.user_id)
    paid = await cast.journey.pay_with(url)
    await cast.http.get(paid.headers["location"])
    headers = cast.ours.headers
    while not (
        found := (await cast.ask("GET", "/platform/dashboard/webhooks", headers))["webhooks"]
    ):
        pass  # The simulator delivers it in a moment; the test's own time limit ends the wait.
    cast.event_id = found[0]["id"]


async def _let_things_die(cast: Cast) -> None:
    soon = rfc3339(cast.running.clock.now() + timedelta(seconds=60))
    expiring = await cast.new_key(expiresAt=soon)
    cast.dead["sk-expired"] = bearer(expiring["secretKey"])
    cast.dead["user-expired"] = cast.user.headers
    cast.dead["dev-expired"] = cast.ours.headers
    cast.running.clock.advance(TOKENS_LIVE_SECONDS)
    await cast.sign_everybody_in()
    revoked = await cast.new_key()
    cast.dead["sk-revoked"] = bearer(revoked["secretKey"])
    await cast.ask("POST", f"/platform/keys/{revoked['id']}/revoke", cast.ours.headers)
    cast.dead["user-revoked"] = cast.user.headers
    await cast.ask("POST", "/v1/auth/sign-out", cast.user.headers)
    cast.dead["dev-revoked"] = cast.ours.headers
    await cast.ask("POST", "/platform/sign-out", cast.ours.headers)
