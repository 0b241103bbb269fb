"""The data plane over HTTP: both lanes answer alike, and nobody passes who may not."""

import asyncio
from datetime import datetime, timedelta

import pytest

from dream_api.customers.metering import set_blocked
from dream_api.customers.platforms import Tier, write_status
from dream_api.kit.keys import Mode, hash_key, issue_key
from dream_api.kit.periods import rfc3339
from tests.integration.data_plane.conftest import CONNECTIONS_MAX, Door
from tests.integration.metering.conftest import FREE

pytestmark = pytest.mark.asyncio(loop_scope="session")

LANES = {
    "express": "application/json",
    "ordinary": "application/json;charset=utf-8",  # Not recognised at a glance, but fine.
}


@pytest.fixture(params=list(LANES.values()), ids=list(LANES))
def lane(request: pytest.FixtureRequest) -> dict[str, str]:
    """Give the header that sends a call through one lane or the other."""
    return {"Content-Type": str(request.param)}


async def test_a_decision_carries_exactly_the_documented_fields(
    door: Door, lane: dict[str, str]
) -> None:
    """One shape for every caller and lane."""
    answer = await door.post("/v1/track", {"userId": "u_1", "amount": 42}, **lane)

    decision = answer.json()
    assert 200 == answer.status_code
    assert {
        "allowed": True,
        "reason": None,
        "userId": "u_1",
        "plan": "free",
        "usage": 42,
        "limit": 100,
        "remaining": 58,
        "rateLimit": None,
        "replayed": False,
    } == {name: value for name, value in decision.items() if not name.startswith("period")}
    assert decision["periodStart"].endswith("-01T00:00:00Z")
    assert "application/json" == answer.headers["content-type"]
    assert answer.headers["x-request-id"].startswith("req_")
    assert "no-store" == answer.headers["cache-control"]


async def test_a_minute_shows_in_the_headers(door: Door, lane: dict[str, str]) -> None:
    """Clients read how many calls are left and when to come back."""
    await door.world.publish(Tier("free", "Free", 0, rate_limit_per_minute=1))

    admitted = await door.post("/v1/track", {"userId": "u_1"}, **lane)
    denied = await door.post("/v1/track", {"userId": "u_1"}, **lane)

    assert ('"minute";q=1;w=60', "rate_limited") == (
        admitted.headers["ratelimit-policy"], denied.json()["reason"]
    )  # fmt: skip
    assert admitted.headers["ratelimit"].startswith('"minute";r=0;t=')
    assert 1 <= int(denied.headers["retry-after"]) <= 60
    assert "retry-after" not in admitted.headers


async def test_only_denials_that_time_heals_name_a_time(door: Door, lane: dict[str, str]) -> None:
    """More than a month's limit never fits, however long one waits."""
    heals = await door.post("/v1/check", {"userId": "u_1", "amount": 100}, **lane)
    await door.post("/v1/track", {"userId": "u_1", "amount": 100}, **lane)
    full = await door.post("/v1/track", {"userId": "u_1"}, **lane)
    never = await door.post("/v1/track", {"userId": "u_1", "amount": 101}, **lane)

    assert "retry-after" not in heals.headers
    assert int(full.headers["retry-after"]) > 0
    assert ("usage_limit_reached", False) == (
        never.json()["reason"], "retry-after" in never.headers
    )  # fmt: skip


async def test_the_key_may_stand_in_the_header(door: Door, lane: dict[str, str]) -> None:
    """Header and body name the same thing; both and different is refused."""
    by_header = {"Idempotency-Key": "k"} | lane
    await door.post("/v1/track", {"userId": "u_1"}, **by_header)

    replayed = await door.post("/v1/track", {"userId": "u_1", "idempotencyKey": "k"}, **lane)
    both = await door.post("/v1/track", {"userId": "u_1", "idempotencyKey": "k"}, **by_header)
    differ = await door.post("/v1/track", {"userId": "u_1", "idempotencyKey": "j"}, **by_header)
    conflict = await door.post("/v1/track", {"userId": "u_2"}, **by_header)

    assert (True, True) == (replayed.json()["replayed"], both.json()["replayed"])
    assert (422, "idempotencyKey") == (differ.status_code, differ.json()["errors"][0]["param"])
    assert (409, "idempotency_conflict") == (conflict.status_code, conflict.json()["code"])
    assert 1 == door.world.counts()["metering_ledger"]


