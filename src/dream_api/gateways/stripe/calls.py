"""One call to Stripe: its deadline, and what its failure means."""

import asyncio
from collections.abc import Awaitable
from http import HTTPStatus
from typing import TypeVar

import stripe
from stripe import oauth_error

from dream_api.gateways.stripe.errors import (
    AccountGone,
    OauthRefused,
    StripeNotConfigured,
    StripeUnavailable,
)
from dream_api.gateways.stripe.refusals import code_of, refusal_of
from dream_api.kit.errors import DreamError

T = TypeVar("T")

ATTEMPT_SECONDS = 6.0
"""How long one connection, write or read may take."""
CALL_SECONDS = 9.0
"""How long a call may take with its retries: below the 10 s that a verb has."""
NETWORK_RETRIES_MAX = 2
RETRY_AFTER_SECONDS = 5
RETRY_AFTER_MAX_SECONDS = 60

# docs.stripe.com/error-codes: what a revoked connection answers to our key with its account.
_GONE_CODES = frozenset({"account_invalid", "platform_account_required"})
# Refusals that time heals: another request is at work on the same object or under the same key.
_PASSING_CODES = frozenset(
    {"idempotency_key_in_use", "lock_timeout", "rate_limit", "taxes_calculation_failed"}
)
# Our own key may not do this: the developer can change nothing about it.
_KEY_CODES = frozenset({
    "api_key_expired",
    "more_permissions_required",
    "platform_api_key_expired",
    "secret_key_required",
})  # fmt: skip
_REFUSALS = (
    stripe.InvalidRequestError,
    stripe.CardError,
    stripe.IdempotencyError,
    stripe.PermissionError,
)


async def answer(call: Awaitable[T], account: str | None = None) -> T:
    """Await *call* within its deadline.

    Args:
        call: one call of the SDK.
        account: the connected account it is made on; a 403 then means that it is gone.

    Raises:
        StripeUnavailable: no usable answer; what was asked may have been done.
        StripeRefused: Stripe said no.
        AccountGone: the connected account has withdrawn our access.
        OauthRefused: an OAuth call was refused.
    """
    try:
        async with asyncio.timeout(CALL_SECONDS):
            return await call
    except stripe.StripeError as error:
        raise translate(error, account) from error
    except Exception as error:
        # An answer that is no JSON, or whose error is a string, makes the SDK raise AttributeError
        # and its kin; whatever it is, Stripe gave no usable answer.
        raise _unavailable() from error


def translate(error: stripe.StripeError, account: str | None) -> DreamError:
    """Give the refusal that an error of the SDK means to us."""
    if isinstance(error, oauth_error.OAuthError) and _is_a_refusal(error):
        return OauthRefused(
            f"Stripe refused the connection: {error.user_message}. Connect again.",
            stripe_code=error.code or "unknown",
        )
    if account is not None and code_of(error) in _GONE_CODES:
        return _gone()
    if isinstance(error, stripe.AuthenticationError) or code_of(error) in _KEY_CODES:
        return StripeNotConfigured(
            "Stripe does not accept this deployment's secret key; its operator corrects it.",
            retry_after_seconds=RETRY_AFTER_MAX_SECONDS,
        )
    if isinstance(error, _REFUSALS) and code_of(error) not in _PASSING_CODES:
        return refusal_of(error)
    return _unavailable(_retry_after_seconds(error))


def _is_a_refusal(error: stripe.StripeError) -> bool:
    status = error.http_status or HTTPStatus.BAD_GATEWAY
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR


def _gone() -> AccountGone:
    return AccountGone(
        "The connected Stripe account has withdrawn its access or was closed. Connect Stripe again."
    )


def _unavailable(retry_after_seconds: int = RETRY_AFTER_SECONDS) -> StripeUnavailable:
    return StripeUnavailable(
        "Stripe gave no usable answer. Send the same request again later; nothing is made twice.",
        retry_after_seconds=retry_after_seconds,
    )


def _retry_after_seconds(error: stripe.StripeError) -> int:
    try:
        wanted = int((error.headers or {}).get("retry-after", RETRY_AFTER_SECONDS))
    except ValueError:
        return RETRY_AFTER_SECONDS
    return min(max(wanted, 1), RETRY_AFTER_MAX_SECONDS)
