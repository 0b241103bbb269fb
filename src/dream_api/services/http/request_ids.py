"""Each request has an id that stands in the answer, in the problem and in the log."""

import os

from starlette.types import Scope

HEADER = b"x-request-id"
_RANDOM_BYTES = 12
_IDS_AHEAD = 256
_ahead: list[str] = []


def new_request_id() -> str:
    """Make an id that nobody can guess or choose: 96 random bits."""
    while True:
        try:
            return _ahead.pop()
        except IndexError:
            # The system is asked for many at once: asking costs as much as deciding a request.
            text = os.urandom(_RANDOM_BYTES * _IDS_AHEAD).hex()
            width = 2 * _RANDOM_BYTES
            _ahead.extend("req_" + text[at : at + width] for at in range(0, len(text), width))


def request_id_of(scope: Scope) -> str:
    """Give this request's id, making one where the entrance has not."""
    state = scope.setdefault("state", {})
    if "request_id" not in state:
        state["request_id"] = new_request_id()
    return str(state["request_id"])
