"""Sign what is delivered, as Stripe does (https://docs.stripe.com/webhooks#verify-manually)."""

import hmac
from collections.abc import Sequence
from hashlib import sha256


def signature_header(payload: str, secrets: Sequence[str], *, now: int) -> str:
    """The ``Stripe-Signature`` of one attempt at *now*, in Unix seconds.

    There is one ``v1`` for each of *secrets*: a rolled one signs on for a day beside the new one.
    ``v0`` is a decoy that test mode adds: whoever accepts it accepts anything.
    """
    signed = f"{now}.{payload}".encode()
    genuine = [hmac.new(secret.encode(), signed, sha256).hexdigest() for secret in secrets]
    decoy = hmac.new(b"decoy", signed, sha256).hexdigest()
    return ",".join([f"t={now}", *(f"v1={one}" for one in genuine), f"v0={decoy}"])
