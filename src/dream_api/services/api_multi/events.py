"""The bodies of the data plane, read at a glance or not at all.

msgspec refuses unknown fields, wrong types, NaN, a BOM, bad UTF-8 and trailing input while it
decodes, for less than a microsecond. What it lets pass is caught by two scans of the bytes: a
body without a backslash has exactly two quotation marks for each string, so a key that stands
twice shows in their number. Whatever is not plain in this sense is None here, and answered by
the routes behind, which say what is wrong.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from dream_api.customers.metering import AMOUNT_MAX, TrackEvent
from dream_api.services.http.errors import InvalidJson
from dream_api.services.http.limits import INLINE_BYTES_MAX
from dream_api.services.http.strict_json import strict_loads

EVENTS_MAX = 1_000
USER_ID_CHARACTERS_MAX = 128
KEY_CHARACTERS_MAX = 255

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_QUOTES_OF_EVENTS = 2


class _Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    user_id: str
    amount: int | UnsetType = UNSET
    idempotency_key: str | UnsetType = UNSET
    timestamp: datetime | UnsetType = UNSET
    properties: dict[str, Any] | UnsetType = UNSET


class _Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    events: list[_Event]


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What ``check`` is asked."""

    user_id: str
    amount: int | UnsetType = UNSET


_decode_event = msgspec.json.Decoder(_Event).decode
_decode_batch = msgspec.json.Decoder(_Batch).decode
_decode_question = msgspec.json.Decoder(Question).decode
_Malformed = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def read_event(body: bytes, header_key: str | None) -> TrackEvent | None:
    """Read one event; None where it is not plain."""
    try:
        event = _decode_event(body)
    except _Malformed:
        return None
    if not _is_plain(body, _quotes(event), has_objects=event.properties is not UNSET):
        return None
    return _checked(event, header_key)


def read_batch(body: bytes) -> Sequence[TrackEvent] | None:
    """Read the events of a batch; None where one of them is not plain."""
    try:
        batch = _decode_batch(body).events
    except _Malformed:
        return None
    if not 1 <= len(batch) <= EVENTS_MAX:
        return None
    quotes = _QUOTES_OF_EVENTS + sum(_quotes(event) for event in batch)
    has_objects = any(event.properties is not UNSET for event in batch)
    if not _is_plain(body, quotes, has_objects=has_objects):
        return None
    events = [checked for event in batch if (checked := _checked(event, None)) is not None]
    return events if len(events) == len(batch) else None


def read_question(body: bytes) -> tuple[str, int] | None:
    """Read whom and how much ``check`` is asked about; None where it is not plain."""
    try:
        question = _decode_question(body)
    except _Malformed:
        return None
    quotes = 4 if question.amount is UNSET else 6
    amount = 1 if question.amount is UNSET else question.amount
    if not _is_plain(body, quotes, has_objects=False) or not 1 <= amount <= AMOUNT_MAX:
        return None
    return (question.user_id, amount) if is_user_id(question.user_id) else None


def is_user_id(text: str) -> bool:
    """Tell whether this may name an end user."""
    return 0 < len(text) <= USER_ID_CHARACTERS_MAX and _CONTROL.search(text) is None


def _is_plain(body: bytes, quotes: int, *, has_objects: bool) -> bool:
    if not has_objects and b"\\" not in body:
        return body.count(b'"') == quotes
    if len(body) > INLINE_BYTES_MAX:
        return False  # Strict parsing of so much belongs into a thread.
    try:
        strict_loads(body)
    except InvalidJson:
        return False
    return True


def _quotes(event: _Event) -> int:
    """Count the quotation marks that an event needs: two for each key, two for each string."""
    quotes = 4
    if event.amount is not UNSET:
        quotes += 2
    if event.idempotency_key is not UNSET:
        quotes += 4
    if event.timestamp is not UNSET:
        quotes += 4
    return quotes


def _checked(event: _Event, header_key: str | None) -> TrackEvent | None:
    """Give the event if each field is in bounds and the two keys do not differ."""
    amount = 1 if event.amount is UNSET else event.amount
    if not 1 <= amount <= AMOUNT_MAX or not is_user_id(event.user_id):
        return None
    key = header_key
    if event.idempotency_key is not UNSET:
        key = event.idempotency_key
        is_key = 0 < len(key) <= KEY_CHARACTERS_MAX and _CONTROL.search(key) is None
        if not is_key or header_key not in (None, key):
            return None
    timestamp = None if event.timestamp is UNSET else event.timestamp
    if timestamp is not None and timestamp.tzinfo is None:
        return None
    properties = None if event.properties is UNSET else event.properties
    return TrackEvent(event.user_id, amount, key, timestamp, properties)
