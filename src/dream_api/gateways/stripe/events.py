"""Webhooks from Stripe: nothing is believed before its signature is.

Source: docs.stripe.com/webhooks/signature. The header is ``t=<unix>,v1=<hex>[,v1=…][,v0=…]``; each
v1 is HMAC-SHA256 with the whole secret over ``{t}.{body}``; v0 is a decoy.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import stripe

from dream_api.gateways.stripe.errors import InvalidSignature
from dream_api.gateways.stripe.model import StripeEvent
from dream_api.gateways.stripe.reading import moment_of

SIGNATURE_TOLERANCE_SECONDS = 300
SIGNATURE_HEADER_MAX_CHARACTERS = 4096

_SIGNATURE: Any = stripe.WebhookSignature  # The SDK gives it no types.


def verify_event(
    body: bytes, header: str | None, secrets: Sequence[str], now: datetime
) -> StripeEvent:
    """Check who sent *body*, and read it.

    Args:
        body: the raw bytes of the request.
        header: the value of ``Stripe-Signature``.
        secrets: the secrets that may have signed it; a rolled one and its successor overlap.
        now: the SDK trusts timestamps far in the future and the machine's clock; we trust neither.

    Raises:
        InvalidSignature: no secret fits, the timestamp is more than 300 s away, or it is no event.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise InvalidSignature("The body is not UTF-8.") from error
    if not header or len(header) > SIGNATURE_HEADER_MAX_CHARACTERS:
        raise InvalidSignature("The Stripe-Signature header is missing or too long.")
    if not any(_is_signed_by(text, header, secret) for secret in secrets if secret):
        raise InvalidSignature("No configured signing secret fits this body.")
    signed_at_seconds = _timestamp_of(header)
    if abs(now.timestamp() - signed_at_seconds) > SIGNATURE_TOLERANCE_SECONDS:
        raise InvalidSignature("The signature is too old or from the future; send the event again.")
    return parse_event(body)


def parse_event(body: bytes) -> StripeEvent:
    """Read an event that was verified before, for example out of the inbox.

    Raises:
        InvalidSignature: the bytes are no event.
    """
    try:
        event = json.loads(body)
        account = event.get("account")
        parsed = StripeEvent(
            id=str(event["id"]),
            type=str(event["type"]),
            account=None if account is None else str(account),
            livemode=bool(event["livemode"]),
            created=moment_of(event["created"]),
            data=dict(event["data"]["object"]),
            raw=body,
        )
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise InvalidSignature("The signed body is not a Stripe event.") from error
    return parsed


def _is_signed_by(text: str, header: str, secret: str) -> bool:
    try:
        # The tolerance is ours to judge: the SDK reads the machine's clock and no future.
        return bool(_SIGNATURE.verify_header(text, header, secret, tolerance=None))
    except Exception:  # noqa: BLE001 - Odd headers make the SDK raise whatever; all of it means no.
        return False


def _timestamp_of(header: str) -> int:
    """Read the same ``t`` as the SDK did: the first one."""
    for part in header.split(","):
        name, _, value = part.partition("=")
        if name == "t":
            return int(value)
    raise InvalidSignature("The Stripe-Signature header carries no timestamp.")
