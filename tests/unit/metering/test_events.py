"""The quick reader never accepts what the strict one refuses, and never reads it differently."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from dream_api.customers.metering import TrackEvent
from dream_api.services.api_multi.events import read_batch, read_event, read_question
from dream_api.services.http.errors import InvalidJson
from dream_api.services.http.strict_json import strict_loads

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 2_000_000), st.floats(), TEXT,
    st.just("2026-11-22T17:31:00Z"),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2)
)
NAMES = st.sampled_from(["userId", "amount", "idempotencyKey", "timestamp", "properties", "x"])
PAIRS = st.lists(st.tuples(NAMES, VALUES), max_size=6)


def written(pairs: list[tuple[str, Any]], *, is_ascii: bool) -> bytes:
    """Write an object whose keys may stand twice."""
    inner = ",".join(
        f"{json.dumps(name)}:{json.dumps(value, ensure_ascii=is_ascii)}" for name, value in pairs
    )
    return f"{{{inner}}}".encode()


@given(PAIRS, st.booleans())
@example([("userId", "u"), ("userId", "v")], False)
@example([("userId", "u"), ("properties", {"a": 1})], True)
def test_what_is_read_at_a_glance_is_what_strict_parsing_reads(
    pairs: list[tuple[str, Any]],
    is_ascii: bool,  # noqa: FBT001 - hypothesis passes it by position.
) -> None:
    """A duplicate key, a lone surrogate or an unknown field never slips through."""
    body = written(pairs, is_ascii=is_ascii)

    event = read_event(body, None)

    if event is not None:
        strict = strict_loads(body)
        assert {"userId", "amount", "idempotencyKey", "timestamp", "properties"} >= strict.keys()
        assert (strict["userId"], strict.get("amount", 1)) == (event.user_id, event.amount)
        assert strict.get("idempotencyKey") == event.idempotency_key
        assert strict.get("properties") == event.properties


@given(st.binary(max_size=60))
def test_bytes_that_strict_parsing_refuses_are_never_read(body: bytes) -> None:
    """Whatever arrives, the quick reader gives up rather than guesses."""
    try:
        strict_loads(body)
    except InvalidJson:
        assert (None, None, None) == (
            read_event(body, None), read_batch(body), read_question(body)
        )  # fmt: skip


@given(PAIRS)
def test_a_batch_is_read_like_its_events(pairs: list[tuple[str, Any]]) -> None:
    """One event that is not plain makes the batch not plain."""
    one = written(pairs, is_ascii=False)

    alone, batch = read_event(one, None), read_batch(b'{"events":[%s,{"userId":"u"}]}' % one)

    assert batch == (None if alone is None else [alone, TrackEvent("u")])


def test_plain_bodies_are_read() -> None:
    """The common shapes take the short way; if they did not, nobody would notice but the clock."""
    moment = datetime(2026, 11, 22, 17, 31, tzinfo=UTC)

    assert TrackEvent("ü 1") == read_event('{"userId":"ü 1"}'.encode(), None)
    assert TrackEvent("u", 3, "k") == read_event(b'{ "amount": 3, "userId": "u" }', "k")
    assert TrackEvent("u", 1, "k", moment, {"a": [1]}) == read_event(
        b'{"userId":"u","idempotencyKey":"k","timestamp":"2026-11-22T17:31:00Z",'
        b'"properties":{"a":[1]}}',
        None,
    )
    assert ("u", 5) == read_question(b'{"userId":"u","amount":5}')


def test_two_different_keys_are_not_decided_at_a_glance() -> None:
    """Header and body must agree."""
    body = b'{"userId":"u","idempotencyKey":"k"}'

    assert read_event(body, "k") == TrackEvent("u", 1, "k")
    assert None is read_event(body, "j")
