"""Logs: one canonical line per request, and no secret in any line.

Values are JSON strings, so one line stays one line whatever the input.
"""

import io
import logging
import re
import sys
from contextlib import suppress
from typing import Any, TextIO, cast

import msgspec
import structlog
from starlette.types import Scope
from structlog.typing import EventDict, WrappedLogger
from typing_extensions import override  # typing has it only since Python 3.12.

from dream_api.services.http.problems import route_of

REDACTED = "[redacted]"
VALUE_CHARACTERS_MAX = 4_000

_SECRETS = re.compile(
    r"sk_(?:live|test)_[0-9A-Za-z_]{8,}"  # Ours, and Stripe's own.
    r"|rk_(?:live|test)_[0-9A-Za-z_]{8,}"
    r"|whsec_[0-9A-Za-z+/=_-]{8,}"
    r"|eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]*"  # JSON Web Tokens.
    r"|(?i:bearer)\s+\S+"
    r"|[0-9A-Za-z._%+-]{1,64}@[0-9A-Za-z.-]{1,253}\.[A-Za-z]{2,24}",  # Mail addresses.
    re.ASCII,
)
_SECRET_FIELDS = frozenset({
    "authorization", "body", "code", "cookie", "email", "key", "password", "refresh_token",
    "secret", "secret_key", "session_secret", "token",
})  # fmt: skip

_logger = structlog.get_logger("dream_api.http")


class Losing(io.TextIOBase):
    """A stream for logs: a line that cannot be written, as on a full disk, costs no request."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @override
    def write(self, text: str, /) -> int:
        """Write, or lose the text."""
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    @override
    def flush(self) -> None:
        """Flush what can be."""
        with suppress(OSError):
            self._stream.flush()


def configure_logs(*, is_development: bool) -> None:
    """Set up logging for this process: JSON lines in production, colours in a terminal."""
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if is_development
        else structlog.processors.JSONRenderer(serializer=_to_json)
    )
    processors = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact_event,
        renderer,
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=cast("TextIO", Losing(sys.stderr))),
        cache_logger_on_first_use=True,
    )


def log_request(scope: Scope, status: int, duration_seconds: float) -> None:
    """Write the canonical line. Handlers add to it through ``scope["state"]["log"]``."""
    state = scope["state"]
    _logger.info(
        "request",
        request_id=state["request_id"],
        method=scope["method"],
        route=route_of(scope),
        status=status,
        duration_ms=round(duration_seconds * 1000, 2),
        **state.get("log", {}),
    )


def note(scope: Scope, **fields: str | None) -> None:
    """Add fields, such as the caller's kind and platform, to this request's canonical line."""
    scope.setdefault("state", {}).setdefault("log", {}).update(fields)


def redact_event(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Remove secrets from an event: whole fields by name, and what looks like one by form."""
    return {name: _redacted(name, value) for name, value in event.items()}


def redact_text(text: str) -> str:
    """Replace keys, tokens and mail addresses in *text*."""
    return _SECRETS.sub(REDACTED, text)


def _redacted(name: str, value: Any) -> Any:
    if name in _SECRET_FIELDS:
        return REDACTED
    match value:
        case str():
            return redact_text(value[:VALUE_CHARACTERS_MAX])
        case dict():
            return {str(key): _redacted(str(key), inner) for key, inner in value.items()}
        case list() | tuple():
            return [_redacted(name, inner) for inner in value]
        case _:
            return value


def _to_json(event: EventDict, **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()
