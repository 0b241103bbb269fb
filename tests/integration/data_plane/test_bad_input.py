"""Bad input: a 4xx problem each, and nothing is written."""

from typing import Any

import pytest

from tests.integration.data_plane.conftest import Door

pytestmark = pytest.mark.asyncio(loop_scope="session")

LATER = "2999-01-01T00:00:00Z"

BODIES: dict[str, tuple[bytes, int]] = {
    "empty": (b"", 422),
    "blank": (b" ", 400),
    "null": (b"null", 422),
    "list": (b"[]", 422),
    "string": (b'"x"', 422),
    "truncated": (b'{"userId":"u_1"', 400),
    "trailing": (b'{"userId":"u_1"} x', 400),
    "two values": (b'{"userId":"u_1"}{"userId":"u_1"}', 400),
    "bom": (b'\xef\xbb\xbf{"userId":"u_1"}', 400),
    "utf-16": ('{"userId":"u_1"}'.encode("utf-16"), 400),
    "bad utf-8": (b'{"userId":"\xff"}', 400),
    "raw surrogate": (b'{"userId":"\xed\xa0\x80"}', 400),
    "lone surrogate": (b'{"userId":"\\ud800"}', 400),
    "duplicate key": (b'{"userId":"u_1","userId":"u_2"}', 400),
    "duplicate amount": (b'{"userId":"u_1","amount":1,"amount":2}', 400),
    "duplicate by escape": (b'{"userId":"u_1","user\\u0049d":"u_2"}', 400),
    "duplicate in properties": (b'{"userId":"u_1","properties":{"a":1,"a":2}}', 400),
    "surrogate in properties": (b'{"userId":"u_1","properties":{"a":"\\udc00"}}', 400),
    "nan in properties": (b'{"userId":"u_1","properties":{"a":NaN}}', 400),
    "overflow in properties": (b'{"userId":"u_1","properties":{"a":1e400}}', 400),
    "long integer in properties": (b'{"userId":"u_1","properties":{"a":%s}}' % (b"1" * 20), 400),
    "deep": (b'{"userId":"u_1","properties":{"a":%s%s}}' % (b"[" * 30, b"]" * 30), 400),
    "bomb": (b"[" * 60_000, 400),
    "nan": (b'{"userId":"u_1","amount":NaN}', 400),
    "infinity": (b'{"userId":"u_1","amount":-Infinity}', 400),
    "overflow": (b'{"userId":"u_1","amount":1e400}', 400),
    "digits": (b'{"userId":"u_1","amount":%s}' % (b"9" * 5000), 400),
    "control character": (b'{"userId":"u\n1"}', 400),
    "comma": (b'{"userId":"u_1",}', 400),
    "single quotes": (b"{'userId':'u_1'}", 400),
}

FIELDS: dict[str, tuple[dict[str, Any], str]] = {
    "no user": ({}, "userId"),
    "empty user": ({"userId": ""}, "userId"),
    "long user": ({"userId": "u" * 129}, "userId"),
    "user with newline": ({"userId": "u_1\n"}, "userId"),
    "user with NUL": ({"userId": "u\0"}, "userId"),
    "user with DEL": ({"userId": "u\x7f"}, "userId"),
    "user with C1": ({"userId": "u\x85"}, "userId"),
    "user null": ({"userId": None}, "userId"),
    "user number": ({"userId": 1}, "userId"),
    "amount 0": ({"userId": "u_1", "amount": 0}, "amount"),
    "amount -1": ({"userId": "u_1", "amount": -1}, "amount"),
    "amount 1.5": ({"userId": "u_1", "amount": 1.5}, "amount"),
    "amount 1.0": ({"userId": "u_1", "amount": 1.0}, "amount"),
    "amount text": ({"userId": "u_1", "amount": "5"}, "amount"),
    "amount true": ({"userId": "u_1", "amount": True}, "amount"),
    "amount null": ({"userId": "u_1", "amount": None}, "amount"),
    "amount too large": ({"userId": "u_1", "amount": 1_000_001}, "amount"),
    "amount 2^63": ({"userId": "u_1", "amount": 2**63 - 1}, "amount"),
    "empty key": ({"userId": "u_1", "idempotencyKey": ""}, "idempotencyKey"),
    "long key": ({"userId": "u_1", "idempotencyKey": "k" * 256}, "idempotencyKey"),
    "key with control": ({"userId": "u_1", "idempotencyKey": "k\t"}, "idempotencyKey"),
    "key null": ({"userId": "u_1", "idempotencyKey": None}, "idempotencyKey"),
    "timestamp in the future": ({"userId": "u_1", "timestamp": LATER}, "timestamp"),
    "timestamp long ago": ({"userId": "u_1", "timestamp": "2001-01-01T00:00:00Z"}, "timestamp"),
    "timestamp at the edge": (
        {"userId": "u_1", "timestamp": "0001-01-01T00:00:00+14:00"}, "timestamp",
    ),
    "timestamp without offset": (
        {"userId": "u_1", "timestamp": "2026-01-01T00:00:00"}, "timestamp",
    ),
    "timestamp number": ({"userId": "u_1", "timestamp": 1}, "timestamp"),
    "timestamp text": ({"userId": "u_1", "timestamp": "yesterday"}, "timestamp"),
    "properties list": ({"userId": "u_1", "properties": []}, "properties"),
    "properties null": ({"userId": "u_1", "properties": None}, "properties"),
    "unknown field": ({"userId": "u_1", "amout": 5}, "amout"),
    "snake case": ({"userId": "u_1", "user_id": "u_1"}, "user_id"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "status"), BODIES.values(), ids=BODIES.keys())
