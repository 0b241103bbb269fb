"""Stripe's refusals, in Stripe's words (https://docs.stripe.com/api/errors)."""

from http import HTTPStatus
from typing import Any

_NOUNS = {
    "billing_portal.configuration": "configuration",
    "checkout.session": "checkout session",
    "payment_intent": "payment_intent",
    "payment_method": "PaymentMethod",
    "promotion_code": "promotion code",
    "test_helpers.test_clock": "test clock",
    "webhook_endpoint": "webhook endpoint",
}


class StripeError(Exception):
    """A refusal that goes back to the caller as ``{"error": {...}}``.

    Everything that the request changed is rolled back, except when ``keeps_changes`` says that
    the failure itself is a fact to be stored (a card that was declined, for instance).
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = HTTPStatus.BAD_REQUEST,
        code: str | None = None,
        param: str | None = None,
        details: dict[str, Any] | None = None,
        keeps_changes: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = int(status)
        self.code = code
        self.param = param
        self.details = details or {}
        self.keeps_changes = keeps_changes

    def body(self, *, log_url: str) -> dict[str, Any]:
        """The JSON that Stripe sends for this refusal."""
        error: dict[str, Any] = {"message": self.message, "type": "invalid_request_error"}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param is not None:
            error["param"] = self.param
        return {"error": error | self.details | {"request_log_url": log_url}}


def missing(kind: str, identifier: str, *, param: str = "id") -> StripeError:
    """Nothing of that id in this account; a 404 in a path, a 400 in a parameter."""
    return StripeError(
        f"No such {_NOUNS.get(kind, kind)}: '{identifier}'",
        status=HTTPStatus.NOT_FOUND if param == "id" else HTTPStatus.BAD_REQUEST,
        code="resource_missing",
        param=param,
    )


def unknown_parameter(param: str) -> StripeError:
    """The API has no such parameter."""
    return StripeError(
        f"Received unknown parameter: {param}", code="parameter_unknown", param=param
    )


def parameter_missing(param: str) -> StripeError:
    """A parameter that the API cannot do without."""
    return StripeError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def not_implemented(what: str, *, param: str | None = None) -> StripeError:
    """Stripe can do this and the simulator cannot; it says so and never pretends."""
    return StripeError(
        f"Not implemented in stripe-sim: {what}. Real Stripe has it; "
        "src/stripe_simulator/README.md lists what the simulator does.",
        status=HTTPStatus.NOT_IMPLEMENTED,
        code="not_implemented_in_stripe_sim",
        param=param,
    )


def account_invalid(masked_key: str, account_id: str) -> StripeError:
    """An account that does not exist, or that is not (or no longer) connected to us."""
    return StripeError(
        f"The provided key '{masked_key}' does not have access to account '{account_id}' (or "
        "that account does not exist). Application access may have been revoked.",
        status=HTTPStatus.FORBIDDEN,
        code="account_invalid",
    )


def card_declined(
    code: str, message: str, *, decline_code: str | None, keeps_changes: bool
) -> StripeError:
    """A card that the bank refused."""
    details = {"type": "card_error"}
    if decline_code is not None:
        details["decline_code"] = decline_code
    return StripeError(
        message,
        status=HTTPStatus.PAYMENT_REQUIRED,
        code=code,
        details=details,
        keeps_changes=keeps_changes,
    )
