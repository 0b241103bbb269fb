"""How a call to Stripe can end badly.

StripeUnavailable       503  no answer, too many requests, or an answer that makes no sense
├── StripeNotConfigured 503  this deployment has no Stripe settings for the mode
StripeRefused           409  Stripe understood and said no: ``refusals.py`` names what it says no to
├── StripeNotFound      404  no such object on that account
AccountGone             409  the connected account has withdrawn our access
OauthRefused            409  the OAuth code or the account was not accepted
InvalidSignature        400  a webhook that Stripe did not sign
"""

from dream_api.kit.errors import DreamError, Unavailable


class StripeUnavailable(Unavailable):
    """Stripe gave no usable answer; what was asked may or may not have been done."""

    code = "stripe_unavailable"
    title = "Stripe does not answer"


class StripeNotConfigured(StripeUnavailable):
    """This deployment has no Stripe settings for the mode that was asked for."""

    code = "stripe_not_configured"
    title = "Stripe is not configured"


class StripeRefused(DreamError):
    """Stripe understood the request and said no.

    Args:
        detail: what to tell the caller.
        stripe_code: Stripe's permanent code, for example ``card_declined``; None when it gave none.
        stripe_param: the parameter of Stripe's call that was wrong; None when it named none.
    """

    code = "stripe_refused"
    status = 409
    title = "Stripe refused"

    def __init__(
        self, detail: str, *, stripe_code: str | None = None, stripe_param: str | None = None
    ) -> None:
        super().__init__(detail)
        self.stripe_code = stripe_code
        self.stripe_param = stripe_param


class StripeNotFound(StripeRefused):
    """No such object on that account."""

    code = "stripe_not_found"
    status = 404
    title = "Not found at Stripe"


class AccountGone(DreamError):
    """The connected account has withdrawn our access, or does not exist any more."""

    code = "stripe_account_gone"
    status = 409
    title = "The connected Stripe account is gone"


class OauthRefused(DreamError):
    """Stripe's OAuth said no; ``stripe_code`` is its reason, for example ``invalid_grant``."""

    code = "stripe_oauth_refused"
    status = 409
    title = "Stripe refused the connection"

    def __init__(self, detail: str, *, stripe_code: str) -> None:
        super().__init__(detail)
        self.stripe_code = stripe_code


class InvalidSignature(DreamError):
    """A webhook that none of the configured secrets signed, or that is no event."""

    code = "invalid_signature"
    status = 400
    title = "Invalid signature"