async def test_a_body_that_is_no_strict_json_object_is_refused(
    door: Door, body: bytes, status: int
) -> None:
    """Malformed is 400, well-formed but wrong is 422; never a 5xx, never a count."""
    answer = await door.send("/v1/track", body)

    assert status == answer.status_code, answer.text
    assert "application/problem+json" == answer.headers["content-type"]
    assert answer.json()["requestId"].startswith("req_")
    assert {0} == set(door.world.counts().values())


@pytest.mark.parametrize(("body", "param"), FIELDS.values(), ids=FIELDS.keys())
async def test_a_wrong_field_is_named(door: Door, body: dict[str, Any], param: str) -> None:
    """422 says which field, alone and inside a batch; nothing of the batch is counted."""
    alone = await door.post("/v1/track", body)
    batch = await door.post("/v1/track/batch", {"events": [{"userId": "u_2"}, body]})

    for answer, path in ((alone, param), (batch, f"events[1].{param}")):
        assert 422 == answer.status_code, answer.text
        assert path in [error["param"] for error in answer.json()["errors"]]
    assert {0} == set(door.world.counts().values())


@pytest.mark.parametrize(
    "events", [[], [{"userId": "u_1"}] * 1001, None, {}], ids=["none", "1001", "null", "object"]
)
async def test_a_batch_holds_one_to_a_thousand_events(door: Door, events: Any) -> None:
    """Anything else is refused whole."""
    answer = await door.post("/v1/track/batch", {"events": events})

    assert (422, "events") == (answer.status_code, answer.json()["errors"][0]["param"])
    assert {0} == set(door.world.counts().values())


@pytest.mark.parametrize(
    ("path", "size_bytes"), [("/v1/track", 66_000), ("/v1/track/batch", 1_100_000)]
)
async def test_a_body_over_the_limit_is_413(door: Door, path: str, size_bytes: int) -> None:
    """64 KB for one event, 1 MB for a batch."""
    answer = await door.send(path, b'{"userId":"%s"}' % (b"u" * size_bytes))

    assert (413, "body_too_large") == (answer.status_code, answer.json()["code"])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": ""}, 415),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Authorization": "Basic abc"}, 401),
        ({"Authorization": ""}, 401),
        ({"Idempotency-Key": "k" * 256}, 422),
        ({"Idempotency-Key": ""}, 422),
        ({"Host": "evil.example"}, 400),
        ({"X-Publishable-Key": "pk_test_drm_other"}, 403),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_header_that_is_wrong_is_refused(
    door: Door, headers: dict[str, str], status: int
) -> None:
    """Whatever is unusual about a call is judged before it counts."""
    answer = await door.send("/v1/track", b'{"userId":"u_1"}', **headers)

    assert status == answer.status_code, answer.text
    assert {0} == set(door.world.counts().values())


async def test_a_secret_key_in_the_wrong_place_is_refused(door: Door) -> None:
    """In the address it would be logged, in a body stored."""
    in_query = await door.http.post(
        f"/v1/track?key={door.secret_key}", json={"userId": "u_1"}, headers=door.secret
    )
    in_body = await door.post("/v1/track", {"userId": door.secret_key})
    in_usage = await door.http.get(
        "/v1/usage", params={"userId": door.secret_key}, headers=door.secret
    )

    assert [(400, "key_in_url"), (400, "key_in_body"), (400, "key_in_url")] == [
        (answer.status_code, answer.json()["code"]) for answer in (in_query, in_body, in_usage)
    ]
    assert {0} == set(door.world.counts().values())


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v1/track", "POST"),
        ("DELETE", "/v1/check", "POST"),
        ("POST", "/v1/usage", "GET, HEAD"),
        ("PUT", "/v1/track/batch", "POST"),
    ],
)
async def test_a_wrong_method_is_405_before_anything_else(
    door: Door, method: str, path: str, allow: str
) -> None:
    """No credential is needed to learn that a method does not exist."""
    answer = await door.http.request(method, path)

    assert (405, allow) == (answer.status_code, answer.headers["allow"])


async def test_a_header_key_for_a_batch_is_refused(door: Door) -> None:
    """Its events are repeated each on its own, so that one key for all would promise too much."""
    answer = await door.post(
        "/v1/track/batch", {"events": [{"userId": "u_1"}]}, **{"Idempotency-Key": "k"}
    )

    assert (422, "Idempotency-Key") == (answer.status_code, answer.json()["errors"][0]["param"])


@pytest.mark.parametrize("amount", [0, 1.5, "1", None, 10**12 + 1, -(10**12) - 1])
async def test_an_adjustment_takes_whole_units(door: Door, amount: Any) -> None:
    """Zero, fractions and absurd amounts are refused."""
    await door.post("/v1/track", {"userId": "u_1"})

    answer = await door.post("/v1/usage/adjust", {"userId": "u_1", "amount": amount, "reason": "r"})

    assert (422, "amount") == (answer.status_code, answer.json()["errors"][0]["param"])
    assert 1 == door.world.counts()["metering_ledger"]
