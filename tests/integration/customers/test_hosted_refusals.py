"""What a person reads on the hosted pages when Stripe or we say no: what to do, in their words."""

import html
import re
from typing import Any, NoReturn

import httpx
import pytest
import stripe
from structlog.testing import capture_logs

from dream_api.customers.subscriptions import Obstacle
from dream_api.gateways.stripe.transport import Transport
from dream_api.services.api_multi.pages.sentences import _OF_OBSTACLES, _SENTENCES
from tests.integration.customers.door import ORIGIN, PASSWORD, Door
from tests.integration.customers.shop import BASIC, FAILS_LATER_CARD, FREE, PRO
from tests.integration.customers.test_accounts import connect_another

EMAIL = "grace@example.com"
FORBIDDEN = ("Stripe says", "POST /", "/platform/", "create-products", "userId", "stripe_")
"""Words for who sells, which nobody who buys can do anything with."""


class Person:
    """Somebody in a browser, signed in on the platform's hosted pages."""

    def __init__(self, door: Door, user_id: str) -> None:
        self._door = door
        self.user_id = user_id
        self.base = f"/p/{door.shop.platform_id}"

    async def get(self, page: str) -> httpx.Response:
        """Open a page."""
        return await self._door.http.get(f"{self.base}{page}", headers={"Accept": "text/html"})

    async def press(self, page: str, **fields: str) -> httpx.Response:
        """Send a form of these pages."""
        headers = {"Accept": "text/html", "Origin": ORIGIN}
        return await self._door.http.post(f"{self.base}{page}", data=fields, headers=headers)


@pytest.fixture
async def person(door: Door) -> Person:
    """Sign somebody in by the hosted form."""
    user_id, _ = await door.sign_in(EMAIL)
    signing_in = Person(door, user_id)
    answer = await signing_in.press("/sign-in", email=EMAIL, password=PASSWORD)
    assert 303 == answer.status_code, answer.text
    return signing_in


def alert_of(answer: httpx.Response) -> str:
    """Read the sentence that the page shows, and check that it is one for people."""
    found = re.search(r'role="alert">.*?<div>(.*?)</div>', answer.text, re.DOTALL)
    assert found is not None, answer.text
    sentence = html.unescape(found.group(1))
    assert [] == [word for word in FORBIDDEN if word in sentence], sentence
    return sentence


async def test_a_declined_card_says_where_it_is_updated(door: Door, person: Person) -> None:
    """The bank's words are for nobody; the log has them."""
    await door.shop.subscribe("basic", person.user_id, FAILS_LATER_CARD)

    with capture_logs() as logs:
        answer = await person.press("/change-plan", tier="pro")

    assert 402 == answer.status_code
    assert "Update it under Manage billing" in alert_of(answer)
    said = [line["said"] for line in logs if line["event"] == "hosted.refused"]
    assert ["Stripe says"] == [words[:11] for words in said]


async def test_what_only_the_seller_can_mend_says_whom_to_tell(door: Door, person: Person) -> None:
    """An archived price, while buying and while switching."""
    pro = (await door.shop.tiers()).find("pro")
    assert pro is not None
    await door.shop.stripe.archive_price(door.shop.account_id, str(pro.price_id))

    buying = await person.press("/checkout", tier="pro")
    await door.shop.subscribe("basic", person.user_id)
    looking = await person.get("/change-plan?tier=pro")
    switching = await person.press("/change-plan", tier="pro")

    for answer in (buying, looking, switching):
        assert 409 == answer.status_code
        assert "please tell" in alert_of(answer)


async def test_a_subscription_on_the_account_before_says_whom_to_ask(
    door: Door, person: Person
) -> None:
    """Buying, switching and managing all end in the same advice, which helps."""
    await door.shop.subscribe("basic", person.user_id)
    moved = await connect_another(door.shop)
    await moved.sell(FREE, BASIC, PRO)

    answers = [
        await person.press("/checkout", tier="pro"),
        await person.get("/change-plan?tier=pro"),
        await person.press("/change-plan", tier="pro"),
        await person.press("/portal"),
    ]

    for answer in answers:
        assert 409 == answer.status_code
        assert "to end it; you keep what you paid for until then" in alert_of(answer)


async def test_a_payment_that_stripe_cannot_confirm_yet_may_be_looked_at_again(
    door: Door, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes back from paying while Stripe is away reads that, and not an error."""
    shop = door.shop
    url, session_id = await shop.open("pro", person.user_id)
    await shop.pay(url)

    async def nobody(_transport: Transport, *_args: Any) -> NoReturn:
        unreachable: Any = stripe.APIConnectionError  # The SDK gives it no types.
        raise unreachable("Nobody is there.")

    monkeypatch.setattr(Transport, "request_async", nobody)
    away = await person.get(f"/checkout/return?session_id={session_id}")
    monkeypatch.undo()
    back = await person.get(f"/checkout/return?session_id={session_id}")

    assert 503 == away.status_code
    assert "Your payment is being confirmed" in away.text
    assert "Look again" in away.text
    assert 303 == back.status_code


def test_every_sentence_is_one_for_people() -> None:
    """No address of the API, no word of Stripe's, and an end."""
    sentences = [*_SENTENCES.values(), *_OF_OBSTACLES.values()]

    assert [] == [text for text in sentences for word in FORBIDDEN if word in text]
    assert [] == [text for text in sentences if not text.endswith(".")]
    assert set(Obstacle) == set(_OF_OBSTACLES)
