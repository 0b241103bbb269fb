"""Shapes that several routes of ``/platform`` share."""

from typing import Annotated

from pydantic import Field

from dream_api.services.http.wire import Answer, Body, Moment

_INTEGER_MAX = 2**63 - 1

Whole = Annotated[int, Field(ge=-_INTEGER_MAX, le=_INTEGER_MAX)]
"""An integer that every store can hold; rooms know narrower rules."""


class TierBody(Body):
    """A tier as its developer submits it. Prices in minor units; null is unlimited."""

    name: Annotated[
        str,
        Field(
            description="`^[a-z0-9][a-z0-9-]{0,31}$`; it is the user's `plan`, and never changes.",
            examples=["pro"],
        ),
    ]
    display_name: Annotated[str, Field(examples=["Pro"])]
    price_cents: Annotated[
        Whole, Field(description="0 (at most one free tier) or 50 to 99,999,999.", examples=[2900])
    ]
    currency: str = "usd"
    interval: Annotated[str, Field(description="`month` or `year`.")] = "month"
    limit: Annotated[
        Whole | None,
        Field(description="Units a month: 0 to 10^12, or null (unlimited).", examples=[10_000]),
    ]
    rate_limit_per_minute: Annotated[
        Whole | None, Field(description="Calls: 1 to 10^6, or null (unlimited).", examples=[60])
    ] = None
    features: Annotated[
        list[str], Field(description="Display text.", examples=[["10,000 calls", "Mail support"]])
    ] = Field(default_factory=list)
    popular: bool = False
    trial_days: Annotated[Whole, Field(description="0 to 730.", examples=[0])] = 0


class TierAnswer(Answer):
    """A tier as stored; ``priceId`` and ``productId`` are null for a free one."""

    name: Annotated[str, Field(examples=["pro"])]
    display_name: str
    price_cents: int
    currency: str
    interval: str
    limit: int | None
    rate_limit_per_minute: int | None
    features: list[str]
    popular: bool
    trial_days: int
    price_id: str | None
    product_id: str | None
    archived: bool
    subscribers: int


class UserAnswer(Answer):
    """An end user; ``mrrCents`` in ``currency`` is the truth, ``mrr`` its major units."""

    user_id: str
    email: str | None
    name: str | None
    plan: str | None
    subscription_status: str | None
    mrr: float
    mrr_cents: int
    currency: str
    usage_count: int
    limit: int | None
    last_active: Moment | None
    created_at: Moment


class DayAnswer(Answer):
    """A count of one UTC day."""

    date: Annotated[str, Field(examples=["2026-11-22"])]
    count: int


class UrlAnswer(Answer):
    """Where to send the person."""

    url: str
