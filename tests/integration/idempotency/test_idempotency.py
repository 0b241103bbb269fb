"""One key, one request, one answer."""

import asyncio

import pytest

from dream_api.gateways.clock import MovableClock
from dream_api.shared.idempotency import (
    RETENTION,
    Idempotency,
    IdempotencyConflict,
    IdempotencyInProgress,
    StoredAnswer,
)
from dream_api.stores import Bindings

ANSWER = StoredAnswer(201, {"id": "key_1", "secretKey": None})


@pytest.fixture(params=["developers", "customers"])
def answers(request: pytest.FixtureRequest, bindings: Bindings, clock: MovableClock) -> Idempotency:
    """Open the stored answers of each world."""
    if request.param == "developers":
        return Idempotency(bindings.front_auth_api.developers, clock)
    return Idempotency(bindings.api_multi.customers, clock)


async def test_a_repeat_gets_the_first_answer(answers: Idempotency) -> None:
    """What was answered is answered again, and nothing is done twice."""
    assert await answers.begin("dev:1", "k", "print") is None
    await answers.finish("dev:1", "k", ANSWER)

    assert ANSWER == await answers.begin("dev:1", "k", "print")


async def test_of_racing_requests_one_does_the_work(answers: Idempotency) -> None:
    """Ten at once: one begins, nine are told that it is running."""
    results = await asyncio.gather(
        *(answers.begin("dev:1", "k", "print") for _ in range(10)), return_exceptions=True
    )

    assert 1 == sum(result is None for result in results)
    assert 9 == sum(isinstance(result, IdempotencyInProgress) for result in results)


async def test_another_request_under_the_same_key_is_refused(answers: Idempotency) -> None:
    """A key that is used by mistake for something else must not answer for it."""
    await answers.begin("dev:1", "k", "print")
    await answers.finish("dev:1", "k", ANSWER)

    with pytest.raises(IdempotencyConflict):
        await answers.begin("dev:1", "k", "another print")


async def test_two_callers_never_share_a_key(answers: Idempotency) -> None:
    """The same word of two callers is two keys."""
    await answers.begin("dev:1", "k", "print")
    await answers.finish("dev:1", "k", ANSWER)

    assert await answers.begin("dev:2", "k", "print") is None


async def test_an_abandoned_key_may_be_used_again(answers: Idempotency) -> None:
    """A request that was refused burns no key."""
    await answers.begin("dev:1", "k", "print")
    await answers.abandon("dev:1", "k")

    assert await answers.begin("dev:1", "k", "another print") is None


async def test_a_request_that_died_frees_its_key(answers: Idempotency, clock: MovableClock) -> None:
    """After a crash the key is usable again within minutes."""
    await answers.begin("dev:1", "k", "print")

    clock.advance(121)

    assert await answers.begin("dev:1", "k", "print") is None


async def test_answers_are_kept_a_week(answers: Idempotency, clock: MovableClock) -> None:
    """A late repeat is still a repeat; afterwards the row goes."""
    await answers.begin("dev:1", "k", "print")
    await answers.finish("dev:1", "k", ANSWER)
    clock.advance(int(RETENTION.total_seconds()) - 60)
    assert ANSWER == await answers.begin("dev:1", "k", "print")

    clock.advance(120)

    assert 1 == await answers.drop_expired()
    assert await answers.begin("dev:1", "k", "print") is None
