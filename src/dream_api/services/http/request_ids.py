"""Each request has an id that stands in the answer, in the problem and in the log."""

import secrets

from starlette.types import Scope

HEADER = b"x-request-id"
_RANDOM_BYTES = 12


def new_request_id() -> str:
    """Make an id that nobody can guess or choose: 96 random bits."""
    return "req_" + secrets.token_hex(_RANDOM_BYTES)


def request_id_of(scope: Scope) -> str:
    """Give this request's id, making one where the entrance has not."""
    state = scope.setdefault("state", {})
    if "request_id" not in state:
        state["request_id"] = new_request_id()
    return str(state["request_id"])
