"""A server of its own process whose people sign in through Clerk: a stand-in, reached over HTTP.

Both realms are Clerk's, each an application of its own. Nothing here was ever tried with Clerk.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clerk_server import FakeClerk, serving_clerk
from tests.journeys.processes import DevServer, dream_api

DEVELOPERS, CUSTOMERS = "/platform/webhook/clerk", "/webhook/clerk"
PATIENCE_SECONDS = 20.0
PAUSE_SECONDS = 0.05
DAY = 24 * 3_600


@dataclass
class Site:
    """The running server, both applications, and one developer with a test platform."""

    server: DevServer
    developers: FakeClerk
    customers: FakeClerk
    pk: str = ""

    def get(self, path: str, token: str, pk: str = "") -> httpx.Response:
        """Read as the bearer of a token, with a connection of its own: the server may restart."""
        return httpx.get(self.server.base_url + path, headers=bearer(token, pk), timeout=10)

    def me(self, token: str) -> httpx.Response:
        """Ask who an end user of our platform is."""
        return self.get("/v1/me", token, self.pk)

    def deliver(self, path: str, delivery: dict[str, Any]) -> int:
        """Post a webhook as Svix would."""
        return httpx.post(self.server.base_url + path, timeout=10, **delivery).status_code

    def advance(self, seconds: int) -> None:
        """Move everybody's clock."""
        moved = httpx.post(f"{self.server.base_url}/dev/clock", json={"advanceSeconds": seconds})
        assert moved.is_success, moved.text
        for clerk in (self.developers, self.customers):
            clerk.clock_offset_seconds += seconds

    def new_user(self) -> tuple[str, str]:
        """Sign an end user up at Clerk; give their id and a token."""
        user_id = self.customers.add_user()
        return user_id, self.customers.session_token(user_id)


def bearer(token: str, pk: str = "") -> dict[str, str]:
    """Show a token, and a publishable key."""
    headers = {"Authorization": f"Bearer {token}"}
    return {**headers, "X-Publishable-Key": pk} if pk else headers


def eventually(probe: Callable[[], Any]) -> Any:
    """Ask until the answer is true: the worker runs beside."""
    patience_ends = time.monotonic() + PATIENCE_SECONDS
    while not (found := probe()):
        assert time.monotonic() < patience_ends, "it did not come true"
        time.sleep(PAUSE_SECONDS)
    return found


def settings_of(developers: FakeClerk, customers: FakeClerk) -> dict[str, str]:
    """Give what an operator would write, as in the guide."""
    settings: dict[str, str] = {}
    for realm, clerk in (("DEVELOPER", developers), ("CUSTOMER", customers)):
        settings |= {
            f"DREAM_{realm}_IDENTITY": "clerk",
            f"DREAM_{realm}_IDENTITY_CLERK_ISSUER": clerk.issuer,
            f"DREAM_{realm}_IDENTITY_CLERK_SECRET_KEY": clerk.secret_key,
            f"DREAM_{realm}_IDENTITY_CLERK_WEBHOOK_SECRET": clerk.webhook_secret,
            f"DREAM_{realm}_IDENTITY_CLERK_API_URL": clerk.issuer,
        }
    return settings


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Start the server; its first developer arrives with a token."""
    data_dir: Path = tmp_path_factory.mktemp("clerk")
    with serving_clerk() as developers, serving_clerk() as customers:
        server = DevServer(data_dir, settings_of(developers, customers)).start()
        try:
            site = Site(server, developers, customers)
            token = developers.session_token(developers.add_user())
            me = site.get("/platform/me", token)
            assert 200 == me.status_code, me.text
            site.pk = me.json()["testPlatformId"]
            yield site
        finally:
            server.stop()


def test_the_first_token_makes_a_developer(site: Site) -> None:
    """With the address that Clerk has verified, and a test platform of their own."""
    user_id = site.developers.add_user("grace@example.com")

    me = site.get("/platform/me", site.developers.session_token(user_id)).json()

    assert (user_id, "grace@example.com", "free") == (me["userId"], me["email"], me["plan"])
    assert me["testPlatformId"].startswith("pk_test_drm_")
    assert me["testPlatformId"] != site.pk


def test_the_first_token_makes_an_end_user_of_the_platform(site: Site) -> None:
    """And our two claims come back to Clerk, so that the next token of the template has them."""
    user_id, token = site.new_user()

    me = site.me(token)

    assert (200, user_id) == (me.status_code, me.json()["userId"])
    user = site.customers.users[user_id]
    written = eventually(lambda: user["public_metadata"])
    assert site.pk == written["platformId"]
    assert 200 == site.me(site.customers.template_token(user_id)).status_code


def test_a_person_belongs_to_one_platform(site: Site) -> None:
    """On another developer's platform the same person, and the same token, is nobody."""
    other = site.developers.session_token(site.developers.add_user())
    other_pk = site.get("/platform/me", other).json()["testPlatformId"]
    _, token = site.new_user()
    assert 200 == site.me(token).status_code

    assert 401 == site.get("/v1/me", token, other_pk).status_code


def test_the_realms_do_not_mix(site: Site) -> None:
    """A developer's token is nothing to the end users' door, nor theirs to the console's."""
    developer = site.developers.session_token(site.developers.add_user())
    _, end_user = site.new_user()

    answers = [site.me(developer), site.get("/platform/me", end_user)]

    assert [401, 401] == [answer.status_code for answer in answers]


