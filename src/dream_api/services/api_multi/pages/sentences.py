"""What the hosted pages say instead of a refusal: what a person can do, in no one's API's words.

The refusal's own sentence is for who sells; it goes into the log, with Stripe's words in it.
"""

from dataclasses import replace

import structlog

from dream_api.customers.subscriptions import (
    ChangeNotPossible,
    NoSubscription,
    Obstacle,
    SubscriptionElsewhere,
    UserBusy,
)
from dream_api.gateways.stripe import (
    CardDeclined,
    CurrencyConflict,
    NoPaymentMethod,
    PaymentNeedsAction,
    StripeUnavailable,
    SubscriptionManaged,
    SubscriptionOver,
    TaxLocationInvalid,
)
from dream_api.kit.errors import DreamError, NotFound, ValidationFailed
from dream_api.services.api_multi.pages.host import Host
from dream_api.services.pages.forms import Form

_OF_OBSTACLES = {
    Obstacle.SAME_TIER: "You are on this plan already; nothing was changed.",
    Obstacle.OTHER_CURRENCY: (
        "This plan is sold in another currency than yours. Cancel your subscription under Manage "
        "billing; when it has ended, choose this plan."
    ),
    Obstacle.SHORTER_INTERVAL: (
        "Your plan is paid for a longer time. Cancel it under Manage billing; when it has ended, "
        "choose this one."
    ),
    Obstacle.NOT_SOLD_HERE: "Your plan was arranged with {seller}. Please ask them to change it.",
}
_SENTENCES: dict[type[DreamError], str] = {
    CardDeclined: "Your card was declined, and nothing was changed. Update it under Manage billing "
    "on your account page, then try again.",
    NoPaymentMethod: "There is no card on file, and nothing was changed. Add one under Manage "
    "billing on your account page, then try again.",
    PaymentNeedsAction: "Your bank wants you to approve the payment, and nothing was changed. Pay "
    "or update your card under Manage billing on your account page.",
    TaxLocationInvalid: "Tax cannot be calculated for your address, and nothing was changed. "
    "Correct it under Manage billing on your account page, then try again.",
    CurrencyConflict: _OF_OBSTACLES[Obstacle.OTHER_CURRENCY],
    SubscriptionOver: "Your subscription has ended. Choose a plan to start again.",
    SubscriptionManaged: "A change of your plan is planned already. Please ask {seller}.",
    SubscriptionElsewhere: "Your subscription runs through an account that {seller} no longer "
    "uses, so it cannot be changed here. Please ask {seller} to end it; you keep what you paid "
    "for until then.",
    NoSubscription: "No subscription of yours is running. Pay what is open under Manage billing on "
    "your account page, or choose a plan.",
    UserBusy: "Another change of your plan is under way. Please look again in a moment.",
    StripeUnavailable: "The payment service does not answer at the moment. Please try again in a "
    "minute; nothing is charged twice.",
}
_ELSE = (
    "This is not possible at the moment. Nothing was changed or charged; please tell {seller}, who "
    "can see why."
)
_NAMELESS = "who sold it to you"
_FOR_EVERYONE = (ValidationFailed, NotFound)
"""Refusals of the form itself; whatever else a page refuses is no refusal of Stripe's either."""

_log = structlog.get_logger("dream_api.hosted")


def told(host: Host, form: Form, refusal: DreamError) -> Form:
    """Give *form* with what the person can do about a refusal of buying or managing."""
    if isinstance(refusal, _FOR_EVERYONE):
        return form.refused(refusal)
    _log.warning(
        "hosted.refused", platform_id=host.platform_id, reason=refusal.code, said=refusal.detail
    )
    return replace(form, problem=sentence_of(host, refusal), code=refusal.code)


def sentence_of(host: Host, refusal: DreamError) -> str:
    """Give the sentence alone."""
    if isinstance(refusal, ChangeNotPossible):
        text = _OF_OBSTACLES[refusal.obstacle]
    else:
        text = next((said for kind, said in _SENTENCES.items() if isinstance(refusal, kind)), _ELSE)
    return text.format(seller=host.branding.app_name or _NAMELESS)
