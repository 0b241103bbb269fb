"""Sign what is delivered, as Stripe does (https://docs.stripe.com/webhooks#verify-manually)."""

import hmac
from hashlib import sha256


def signature_header(payload: str, secret: str, *, now: int) -> str:
    """The ``Stripe-Signature`` of one attempt at *now*, in Unix seconds.

    ``v1`` is the signature. ``v0`` is a decoy that test mode adds: whoever accepts it accepts
    anything.
    """
    signed = f"{now}.{payload}".encode()
    genuine = hmac.new(secret.encode(), signed, sha256).hexdigest()
    decoy = hmac.new(b"decoy", signed, sha256).hexdigest()
    return f"t={now},v1={genuine},v0={decoy}"
