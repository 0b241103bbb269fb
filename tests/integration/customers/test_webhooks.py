"""The webhook: nothing is believed before its signature, and nothing is lost after it."""

import asyncio
from typing import Any

from tests.integration.customers.door import CONNECT_SECRET, Door


async def _stored(door: Door) -> list[str]:
    return [event.event_id for event in (await door.shop.log()).events]


async def test_a_signed_event_is_stored_and_answered(door: Door) -> None:
    """200 once it is on disk; it is handled after."""
    answer = await door.deliver(door.event())

    assert (200, {"received": True}) == (answer.status_code, answer.json())
    assert ["evt_1"] == await _stored(door)


async def test_an_event_that_comes_often_is_stored_once(door: Door) -> None:
    """In a row and at once; every delivery is answered 200."""
    answers = await asyncio.gather(*(door.deliver(door.event()) for _ in range(10)))

    assert {200} == {answer.status_code for answer in answers}
    assert ["evt_1"] == await _stored(door)


UNSIGNED: tuple[dict[str, Any], ...] = (
    {"secret": "whsec_another"},
    {"secret": ""},
    {"age_seconds": 301},
    {"age_seconds": -301},
    {"body": b"[]"},
    {"body": b'"x"'},
    {"body": b"no json"},
    {"body": b"\xff\xfe"},
    {"body": b"{}"},
)
ODD_HEADERS = (None, "", "t=1", "v1=00", "t=x,v1=00", "t=1,v0=00", "," * 5_000)


async def test_what_stripe_did_not_sign_is_refused(door: Door) -> None:
    """400, and nothing is stored: wrong secret, too old, from the future, no event."""
    answers = [await door.deliver(door.event(), **delivery) for delivery in UNSIGNED]

    assert [(400, "invalid_signature")] * len(UNSIGNED) == [
        (answer.status_code, answer.json()["code"]) for answer in answers
    ]
    assert [] == await _stored(door)


async def test_an_odd_signature_is_refused(door: Door) -> None:
    """Whatever stands there, it is a 400."""
    statuses = {}
    for header in ODD_HEADERS:
        headers = {} if header is None else {"Stripe-Signature": header}
        answer = await door.http.post("/webhook/stripe", content=b"{}", headers=headers)
        statuses[header] = answer.status_code

    assert dict.fromkeys(ODD_HEADERS, 400) == statuses


async def test_an_event_of_290_seconds_ago_is_taken(door: Door) -> None:
    """Stripe signs each try anew; clocks differ."""
    assert 200 == (await door.deliver(door.event(), age_seconds=290)).status_code


async def test_an_event_of_our_own_account_does_not_belong_here(door: Door) -> None:
    """A Connect endpoint's events name an account."""
    event = door.event()
    del event["account"]

    assert 400 == (await door.deliver(event)).status_code
    assert [] == await _stored(door)


async def test_an_event_of_an_unknown_account_is_answered_and_dropped(door: Door) -> None:
    """A refusal would only bring it back for three days."""
    assert 200 == (await door.deliver(door.event(account="acct_unknown"))).status_code
    assert [] == await _stored(door)


async def test_an_event_of_the_other_mode_is_answered_and_dropped(door: Door) -> None:
    """A Connect endpoint hears both modes; only that of the connection counts."""
    assert 200 == (await door.deliver(door.event(livemode=True))).status_code
    assert [] == await _stored(door)


async def test_an_event_that_is_too_large_is_refused(door: Door) -> None:
    """413 past 256 KB."""
    event = door.event(padding="x" * 262_144)

    assert 413 == (await door.deliver(event)).status_code


async def test_clerks_events_have_nowhere_to_go(door: Door) -> None:
    """404 while end users sign in through the built-in realm."""
    assert 404 == (await door.http.post("/webhook/clerk", content=b"{}")).status_code


async def test_an_event_changes_the_user_it_is_about(door: Door) -> None:
    """From delivery to plan, without anybody coming back from Checkout."""
    subscription_id = await door.shop.subscribe_unheard("pro")
    event = door.event(data={"object": {"id": subscription_id, "object": "subscription"}})
    await door.deliver(event, secret=CONNECT_SECRET)

    await door.shop.inbox.handle_due(door.shop.handlers)

    assert "pro" == (await door.shop.row()).plan
