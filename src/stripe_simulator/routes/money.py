"""Payments, and what goes back of them."""

import stripe.params as top

from stripe_simulator.resources import payments
from stripe_simulator.routes.route import Route

ROUTES = [
    Route(
        "GET",
        "/v1/charges",
        payments.list_charges,
        top.ChargeListParams,
        payments.CHARGE_LIST_HONOURS,
    ),
    Route("GET", "/v1/charges/{id}", payments.retrieve_charge, top.ChargeRetrieveParams),
    Route(
        "GET",
        "/v1/payment_intents",
        payments.list_intents,
        top.PaymentIntentListParams,
        payments.INTENT_LIST_HONOURS,
    ),
    Route(
        "GET",
        "/v1/payment_intents/{id}",
        payments.retrieve_intent,
        top.PaymentIntentRetrieveParams,
    ),
    Route(
        "GET",
        "/v1/invoice_payments",
        payments.list_invoice_payments,
        top.InvoicePaymentListParams,
        payments.INVOICE_PAYMENT_LIST_HONOURS,
    ),
    Route(
        "GET",
        "/v1/invoice_payments/{id}",
        payments.retrieve_invoice_payment,
        top.InvoicePaymentRetrieveParams,
    ),
    Route(
        "POST",
        "/v1/refunds",
        payments.create_refund,
        top.RefundCreateParams,
        payments.REFUND_HONOURS,
    ),
    Route(
        "GET",
        "/v1/refunds",
        payments.list_refunds,
        top.RefundListParams,
        payments.REFUND_LIST_HONOURS,
    ),
    Route("GET", "/v1/refunds/{id}", payments.retrieve_refund, top.RefundRetrieveParams),
    Route(
        "GET",
        "/v1/disputes",
        payments.list_disputes,
        top.DisputeListParams,
        payments.DISPUTE_LIST_HONOURS,
    ),
    Route("GET", "/v1/disputes/{id}", payments.retrieve_dispute, top.DisputeRetrieveParams),
    Route(
        "POST",
        "/v1/disputes/{id}",
        payments.update_dispute,
        top.DisputeUpdateParams,
        payments.DISPUTE_HONOURS,
    ),
    Route("POST", "/v1/disputes/{id}/close", payments.close_dispute, top.DisputeCloseParams),
]