async def test_a_batch_is_counted_up(door: Door, lane: dict[str, str]) -> None:
    """Results stand in the order of the events, with their sums."""
    events = [
        {"userId": "u_1", "amount": 100, "idempotencyKey": "a", "properties": {"model": "x"}},
        {"userId": "u_1"},
        {"userId": "u_1", "amount": 100, "idempotencyKey": "a", "properties": {"model": "x"}},
        {"userId": "u_1", "amount": 1, "idempotencyKey": "a"},
        {"userId": "u_2"},
    ]

    answer = await door.post("/v1/track/batch", {"events": events}, **lane)

    body = answer.json()
    assert (200, 2, 1, 2) == (
        answer.status_code, body["counted"], body["replayed"], body["denied"]
    )  # fmt: skip
    assert [None, "usage_limit_reached", None, "idempotency_conflict", None] == [
        result["reason"] for result in body["results"]
    ]


async def test_usage_shows_where_a_user_stands(door: Door) -> None:
    """Asking counts nothing, also for somebody whom nobody knows."""
    await door.post("/v1/track", {"userId": "u 1/ö", "amount": 7})

    known = await door.http.get("/v1/usage", params={"userId": "u 1/ö"}, headers=door.secret)
    unknown = await door.http.get("/v1/usage?userId=u_2", headers=door.secret)
    nobody = await door.http.get("/v1/usage", headers=door.secret)

    assert (7, 93) == (known.json()["usage"], known.json()["remaining"])
    assert (0, "free") == (unknown.json()["usage"], unknown.json()["plan"])
    assert (422, "userId") == (nobody.status_code, nobody.json()["errors"][0]["param"])
    assert 1 == door.world.counts()["users"]


async def test_an_adjustment_is_answered_like_usage(door: Door) -> None:
    """A server corrects; below zero nothing changes."""
    await door.post("/v1/track", {"userId": "u_1", "amount": 10})
    path = "/v1/usage/adjust"

    given = await door.post(path, {"userId": "u_1", "amount": -4, "reason": "refund"})
    below = await door.post(path, {"userId": "u_1", "amount": -7, "reason": "refund"})
    unknown = await door.post(path, {"userId": "u_9", "amount": 1, "reason": "refund"})

    assert (200, 6) == (given.status_code, given.json()["usage"])
    assert (422, "usage_below_zero") == (below.status_code, below.json()["code"])
    assert (404, "not_found") == (unknown.status_code, unknown.json()["code"])


async def test_a_revoked_key_is_refused_on_the_next_request(
    door: Door, lane: dict[str, str]
) -> None:
    """Also where the key is cached, and alike for counting and asking; nothing is counted."""
    await door.post("/v1/track", {"userId": "u_1"}, **lane)
    await door.world.put_key(door.secret_key, revokedAt=rfc3339(door.world.clock.now()))

    answers = [
        await door.post("/v1/track", {"userId": "u_1"}, **lane),
        await door.post("/v1/check", {"userId": "u_1"}, **lane),
        await door.post("/v1/track/batch", {"events": [{"userId": "u_1"}]}, **lane),
        await door.http.get("/v1/usage?userId=u_1", headers=door.secret),
    ]

    assert [(401, "unauthenticated")] * 4 == [
        (answer.status_code, answer.json()["code"]) for answer in answers
    ]
    assert 1 == door.world.counts()["metering_ledger"]


