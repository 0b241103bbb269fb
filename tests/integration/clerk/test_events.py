"""What Clerk tells us: signed, in any order, and never bringing anybody back."""

import sqlite3
from typing import Any

import pytest

from tests.integration.clerk.conftest import Clerked, eventually

DEVELOPERS = "/platform/webhook/clerk"
CUSTOMERS = "/webhook/clerk"
KNOWS_THE_DEAD = frozenset(
    {
        "identity_clerk_users",  # The tombstone.
        "inbox_events",  # What Clerk said; it goes after a month.
        "metering_erasures",  # What is still to be blanked, some seconds long.
    }
)


async def deliver(clerked: Clerked, path: str, delivery: dict[str, Any]) -> int:
    """Post a delivery as Svix would."""
    return (await clerked.client.post(path, **delivery)).status_code


def events_done(clerked: Clerked, world: str) -> int:
    """Count the events that were handled."""
    with sqlite3.connect(f"file:{clerked.data_dir / world}.db?mode=ro", uri=True) as connection:
        query = "SELECT count(*) FROM inbox_events WHERE source = 'clerk' AND state = 'done'"
        (count,) = connection.execute(query).fetchone()
    connection.close()
    return int(count)


async def settle(clerked: Clerked, world: str, count: int) -> None:
    """Wait until so many events were handled."""

    async def done() -> bool:
        return events_done(clerked, world) >= count

    await eventually(done)


async def test_a_developer_is_there_when_clerk_says_so(clerked: Clerked) -> None:
    """user.created makes the developer before they come; their metadata follows."""
    user_id = clerked.developers.add_user()

    assert 200 == await deliver(
        clerked, DEVELOPERS, clerked.developers.about("user.created", user_id)
    )

    async def metadata() -> Any:
        return clerked.developers.users[user_id]["public_metadata"] or None

    assert {"plan": "free"} == await eventually(metadata)


async def test_a_changed_profile_arrives(clerked: Clerked) -> None:
    """Name and address of an end user follow Clerk's."""
    _, pk = await clerked.join()
    user_id = clerked.customers.add_user()
    await clerked.get("/v1/me", clerked.customers.session_token(user_id), pk)
    address = {"id": "idn_2", "email_address": "new@example.com"}
    clerked.customers.change_user(
        user_id,
        first_name="Grace",
        primary_email_address_id="idn_2",
        email_addresses=[{**address, "verification": {"status": "verified"}}],
    )

    assert 200 == await deliver(
        clerked, CUSTOMERS, clerked.customers.about("user.updated", user_id)
    )

    await settle(clerked, "customers", 1)
    me = (await clerked.get("/v1/me", clerked.customers.session_token(user_id), pk)).json()
    assert ("new@example.com", "Grace Lovelace") == (me["email"], me["name"])


async def test_old_news_changes_nothing(clerked: Clerked) -> None:
    """Events in the wrong order leave the newest profile standing."""
    _, pk = await clerked.join()
    user_id = clerked.customers.add_user()
    await clerked.get("/v1/me", clerked.customers.session_token(user_id), pk)
    clerked.customers.change_user(user_id, first_name="Old")
    old = clerked.customers.about("user.updated", user_id)
    clerked.customers.change_user(user_id, first_name="New")
    new = clerked.customers.about("user.updated", user_id)

    for delivery in (new, old, new):
        assert 200 == await deliver(clerked, CUSTOMERS, delivery)

    await settle(clerked, "customers", 2)
    me = (await clerked.get("/v1/me", clerked.customers.session_token(user_id), pk)).json()
    assert "New Lovelace" == me["name"]


async def test_an_address_that_is_not_verified_is_none(clerked: Clerked) -> None:
    """Somebody else's address does not become anybody's by being typed in."""
    _, pk = await clerked.join()
    address = {"id": "idn_1", "email_address": "victim@example.com"}
    user_id = clerked.customers.add_user(
        email_addresses=[{**address, "verification": {"status": "unverified"}}]
    )

    me = await clerked.get("/v1/me", clerked.customers.session_token(user_id), pk)

    assert (200, None) == (me.status_code, me.json()["email"])


