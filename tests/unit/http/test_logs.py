"""No secret ever reaches a log line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from dream_api.kit.keys import Mode, issue_key
from dream_api.services.http.logs import (
    REDACTED,
    Losing,
    log_request,
    redact_event,
    redact_text,
)

JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "secret",
    [
        issue_key("sk", Mode.LIVE),
        issue_key("sk", Mode.TEST),
        "sk_" + "live_51HexampleOfStripe",
        "rk_" + "test_51HexampleOfStripe",
        "whsec_" + "c2VjcmV0c2VjcmV0",
        JWT,
        "ada@example.com",
    ],
    ids=["live key", "test key", "stripe key", "restricted key", "webhook secret", "jwt", "mail"],
)
def test_what_looks_like_a_secret_is_replaced(secret: str) -> None:
    """Wherever it stands in a line."""
    assert secret not in redact_text(f"before {secret} after")
    assert secret not in json.dumps(redact_event(None, "info", {"event": {"deep": [secret]}}))


@pytest.mark.parametrize("name", ["password", "code", "token", "authorization", "cookie", "email"])
def test_what_is_called_a_secret_is_replaced(name: str) -> None:
    """Whatever it looks like, also inside another value."""
    event = redact_event(None, "info", {"event": {name: "hunter2"}, name: "hunter2"})

    assert REDACTED == event[name]
    assert "hunter2" not in json.dumps(event)


@given(st.text(max_size=200))
def test_redacting_never_fails(text: str) -> None:
    """A log line is the last thing that may break."""
    redact_text(text)


def test_a_publishable_key_may_stand_in_a_line() -> None:
    """It is public, and says which platform a line is about."""
    key = issue_key("pk", Mode.LIVE)

    assert key == redact_text(key)


def test_the_canonical_line_holds_the_route_and_not_the_path() -> None:
    """Paths carry ids and codes; patterns do not."""
    scope = {"method": "GET", "path": "/v1/customers/u_1", "state": {"request_id": "req_1"}}

    with capture_logs() as lines:
        log_request(scope, 404, 0.0123)

    assert "u_1" not in json.dumps(lines)
    assert 12.3 == lines[0]["duration_ms"]


def test_a_full_disk_costs_lines_and_no_request() -> None:
    """Logs often lie on the disk of the stores; when it is full, calls still get their answer."""
    with open("/dev/full", "w", buffering=1) as full:  # noqa: PTH123 - a device, not a file.
        print("a line", file=Losing(full), flush=True)
        with pytest.raises(OSError, match="No space left"):
            print("a line", file=full, flush=True)
        with pytest.raises(OSError, match="No space left"):
            full.close()