async def test_a_dead_key_is_told_from_an_unknown_one_by_nothing(door: Door) -> None:
    """Revoked, expired, unknown and malformed read the same."""
    expired = await door.world.issue_key(expiresAt=rfc3339(door.world.clock.now()))
    revoked = await door.world.issue_key()
    await door.http.post(
        "/v1/track", json={"userId": "u_1"}, headers={"Authorization": f"Bearer {revoked}"}
    )
    await door.world.put_key(revoked, revokedAt=rfc3339(door.world.clock.now()))
    unknown = issue_key("sk", Mode.TEST)
    keys = [expired, revoked, unknown, unknown[:-1] + "!", "sk_test_drm_", "sk_"]

    answers = [
        await door.http.post(
            "/v1/track", json={"userId": "u_1"}, headers={"Authorization": f"Bearer {key}"}
        )
        for key in keys
    ]

    bodies = [{**answer.json(), "requestId": ""} for answer in answers]
    assert [bodies[0]] * len(keys) == bodies
    assert {401} == {answer.status_code for answer in answers}


async def test_a_changed_tier_holds_on_the_next_request(door: Door, lane: dict[str, str]) -> None:
    """Nothing waits for a cache to run out."""
    await door.post("/v1/track", {"userId": "u_1"}, **lane)
    await door.world.publish(Tier("free", "Free", 0, limit=1))

    tracked = await door.post("/v1/track", {"userId": "u_1"}, **lane)
    checked = await door.post("/v1/check", {"userId": "u_1"}, **lane)

    assert ["usage_limit_reached"] * 2 == [tracked.json()["reason"], checked.json()["reason"]]


async def test_a_blocked_user_is_denied_before_anything_else(
    door: Door, lane: dict[str, str]
) -> None:
    """A block holds from the next call on; the answer is a decision."""
    await door.post("/v1/track", {"userId": "u_1"}, **lane)
    await door.world.write(lambda c: set_blocked(c, door.world.platform_id, "u_1", blocked=True))

    answer = await door.post("/v1/track", {"userId": "u_1", "amount": 1000}, **lane)

    assert (200, "user_blocked") == (answer.status_code, answer.json()["reason"])


async def test_a_key_without_the_scope_is_refused(door: Door, lane: dict[str, str]) -> None:
    """A key for reading asks, and counts nothing."""
    reader = await door.world.issue_key(scopes=["read"])
    headers = {"Authorization": f"Bearer {reader}"} | lane
    body = {"userId": "u_1"}

    track = await door.http.post("/v1/track", json=body, headers=headers)
    again = await door.http.post("/v1/track", json=body, headers=headers)
    check = await door.http.post("/v1/check", json=body, headers=headers)

    assert [403, 403, 200] == [track.status_code, again.status_code, check.status_code]
    assert 0 == door.world.counts()["metering_ledger"]


async def test_after_grace_a_live_platform_is_refused(door: Door) -> None:
    """For seven days after the subscription ended all goes on; then it is 402 everywhere."""
    door.world.platform_id = issue_key("pk", Mode.LIVE)
    await door.world.publish(FREE)
    secret = issue_key("sk", Mode.LIVE)
    await door.world.put_key(secret)
    door.secret_key = secret
    tokens = door.world.bindings.api_multi.customer_tokens
    ended = door.world.clock.now() - timedelta(days=6)

    async def set_end(moment: datetime) -> None:
        await door.world.write(lambda c: write_status(c, tokens, door.world.platform_id, moment))

    await set_end(ended)
    in_grace = await door.post("/v1/track", {"userId": "u_1"})
    await set_end(ended - timedelta(days=2))
    answers = [
        await door.post("/v1/track", {"userId": "u_1"}),
        await door.post("/v1/check", {"userId": "u_1"}),
        await door.http.get("/v1/usage?userId=u_1", headers=door.secret),
    ]

    assert 200 == in_grace.status_code
    assert [(402, "platform_subscription_inactive")] * 3 == [
        (answer.status_code, answer.json()["code"]) for answer in answers
    ]


