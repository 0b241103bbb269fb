"""What the SDK is given: its options and its larger parameters, typed as Stripe's own schema is."""

import stripe
from stripe.params import SubscriptionUpdateParams
from stripe.params.billing_portal import SessionCreateParams as PortalCreateParams
from stripe.params.checkout import SessionCreateParams

from dream_api.gateways.stripe.model import CheckoutRequest, SubscriptionChange


def options(account: str | None, idempotency_key: str | None = None) -> stripe.RequestOptions:
    """Give the options of one call: whose account, and the key under which it happens once."""
    chosen: stripe.RequestOptions = {}
    if account is not None:
        chosen["stripe_account"] = account
    if idempotency_key is not None:
        chosen["idempotency_key"] = idempotency_key
    return chosen


def checkout_params(request: CheckoutRequest) -> SessionCreateParams:
    """Give the parameters of a Checkout session that sells one subscription."""
    metadata = dict(request.metadata)
    params: SessionCreateParams = {
        "mode": "subscription",
        "line_items": [{"price": request.price_id, "quantity": 1}],
        "success_url": request.success_url,
        "cancel_url": request.cancel_url,
        "client_reference_id": request.client_reference_id,
        "metadata": metadata,
        "subscription_data": {"metadata": metadata},
    }
    if request.trial_days:
        params["subscription_data"]["trial_period_days"] = request.trial_days
    if request.customer is not None:
        params["customer"] = request.customer
    elif request.customer_email is not None:
        params["customer_email"] = request.customer_email
    if request.expires_at is not None:
        params["expires_at"] = int(request.expires_at.timestamp())
    return params


def change_params(change: SubscriptionChange) -> SubscriptionUpdateParams:
    """Give the parameters of a subscription's change: only what is set."""
    params: SubscriptionUpdateParams = {}
    if change.item_id is not None and change.price_id is not None:
        params["items"] = [{"id": change.item_id, "price": change.price_id}]
    if change.proration_behavior is not None:
        params["proration_behavior"] = change.proration_behavior
    if change.payment_behavior is not None:
        params["payment_behavior"] = change.payment_behavior
    if change.billing_cycle_anchor is not None:
        params["billing_cycle_anchor"] = change.billing_cycle_anchor
    if change.cancel_at_period_end is not None:
        params["cancel_at_period_end"] = change.cancel_at_period_end
    if change.metadata is not None:
        params["metadata"] = dict(change.metadata)
    return params


def portal_params(customer: str, return_url: str, configuration: str | None) -> PortalCreateParams:
    """Give the parameters of a portal session."""
    params: PortalCreateParams = {"customer": customer, "return_url": return_url}
    if configuration is not None:
        params["configuration"] = configuration
    return params