async def test_whoever_is_deleted_is_gone_for_good(clerked: Clerked) -> None:
    """Their tokens are refused at once, and neither a late update nor a token brings them back."""
    _, pk = await clerked.join()
    user_id = clerked.customers.add_user()
    token = clerked.customers.session_token(user_id)
    assert 200 == (await clerked.get("/v1/me", token, pk)).status_code
    late = clerked.customers.about("user.updated", user_id)

    await deliver(clerked, CUSTOMERS, clerked.customers.about("user.deleted", user_id))
    await settle(clerked, "customers", 1)
    await deliver(clerked, CUSTOMERS, late)
    await settle(clerked, "customers", 2)

    assert 401 == (await clerked.get("/v1/me", token, pk)).status_code
    assert [] == rows_naming(clerked, user_id)


async def test_a_deletion_that_comes_first_wins(clerked: Clerked) -> None:
    """Clerk delivers in any order: created after deleted creates nothing."""
    user_id = clerked.developers.add_user()
    created = clerked.developers.about("user.created", user_id)
    token = clerked.developers.session_token(user_id)

    await deliver(clerked, DEVELOPERS, clerked.developers.about("user.deleted", user_id))
    await settle(clerked, "developers", 1)
    await deliver(clerked, DEVELOPERS, created)
    await settle(clerked, "developers", 2)

    assert 401 == (await clerked.get("/platform/me", token)).status_code


async def test_whoever_deletes_the_account_here_is_deleted_at_clerk(clerked: Clerked) -> None:
    """Our own deletion reaches Clerk through the outbox."""
    _, pk = await clerked.join()
    user_id = clerked.customers.add_user()
    token = clerked.customers.session_token(user_id)
    await clerked.get("/v1/me", token, pk)
    headers = {"Authorization": f"Bearer {token}", "X-Publishable-Key": pk}

    answer = await clerked.client.delete("/v1/auth/me", headers=headers)

    async def gone() -> bool:
        return user_id not in clerked.customers.users

    assert 204 == answer.status_code, answer.text
    await eventually(gone)
    assert 401 == (await clerked.get("/v1/me", token, pk)).status_code


async def test_a_lost_webhook_is_made_up_for(clerked: Clerked) -> None:
    """Once a day everybody is compared with Clerk: changes arrive, and who is gone goes."""
    _, pk = await clerked.join()
    stays, goes = clerked.customers.add_user(), clerked.customers.add_user()
    for user_id in (stays, goes):
        await clerked.get("/v1/me", clerked.customers.session_token(user_id), pk)
    clerked.customers.change_user(stays, first_name="Renamed")
    token_of_gone = clerked.customers.session_token(goes, exp=clerked.customers.now + 90_000)
    del clerked.customers.users[goes]

    clerked.advance(25 * 3600)

    async def renamed() -> bool:
        me = await clerked.get("/v1/me", clerked.customers.session_token(stays), pk)
        return bool(me.json().get("name") == "Renamed Lovelace")

    async def forgotten() -> bool:
        return [] == rows_naming(clerked, goes)

    await eventually(renamed)
    await eventually(forgotten)
    assert 401 == (await clerked.get("/v1/me", token_of_gone, pk)).status_code


def rows_naming(clerked: Clerked, word: str) -> list[str]:
    """List the tables of the customers' world that still name somebody, and should not."""
    with sqlite3.connect(f"file:{clerked.data_dir / 'customers'}.db?mode=ro", uri=True) as found:
        tables = [
            name
            for (name,) in found.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if name not in KNOWS_THE_DEAD
            and any(word in repr(row) for row in found.execute(f'SELECT * FROM "{name}"'))  # noqa: S608
        ]
    found.close()
    return tables


async def test_private_metadata_is_not_stored(clerked: Clerked) -> None:
    """Clerk sends it along; it is none of our business, and is not kept."""
    user_id = clerked.customers.add_user()

    await deliver(clerked, CUSTOMERS, clerked.customers.about("user.created", user_id))

    with sqlite3.connect(f"file:{clerked.data_dir / 'customers'}.db?mode=ro", uri=True) as found:
        (payload,) = found.execute("SELECT payload FROM inbox_events").fetchone()
    found.close()
    assert user_id in payload
    assert "private-to-clerk" not in payload