async def test_an_end_user_counts_for_themselves_alone(door: Door) -> None:
    """Their token says who they are: no other user, no timestamp, no batch."""
    user_id, caller = await door.sign_in("ann@example.com")
    now = rfc3339(door.world.clock.now())

    async def call(path: str, body: dict[str, object]) -> tuple[int, dict[str, object]]:
        answer = await door.http.post(path, json=body, headers=caller)
        return answer.status_code, answer.json()

    own = await call("/v1/track", {})
    named = await call("/v1/track", {"userId": user_id})
    other = await call("/v1/track", {"userId": "u_2"})
    dated = await call("/v1/track", {"timestamp": now})
    batch = await call("/v1/track/batch", {"events": [{"userId": user_id}]})
    adjust = await call("/v1/usage/adjust", {"userId": user_id, "amount": -1, "reason": "me"})
    usage = await door.http.get("/v1/usage", headers=caller)

    assert [(200, 1), (200, 2)] == [(status, body["usage"]) for status, body in (own, named)]
    assert [404, 422, 403, 403] == [status for status, _ in (other, dated, batch, adjust)]
    assert (user_id, 2) == (usage.json()["userId"], usage.json()["usage"])


async def test_a_users_key_and_the_platforms_are_different_keys(door: Door) -> None:
    """What a browser sends cannot spend a server's idempotency key."""
    user_id, caller = await door.sign_in("ann@example.com")
    body = {"userId": user_id, "idempotencyKey": "k", "amount": 2}

    by_server = await door.post("/v1/track", body)
    by_user = await door.http.post("/v1/track", json=body, headers=caller)

    assert [False, False] == [by_server.json()["replayed"], by_user.json()["replayed"]]
    assert 4 == by_user.json()["usage"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/track", {"userId": "u_1"}),
        ("/v1/track", {"userId": "u_1", "properties": {"model": "x"}}),
        ("/v1/check", {"userId": "u_1"}),
        ("/v1/track/batch", {"events": [{"userId": "u_1"}]}),
    ],
)
async def test_a_plain_call_takes_the_short_way(door: Door, path: str, body: object) -> None:
    """A known key and a plain body never meet the framework; if they did, only the clock told."""
    await door.post("/v1/check", {"userId": "u_1"})  # From now on the key is known.
    measure = f'dream_data_plane_seconds_count{{route="{path}"}}'

    before = await _measured(door, measure)
    await door.post(path, body, **{"Content-Type": LANES["express"]})
    between = await _measured(door, measure)
    await door.post(path, body, **{"Content-Type": LANES["ordinary"]})

    assert (1, 0) == (between - before, await _measured(door, measure) - between)


async def _measured(door: Door, measure: str) -> float:
    lines = (await door.http.get("/metrics")).text.splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(measure))


async def test_last_used_is_noted_aside(door: Door) -> None:
    """A key's page shows when it was used last; no call waits for it."""
    await asyncio.gather(*(door.post("/v1/track", {"userId": "u_1"}) for _ in range(20)))
    await door.world.metering.close()

    rows = door.world.rows(
        "SELECT value ->> 'lastUsedAt' FROM customer_tokens_kv WHERE key = ?",
        f"apikey:{hash_key(door.secret_key)}",
    )

    assert rows[0][0] is not None


async def test_racing_calls_over_http_admit_exactly_the_limit(door: Door) -> None:
    """The promise holds through the door as it does behind it."""
    at_once = asyncio.Semaphore(CONNECTIONS_MAX)

    async def call() -> bool:
        async with at_once:
            answer = await door.post("/v1/track", {"userId": "u_1"})
            return bool(answer.json()["allowed"])

    admitted = await asyncio.gather(*(call() for _ in range(130)))

    assert 100 == sum(admitted)
    assert [] == await door.world.differences()