def test_webhooks_in_any_order_leave_the_newest_profile(site: Site) -> None:
    """And whoever was deleted stays away, whatever arrives late."""
    user_id, token = site.new_user()
    created = site.customers.about("user.created", user_id)
    site.me(token)
    site.customers.change_user(user_id, first_name="Old")
    older = site.customers.about("user.updated", user_id)
    site.customers.change_user(user_id, first_name="New")
    newer = site.customers.about("user.updated", user_id)

    told = [site.deliver(CUSTOMERS, one) for one in (newer, created, older, newer)]
    eventually(lambda: site.me(token).json()["name"] == "New Lovelace")
    told += [site.deliver(CUSTOMERS, site.customers.about("user.deleted", user_id))]
    eventually(lambda: site.me(token).status_code == httpx.codes.UNAUTHORIZED)
    told += [site.deliver(CUSTOMERS, one) for one in (older, newer)]

    assert [200] * 7 == told
    assert 401 == site.me(site.customers.session_token(user_id)).status_code


def test_a_developer_is_there_before_they_come(site: Site) -> None:
    """user.created is enough, and Clerk is told their plan."""
    user_id = site.developers.add_user()

    told = site.deliver(DEVELOPERS, site.developers.about("user.created", user_id))

    user = site.developers.users[user_id]
    assert 200 == told
    assert {"plan": "free"} == eventually(lambda: user["public_metadata"])


def test_what_another_instance_signs_is_refused(site: Site) -> None:
    """By the wrong secret, and by the right secret of a wrong instance."""
    user_id = site.customers.add_user()
    foreign = site.customers.about("user.created", user_id)
    person = site.developers.add_user()
    misplaced = site.developers.about("user.created", person, instance_id="ins_other")

    assert [400, 400] == [site.deliver(DEVELOPERS, one) for one in (foreign, misplaced)]


def test_a_rotated_key_takes_over(site: Site) -> None:
    """The new key's first token works, and after it the old key's do not."""
    user_id, old = site.new_user()
    assert 200 == site.me(old).status_code
    site.advance(15)
    site.customers.rotate_key()

    new = site.customers.session_token(user_id)

    assert [200, 401] == [site.me(token).status_code for token in (new, old)]


def test_while_clerk_is_away_whoever_is_known_goes_on(site: Site) -> None:
    """A newcomer is told to come back, in one shape, and does."""
    _, known = site.new_user()
    assert 200 == site.me(known).status_code
    _, newcomer = site.new_user()
    site.customers.is_away = True
    try:
        goes_on, waits = site.me(known), site.me(newcomer)
    finally:
        site.customers.is_away = False

    assert 200 == goes_on.status_code
    assert (503, "clerk_unavailable") == (waits.status_code, waits.json()["code"])
    assert "application/problem+json" == waits.headers["content-type"]
    assert int(waits.headers["retry-after"]) > 0
    assert 200 == site.me(newcomer).status_code


def test_our_own_way_in_says_that_it_is_closed(site: Site) -> None:
    """Sign-up here would make people whom Clerk does not know."""
    body = {"email": "ada@example.com", "password": "violet anchor sandwich"}
    for path, headers in (
        ("/platform/sign-up", {}),
        ("/v1/auth/sign-up", {"X-Publishable-Key": site.pk}),
    ):
        answer = httpx.post(site.server.base_url + path, json=body, headers=headers)
        assert (404, "not_found") == (answer.status_code, answer.json()["code"])
        assert "Clerk" in answer.json()["detail"]


def test_the_doctor_looks_at_clerk(site: Site) -> None:
    """What is right is ok; a key or an address that is wrong is named with its setting."""
    settings = settings_of(site.developers, site.customers)
    ask = ("doctor", "--data", str(site.server.data_dir))
    wrong = {
        "DREAM_CUSTOMER_IDENTITY_CLERK_SECRET_KEY": "sk_test_revoked",
        "DREAM_DEVELOPER_IDENTITY_CLERK_ISSUER": "http://127.0.0.1:9",
        "DREAM_DEVELOPER_IDENTITY_CLERK_WEBHOOK_SECRET": "",
    }

    well = dream_api(*ask, environment=settings).stdout
    sick = dream_api(*ask, environment=settings | wrong).stdout

    assert 8 == well.count("ok    Clerk, "), well
    assert f"works for {site.customers.instance_id} (development)" in well
    assert "FAIL  Clerk, end users: secret key" in sick
    assert "Correct DREAM_CUSTOMER_IDENTITY_CLERK_SECRET_KEY." in sick
    assert "FAIL  Clerk, developers: keys" in sick
    assert "look  Clerk, developers: webhooks" in sick


def test_who_belongs_where_survives_a_restart(site: Site) -> None:
    """Membership is a row of ours, and keys are read anew."""
    user_id, token = site.new_user()
    assert 200 == site.me(token).status_code
    site.server.stop()
    site.server.start()

    me = site.me(token)

    assert (200, user_id) == (me.status_code, me.json()["userId"])


def test_after_a_day_without_clerk_nobody_is_believed(site: Site) -> None:
    """Keys that old could have been revoked: fail closed, and say that it is Clerk."""
    user_id, token = site.new_user()
    assert 200 == site.me(token).status_code
    site.customers.is_away = True
    try:
        site.advance(DAY + 60)
        answer = site.me(site.customers.session_token(user_id))
    finally:
        site.customers.is_away = False

    assert (503, "clerk_unavailable") == (answer.status_code, answer.json()["code"])
