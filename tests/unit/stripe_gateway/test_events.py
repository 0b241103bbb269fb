"""A webhook is believed only when Stripe has signed exactly this body, just now."""

import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dream_api.gateways.stripe import InvalidSignature, parse_event, verify_event

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
SECRET = "whsec_one"
BODY = json.dumps(
    {
        "id": "evt_1", "object": "event", "type": "customer.subscription.updated",
        "account": "acct_1", "livemode": False, "created": 1763424003,
        "data": {"object": {"id": "sub_1"}},
    }
).encode()  # fmt: skip


def sign(body: bytes, secret: str = SECRET, *, age_seconds: int = 0, scheme: str = "v1") -> str:
    """Sign as Stripe does."""
    timestamp = int(NOW.timestamp()) - age_seconds
    signed = f"{timestamp}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={timestamp},{scheme}={digest}"


def test_a_signed_event_is_read() -> None:
    """The object that changed, whose it is and when it happened."""
    event = verify_event(BODY, sign(BODY), [SECRET], NOW)

    assert ("evt_1", "acct_1", False) == (event.id, event.account, event.livemode)
    assert {"id": "sub_1"} == event.data
    assert BODY == event.raw
    assert event == parse_event(BODY)


def test_a_rolled_secret_and_its_successor_overlap() -> None:
    """One of several secrets is enough."""
    assert verify_event(BODY, sign(BODY), ["whsec_new", SECRET], NOW)


@pytest.mark.parametrize("age_seconds", [301, -301, -315_360_000])
def test_a_signature_of_another_time_is_refused(age_seconds: int) -> None:
    """Too old is a replay; from the future, which the SDK would take, is a forgery in waiting."""
    with pytest.raises(InvalidSignature):
        verify_event(BODY, sign(BODY, age_seconds=age_seconds), [SECRET], NOW)


@pytest.mark.parametrize("age_seconds", [300, -300])
def test_five_minutes_either_way_are_accepted(age_seconds: int) -> None:
    """Clocks differ a little."""
    assert verify_event(BODY, sign(BODY, age_seconds=age_seconds), [SECRET], NOW)


@pytest.mark.parametrize(
    "header",
    [
        None, "", "t=1", "v1=abc", "t=x,v1=abc", "t=1;v1=abc", ",", "=", "t=1,v1=", "é=1",
        sign(BODY, "whsec_other"), sign(BODY, scheme="v0"), sign(BODY + b" "), "t=1," * 5000,
    ],
)  # fmt: skip
def test_an_odd_header_is_refused(header: str | None) -> None:
    """Whatever the SDK makes of it, the answer is no."""
    with pytest.raises(InvalidSignature):
        verify_event(BODY, header, [SECRET], NOW)


@pytest.mark.parametrize("secrets", [[], [""]])
def test_no_secret_verifies_nothing(secrets: list[str]) -> None:
    """An empty secret would be one that everybody knows."""
    with pytest.raises(InvalidSignature):
        verify_event(BODY, sign(BODY, ""), secrets, NOW)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{}", b"\xff", b'{"id": "evt_1"}', b"[" * 100_000]
)
def test_a_signed_body_that_is_no_event_is_refused(body: bytes) -> None:
    """Even our own secret does not make nonsense an event."""
    header = sign(body)

    with pytest.raises(InvalidSignature):
        verify_event(body, header, [SECRET], NOW)


@given(body=st.binary(max_size=200), header=st.text(max_size=100))
def test_no_noise_gets_through_or_breaks_anything(body: bytes, header: str) -> None:
    """Strangers may send what they like."""
    with pytest.raises(InvalidSignature):
        verify_event(body, header, [SECRET], NOW)
