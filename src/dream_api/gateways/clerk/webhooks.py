"""Webhooks from Clerk, which Svix signs: nothing is believed before its signature is.

Source: docs.svix.com/receiving/verifying-payloads/how-manual. ``svix-signature`` is a list, parted
by spaces, of ``v1,<base64>``; each is HMAC-SHA256 over ``{svix-id}.{svix-timestamp}.{body}`` with
the key that stands in base64 after ``whsec_``.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dream_api.gateways.clerk.errors import InvalidSignature
from dream_api.gateways.clerk.model import USER_ID, ClerkEvent, read_user

TOLERANCE_SECONDS = 300
HEADER_CHARACTERS_MAX = 1_024
SIGNATURES_MAX = 10
_PREFIX = "whsec_"


def verify_event(
    body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime
) -> ClerkEvent | None:
    """Check who sent *body*, and read it; None where it is about no user.

    Args:
        body: the raw bytes of the request.
        headers: of the request, found by their names in lower case.
        secrets: the secrets that may have signed it; a rolled one and its successor overlap.
        now: the timestamp may be 300 s away on either side.

    Raises:
        InvalidSignature: no secret fits, it is too old or from the future, or it is no event.
    """
    event_id, timestamp, signatures = (
        headers.get(name, "") for name in ("svix-id", "svix-timestamp", "svix-signature")
    )
    if not all(0 < len(value) <= HEADER_CHARACTERS_MAX for value in (event_id, signatures)):
        raise InvalidSignature("The svix-id or svix-signature header is missing or too long.")
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= len("9" * 12)):
        raise InvalidSignature("The svix-timestamp header is no number of seconds.")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        raise InvalidSignature("The signature is too old or from the future; send the event again.")
    signed = f"{event_id}.{timestamp}.".encode() + body
    shown = signatures.split(" ")[:SIGNATURES_MAX]
    if not any(_fits(signed, secret, shown) for secret in secrets):
        raise InvalidSignature("No configured signing secret fits this body.")
    return _read(event_id, body)


def _fits(signed: bytes, secret: str, shown: Sequence[str]) -> bool:
    wanted = f"v1,{_digest(signed, secret)}".encode()
    return any(hmac.compare_digest(wanted, one.encode()) for one in shown)


def _digest(signed: bytes, secret: str) -> str:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidSignature("A configured signing secret is no secret of Clerk's.") from error
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _read(event_id: str, body: bytes) -> ClerkEvent | None:
    try:
        event = json.loads(body)
        event_type, data = str(event["type"]), dict(event["data"])
        if not event_type.startswith("user."):
            return None
        return _user_event(str(event["instance_id"]), event_id, event_type, data)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidSignature("The signed body is not an event of Clerk's.") from error


def _user_event(
    instance_id: str, event_id: str, event_type: str, data: dict[str, Any]
) -> ClerkEvent:
    user_id = str(data["id"])
    if USER_ID.fullmatch(user_id) is None:
        raise ValueError("not a user id of Clerk's")
    user = None if data.get("deleted") is True else read_user(data)
    return ClerkEvent(instance_id, event_id, event_type, user_id, user)
