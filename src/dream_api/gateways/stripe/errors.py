"""What Stripe refuses, and when it does not answer.

StripeUnavailable       503  no answer, too many requests, or an answer that makes no sense
├── StripeNotConfigured 503  this deployment has no Stripe settings for the mode
StripeRefused           409  Stripe understood and said no
├── StripeNotFound      404  no such object on that account
├── PriceNotOnSale      409  the price is archived, or is on another account
├── CardDeclined        402  the card on file was not charged
├── PaymentNeedsAction  402  the bank wants the person to approve
├── ChargesNotEnabled   409  Stripe does not let the account take payments (yet)
├── BusinessNameMissing 409  the account has no name to show on Checkout
├── TaxNotSetUp         409  tax was asked for, and the account does not calculate it
├── CurrencyConflict    409  the customer pays in another currency already
├── AmountTooSmall      409  less than the least that Stripe charges
├── AmountTooLarge      409  more than the most that Stripe charges
├── CurrencyRefused     409  the account cannot charge in the currency
├── AddressRefused      409  Stripe does not lead people to that address
├── NoPaymentMethod     402  no card is on file
├── SubscriptionManaged 409  a schedule of the developer's changes the subscription
├── SubscriptionOver    409  it has ended, so that nothing of it can change
├── SubscriptionLimit   409  the customer has as many subscriptions as Stripe allows
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


class PriceNotOnSale(StripeRefused):
    """The price is archived, or was made on another account than the connected one."""

    code = "price_not_on_sale"
    title = "The price is not on sale"


class CardDeclined(StripeRefused):
    """The bank refused the card on file; nothing was changed."""

    code = "card_declined"
    status = 402
    title = "The card was declined"


class PaymentNeedsAction(StripeRefused):
    """The bank wants the person to approve the payment, which only they can do."""

    code = "payment_action_required"
    status = 402
    title = "The payment needs approval"


class ChargesNotEnabled(StripeRefused):
    """Stripe does not let the connected account take payments, or not yet."""

    code = "charges_not_enabled"
    title = "The Stripe account cannot take payments"


class BusinessNameMissing(StripeRefused):
    """Checkout shows the name of the business, and the connected account has none."""

    code = "business_name_missing"
    title = "The Stripe account has no business name"


class TaxNotSetUp(StripeRefused):
    """Tax is switched on in the platform's settings, but the account does not calculate it."""

    code = "tax_not_set_up"
    title = "Stripe Tax is not set up"


class CurrencyConflict(StripeRefused):
    """Stripe bills a customer in one currency at a time."""

    code = "currency_conflict"
    title = "The customer pays in another currency"


class AmountTooSmall(StripeRefused):
    """Less than the least amount that Stripe charges in this currency."""

    code = "amount_too_small"
    title = "The amount is too small"


class AmountTooLarge(StripeRefused):
    """More than the most amount that Stripe charges in this currency."""

    code = "amount_too_large"
    title = "The amount is too large"


class CurrencyRefused(StripeRefused):
    """Stripe does not know the currency, or the account's country does not charge in it."""

    code = "currency_not_supported"
    title = "The currency is not supported"


class AddressRefused(StripeRefused):
    """Stripe does not accept an address that people would come back to."""

    code = "address_refused"
    title = "Stripe does not accept an address"


class NoPaymentMethod(StripeRefused):
    """The customer has no card on file that could be charged."""

    code = "no_payment_method"
    status = 402
    title = "No card is on file"


class SubscriptionManaged(StripeRefused):
    """A subscription schedule, made in Stripe's dashboard, changes the subscription."""

    code = "subscription_managed"
    title = "A schedule manages the subscription"


class SubscriptionOver(StripeRefused):
    """The subscription has ended between our looking at it and changing it."""

    code = "subscription_ended"
    title = "The subscription has ended"


class SubscriptionLimit(StripeRefused):
    """Stripe allows a customer 500 subscriptions."""

    code = "subscription_limit_reached"
    title = "Too many subscriptions"


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