async def test_an_event_counts_once(clerked: Clerked) -> None:
    """The same svix-id again is answered and not stored again."""
    user_id = clerked.customers.add_user()
    delivery = clerked.customers.about("user.created", user_id, event_id="msg_same")

    assert {200} == {await deliver(clerked, CUSTOMERS, delivery) for _ in range(3)}

    await settle(clerked, "customers", 1)
    assert 1 == events_done(clerked, "customers")


async def test_events_about_other_things_are_answered(clerked: Clerked) -> None:
    """An endpoint that was subscribed to too much is not disabled by Clerk for our refusals."""
    delivery = clerked.customers.webhook("session.created", {"id": "sess_1", "object": "session"})

    assert 200 == await deliver(clerked, CUSTOMERS, delivery)


@pytest.mark.parametrize(
    "change",
    [
        {"svix-signature": "v1,AAAA"},
        {"svix-signature": "no-comma"},
        {"svix-signature": "v1,\u00e4\u00f6".encode()},
        {"svix-signature": ""},
        {"svix-id": "msg_other"},
        {"svix-id": ""},
        {"svix-timestamp": "yesterday"},
        {"svix-timestamp": "-1"},
        {"svix-timestamp": "1"},
        {"svix-timestamp": "9" * 40},
        {"svix-timestamp": ""},
    ],
    ids=str,
)
async def test_what_clerk_did_not_sign_is_refused(clerked: Clerked, change: dict[str, Any]) -> None:
    """Any oddity is a 400, and nothing is stored."""
    delivery = clerked.customers.about("user.created", clerked.customers.add_user())
    delivery["headers"] |= change

    assert 400 == await deliver(clerked, CUSTOMERS, delivery)
    assert 0 == events_done(clerked, "customers")


@pytest.mark.parametrize("seconds", [-310, 310])
async def test_an_old_signature_is_refused(clerked: Clerked, seconds: int) -> None:
    """A delivery that is five minutes away, on either side, is not believed."""
    user_id = clerked.customers.add_user()
    timestamp = clerked.customers.now + seconds
    delivery = clerked.customers.about("user.created", user_id, timestamp=timestamp)

    assert 400 == await deliver(clerked, CUSTOMERS, delivery)


@pytest.mark.parametrize("data", [{}, {"id": "x"}, {"id": "user_a"}, {"id": None}], ids=str)
async def test_a_signed_body_that_is_no_user_is_refused(
    clerked: Clerked, data: dict[str, Any]
) -> None:
    """Signed nonsense is a 400, never a 500."""
    assert 400 == await deliver(clerked, CUSTOMERS, clerked.customers.webhook("user.updated", data))


async def test_each_address_takes_its_own_application_only(clerked: Clerked) -> None:
    """What the end users' application signs does not open the developers' address."""
    user_id = clerked.customers.add_user()
    delivery = clerked.customers.about("user.created", user_id)

    assert 400 == await deliver(clerked, DEVELOPERS, delivery)


@pytest.mark.parametrize("instance_id", ["ins_of_somebody_else", "", None, 7])
async def test_an_event_of_another_instance_is_refused(clerked: Clerked, instance_id: Any) -> None:
    """A signing secret copied from another instance mixes nobody's people with ours."""
    user_id = clerked.developers.add_user()
    event = clerked.developers.about("user.created", user_id, instance_id=instance_id)

    answer = await clerked.client.post(DEVELOPERS, **event)

    assert (400, "invalid_signature") == (answer.status_code, answer.json()["code"])
    assert 0 == events_done(clerked, "developers")


async def test_an_event_waits_where_clerk_cannot_say_whose_it_is(clerked: Clerked) -> None:
    """The refusal is one that Svix delivers again after, and nothing is believed meanwhile."""
    user_id = clerked.developers.add_user()
    event = clerked.developers.about("user.created", user_id)
    clerked.developers.is_away = True
    early = await deliver(clerked, DEVELOPERS, event)
    clerked.developers.is_away = False

    assert (503, 200) == (early, await deliver(clerked, DEVELOPERS, event))


async def test_the_instance_is_asked_for_once(clerked: Clerked) -> None:
    """Events do not wait for Clerk after the first, nor fail while it is away."""
    user_id = clerked.developers.add_user()
    first = await deliver(clerked, DEVELOPERS, clerked.developers.about("user.created", user_id))
    clerked.developers.is_away = True
    second = await deliver(clerked, DEVELOPERS, clerked.developers.about("user.updated", user_id))

    assert (200, 200) == (first, second)
