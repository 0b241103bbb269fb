"""What can be computed of an event before the writer's turn."""

import hashlib

import msgspec

from dream_api.customers.metering.batch import PreparedEvent
from dream_api.customers.metering.model import TrackEvent
from dream_api.kit.periods import to_milliseconds

HASH_BYTES = 16
_encode = msgspec.json.Encoder(order="deterministic").encode


def prepare(
    platform_id: str, event: TrackEvent, owner_id: str | None, now_ms: int
) -> PreparedEvent:
    """Hash an event's key, which is its platform's or *owner_id*'s, and what it stands for."""
    timestamp_ms = None if event.timestamp is None else to_milliseconds(event.timestamp)
    properties = None if event.properties is None else _encode(event.properties).decode()
    key_hash, content_hash = None, b""
    if event.idempotency_key is not None:
        key_hash = _digest(f"{platform_id}\0{owner_id or ''}\0{event.idempotency_key}")
        content_hash = _digest(f"{event.user_id}\0{event.amount}\0{timestamp_ms}\0{properties}")
    return PreparedEvent(
        event.user_id,
        event.amount,
        now_ms if timestamp_ms is None else timestamp_ms,
        key_hash,
        content_hash,
        properties,
    )


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=HASH_BYTES).digest()
