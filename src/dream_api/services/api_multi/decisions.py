"""How a decision leaves the house: its JSON, and headers that say when to come back."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from math import ceil

import msgspec

from dream_api.customers.metering import Decision, retry_after_seconds

RawHeaders = list[tuple[bytes, bytes]]
_POLICIES_CACHED = 256

encode = msgspec.json.Encoder().encode


class BatchAnswer(msgspec.Struct, frozen=True):
    """The answers to a batch, in the order of its events, and how many were which."""

    results: Sequence[Decision]
    counted: int
    replayed: int
    denied: int


def batch_answer(decisions: Sequence[Decision]) -> BatchAnswer:
    """Sum up a batch."""
    replayed = sum(decision.replayed for decision in decisions)
    allowed = sum(decision.allowed for decision in decisions)
    return BatchAnswer(decisions, allowed - replayed, replayed, len(decisions) - allowed)


def rate_headers(decision: Decision, *, amount: int, now: datetime) -> RawHeaders:
    """Give ``RateLimit-Policy`` and ``RateLimit`` (draft-ietf-httpapi-ratelimit-headers-10).

    ``Retry-After`` stands on denials that time heals.
    """
    headers: RawHeaders = []
    rate = decision.rate_limit
    if rate is not None:
        left_seconds = max(ceil((rate.reset_at - now).total_seconds()), 0)
        headers.append((b"ratelimit-policy", _policy(rate.limit)))
        headers.append((b"ratelimit", b'"minute";r=%d;t=%d' % (rate.remaining, left_seconds)))
    if decision.reason is not None:
        wait_seconds = retry_after_seconds(decision, amount=amount, now=now)
        if wait_seconds is not None:
            headers.append((b"retry-after", b"%d" % wait_seconds))
    return headers


@lru_cache(maxsize=_POLICIES_CACHED)
def _policy(calls_max: int) -> bytes:
    return b'"minute";q=%d;w=60' % calls_max
