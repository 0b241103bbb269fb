"""Checkout, subscriptions, their invoices, and the portal."""

import stripe.params as top
from stripe.params import billing_portal, checkout

from stripe_simulator.resources import invoices, portal, sessions, subscriptions
from stripe_simulator.routes.route import Route

ROUTES = [
    # Checkout
    Route(
        "POST",
        "/v1/checkout/sessions",
        sessions.create,
        checkout.SessionCreateParams,
        sessions.CREATE_HONOURS,
    ),
    Route(
        "GET",
        "/v1/checkout/sessions",
        sessions.list_all,
        checkout.SessionListParams,
        sessions.LIST_HONOURS,
    ),
    Route("GET", "/v1/checkout/sessions/{id}", sessions.retrieve, checkout.SessionRetrieveParams),
    Route(
        "POST", "/v1/checkout/sessions/{id}/expire", sessions.expire, checkout.SessionExpireParams
    ),
    Route(
        "GET",
        "/v1/checkout/sessions/{id}/line_items",
        sessions.list_line_items,
        checkout.SessionLineItemListParams,
    ),
    # Billing
    Route(
        "POST",
        "/v1/subscriptions",
        subscriptions.create,
        top.SubscriptionCreateParams,
        subscriptions.CREATE_HONOURS,
    ),
    Route(
        "GET",
        "/v1/subscriptions",
        subscriptions.list_all,
        top.SubscriptionListParams,
        subscriptions.LIST_HONOURS,
    ),
    Route("GET", "/v1/subscriptions/{id}", subscriptions.retrieve, top.SubscriptionRetrieveParams),
    Route(
        "POST",
        "/v1/subscriptions/{id}",
        subscriptions.update,
        top.SubscriptionUpdateParams,
        subscriptions.UPDATE_HONOURS,
    ),
    Route(
        "POST",
        "/v1/subscriptions/{id}/resume",
        subscriptions.resume,
        top.SubscriptionResumeParams,
        "billing_cycle_anchor",
    ),
    Route(
        "DELETE",
        "/v1/subscriptions/{id}",
        subscriptions.cancel,
        top.SubscriptionCancelParams,
        subscriptions.CANCEL_HONOURS,
    ),
    Route(
        "GET",
        "/v1/subscription_items",
        subscriptions.list_items,
        top.SubscriptionItemListParams,
        "subscription",
    ),
    Route("GET", "/v1/invoices", invoices.list_all, top.InvoiceListParams, invoices.LIST_HONOURS),
    Route(
        "POST",
        "/v1/invoices/create_preview",
        invoices.create_preview,
        top.InvoiceCreatePreviewParams,
        invoices.PREVIEW_HONOURS,
    ),
    Route("GET", "/v1/invoices/{id}", invoices.retrieve, top.InvoiceRetrieveParams),
    Route("GET", "/v1/invoices/{id}/lines", invoices.list_lines, top.InvoiceLineItemListParams),
    Route("POST", "/v1/invoices/{id}/pay", invoices.pay, top.InvoicePayParams),
    # Portal
    Route(
        "POST",
        "/v1/billing_portal/configurations",
        portal.create_configuration,
        billing_portal.ConfigurationCreateParams,
        portal.CONFIGURATION_HONOURS,
    ),
    Route(
        "GET",
        "/v1/billing_portal/configurations",
        portal.list_configurations,
        billing_portal.ConfigurationListParams,
        portal.CONFIGURATION_LIST_HONOURS,
    ),
    Route(
        "GET",
        "/v1/billing_portal/configurations/{id}",
        portal.retrieve_configuration,
        billing_portal.ConfigurationRetrieveParams,
    ),
    Route(
        "POST",
        "/v1/billing_portal/configurations/{id}",
        portal.update_configuration,
        billing_portal.ConfigurationUpdateParams,
        portal.CONFIGURATION_UPDATE_HONOURS,
    ),
    Route(
        "POST",
        "/v1/billing_portal/sessions",
        portal.create_session,
        billing_portal.SessionCreateParams,
        portal.SESSION_HONOURS,
    ),
]
