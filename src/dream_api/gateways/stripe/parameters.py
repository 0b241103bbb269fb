"""What the SDK is given: its options and its larger parameters, typed as Stripe's own schema is.

The types stand in quotes: they are for the checker, and would take 2 MB of every process.
"""

from collections.abc import Mapping
from typing import cast

import stripe

from dream_api.gateways.stripe.model import CheckoutRequest, ItemMove, SubscriptionChange


def options(account: str | None, idempotency_key: str | None = None) -> stripe.RequestOptions:
    """Give the options of one call: whose account, and the key under which it happens once."""
    chosen: stripe.RequestOptions = {}
    if account is not None:
        chosen["stripe_account"] = account
    if idempotency_key is not None:
        chosen["idempotency_key"] = idempotency_key
    return chosen


def checkout_params(request: CheckoutRequest) -> "stripe.params.checkout.SessionCreateParams":
    """Give the parameters of a Checkout session that sells one subscription."""
    metadata = dict(request.metadata)
    params: stripe.params.checkout.SessionCreateParams = {
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
    if request.allows_promotion_codes:
        params["allow_promotion_codes"] = True
    if request.calculates_tax:
        params["automatic_tax"] = {"enabled": True}
        if request.customer is not None:
            # Stripe taxes by address, and asks us to say that the page's may replace an older one.
            params["customer_update"] = {"address": "auto"}
    return params


def preview_params(move: ItemMove) -> "stripe.params.InvoiceCreatePreviewParams":
    """Give the parameters of a preview of moving one item, prorated and billed at once."""
    params = _preview_of(move)
    params["subscription_details"]["proration_behavior"] = "always_invoice"
    return params


def recurring_params(move: ItemMove) -> "stripe.params.InvoiceCreatePreviewParams":
    """Give the parameters of a preview of the regular invoices after moving one item."""
    params = _preview_of(move)
    params["subscription_details"]["proration_behavior"] = "none"
    params["preview_mode"] = "recurring"
    return params


def _preview_of(move: ItemMove) -> "stripe.params.InvoiceCreatePreviewParams":
    item: stripe.params.InvoiceCreatePreviewParamsSubscriptionDetailsItem = {"id": move.item_id}
    price = move.price
    if isinstance(price, str):
        item["price"] = price
    elif price is not None:
        # The SDK's type spells the intervals out; this one was read off a price of Stripe's.
        item["price_data"] = cast(
            "stripe.params.InvoiceCreatePreviewParamsSubscriptionDetailsItemPriceData",
            {
                "product": price.product_id,
                "unit_amount": price.amount_cents,
                "currency": price.currency,
                "recurring": {
                    "interval": price.interval,
                    "interval_count": price.interval_count,
                },
            },
        )
    params: stripe.params.InvoiceCreatePreviewParams = {
        "subscription": move.subscription_id,
        "subscription_details": {"items": [item]},
    }
    if move.takes_end_back:
        # Else Stripe says that no invoice comes any more (invoice_upcoming_none).
        params["subscription_details"]["cancel_at_period_end"] = False
    return params


def change_params(change: SubscriptionChange) -> "stripe.params.SubscriptionUpdateParams":
    """Give the parameters of a subscription's change: only what is set."""
    params: stripe.params.SubscriptionUpdateParams = {}
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


def portal_configuration(
    metadata: Mapping[str, str] | None = None,
) -> "stripe.params.billing_portal.ConfigurationCreateParams":
    """Give the settings of a portal: cards, invoices, and cancelling when the period ends."""
    params: stripe.params.billing_portal.ConfigurationCreateParams = {
        "features": {
            "customer_update": {"enabled": True, "allowed_updates": ["address", "email"]},
            "invoice_history": {"enabled": True},
            "payment_method_update": {"enabled": True},
            "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
        }
    }
    if metadata:
        params["metadata"] = dict(metadata)
    return params


def portal_params(
    customer: str, return_url: str, configuration: str | None
) -> "stripe.params.billing_portal.SessionCreateParams":
    """Give the parameters of a portal session."""
    params: stripe.params.billing_portal.SessionCreateParams = {
        "customer": customer,
        "return_url": return_url,
    }
    if configuration is not None:
        params["configuration"] = configuration
    return params
