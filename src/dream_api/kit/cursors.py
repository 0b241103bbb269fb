"""Cursors: where a page of a list ends, in a form that only we write."""

import base64
import hashlib
import json
from collections.abc import Sequence

from dream_api.kit.errors import DreamError

Position = str | int | None
CURSOR_CHARACTERS_MAX = 2_048
_CHECKSUM_BYTES = 9


class InvalidCursor(DreamError):
    """The cursor was changed, cut, or belongs to another list."""

    code = "invalid_cursor"
    status = 400
    title = "Invalid cursor"


def write_cursor(position: Sequence[Position], scope: str) -> str:
    """Write a position in the list that *scope* names: its owner, filters and order.

    The checksum makes a changed or misplaced cursor visible. It is no secret and need not be one:
    whoever forged a cursor would still read only the list that the caller may read.
    """
    content = json.dumps(list(position), separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(_checksum(content, scope) + content).rstrip(b"=").decode()


def read_cursor(cursor: str, scope: str) -> list[Position]:
    """Read a position back.

    Raises:
        InvalidCursor: it was not written by ``write_cursor`` for the same scope.
    """
    if len(cursor) > CURSOR_CHARACTERS_MAX:
        raise _invalid()
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        raw = base64.b64decode(padded, altchars="-_", validate=True)
    except ValueError as error:  # Not ASCII, not base 64, or a length that none has.
        raise _invalid() from error
    checksum, content = raw[:_CHECKSUM_BYTES], raw[_CHECKSUM_BYTES:]
    if checksum != _checksum(content, scope):
        raise _invalid()
    position = list(json.loads(content))
    # Base 64 ignores the last character's spare bits, so another spelling could read alike.
    if cursor != write_cursor(position, scope):
        raise _invalid()
    return position


def _checksum(content: bytes, scope: str) -> bytes:
    return hashlib.sha256(scope.encode() + b"\0" + content).digest()[:_CHECKSUM_BYTES]


def _invalid() -> InvalidCursor:
    return InvalidCursor(
        "The cursor is not one that this list has answered. Start again without it.",
        param="cursor",
    )
