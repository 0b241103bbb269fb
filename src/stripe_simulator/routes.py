"""Every call of ``/v1`` that the simulator answers; what is not here is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import stripe.params as top
from stripe.params import billing_portal, checkout

from stripe_simulator.resources import (
    accounts,
    coupons,
    customers,
    endpoints,
    events,
    invoices,
    payment_methods,
    portal,
    prices,
    products,
    sessions,
    subscriptions,
)
from stripe_simulator.resources.call import Call
from stripe_simulator.shapes import Body

Verb = Callable[[Call], Body]
_PAGING = "limit starting_after ending_before expand"


@dataclass(frozen=True, slots=True)
class Route:
    """One call.

    Attributes:
        path: Its path, where ``{id}`` stands for the id that the verb is given.
        schema: The SDK's TypedDict of its parameters.
        honours: The parameters, dotted and separated by spaces, that the verb acts on. Others
            that Stripe knows are refused as not implemented, never silently ignored.
    """

    method: str
    path: str
    verb: Verb
    schema: type
    honours: str = ""

    @property
    def honoured(self) -> frozenset[str]:
        """The honoured parameters, with those that every call takes."""
        return frozenset(f"{self.honours} {_PAGING}".split())


_ROUTES = [
    Route("GET", "/v1/account", accounts.retrieve_own, top.AccountRetrieveCurrentParams),
    Route("GET", "/v1/accounts", accounts.list_all, top.AccountListParams),
    Route("GET", "/v1/accounts/{id}", accounts.retrieve, top.AccountRetrieveParams),
    # Catalogue
    Route(
        "POST", "/v1/products", products.create, top.ProductCreateParams, products.CREATE_HONOURS
    ),
    Route("GET", "/v1/products", products.list_all, top.ProductListParams, products.LIST_HONOURS),
    Route("GET", "/v1/products/{id}", products.retrieve, top.ProductRetrieveParams),
    Route(
        "POST",
        "/v1/products/{id}",
        products.update,
        top.ProductUpdateParams,
        products.UPDATE_HONOURS,
    ),
    Route("DELETE", "/v1/products/{id}", products.delete, top.ProductDeleteParams),
    Route("POST", "/v1/prices", prices.create, top.PriceCreateParams, prices.CREATE_HONOURS),
    Route("GET", "/v1/prices", prices.list_all, top.PriceListParams, prices.LIST_HONOURS),
    Route("GET", "/v1/prices/{id}", prices.retrieve, top.PriceRetrieveParams),
    Route("POST", "/v1/prices/{id}", prices.update, top.PriceUpdateParams, prices.UPDATE_HONOURS),
    Route("POST", "/v1/coupons", coupons.create, top.CouponCreateParams, coupons.CREATE_HONOURS),
    Route("GET", "/v1/coupons", coupons.list_all, top.CouponListParams, coupons.LIST_HONOURS),
    Route("GET", "/v1/coupons/{id}", coupons.retrieve, top.CouponRetrieveParams),
    Route(
        "POST", "/v1/coupons/{id}", coupons.update, top.CouponUpdateParams, coupons.UPDATE_HONOURS
    ),
    Route("DELETE", "/v1/coupons/{id}", coupons.delete, top.CouponDeleteParams),
    # People
    Route(
        "POST",
        "/v1/customers",
        customers.create,
        top.CustomerCreateParams,
        customers.CREATE_HONOURS,
    ),
    Route(
        "GET", "/v1/customers", customers.list_all, top.CustomerListParams, customers.LIST_HONOURS
    ),
    Route("GET", "/v1/customers/{id}", customers.retrieve, top.CustomerRetrieveParams),
    Route(
        "POST",
        "/v1/customers/{id}",
        customers.update,
        top.CustomerUpdateParams,
        customers.UPDATE_HONOURS,
    ),
    Route("DELETE", "/v1/customers/{id}", customers.delete, top.CustomerDeleteParams),
    Route(
        "GET",
        "/v1/customers/{id}/payment_methods",
        payment_methods.list_of_customer,
        top.CustomerPaymentMethodListParams,
        "type",
    ),
    Route(
        "GET",
        "/v1/payment_methods",
        payment_methods.list_all,
        top.PaymentMethodListParams,
        payment_methods.LIST_HONOURS,
    ),
    Route(
        "GET",
        "/v1/payment_methods/{id}",
        payment_methods.retrieve,
        top.PaymentMethodRetrieveParams,
    ),
    Route(
        "POST",
        "/v1/payment_methods/{id}/attach",
        payment_methods.attach,
        top.PaymentMethodAttachParams,
        "customer",
    ),
    Route(
        "POST",
        "/v1/payment_methods/{id}/detach",
        payment_methods.detach,
        top.PaymentMethodDetachParams,
    ),
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
    # Webhooks
    Route(
        "POST",
        "/v1/webhook_endpoints",
        endpoints.create,
        top.WebhookEndpointCreateParams,
        endpoints.CREATE_HONOURS,
    ),
    Route("GET", "/v1/webhook_endpoints", endpoints.list_all, top.WebhookEndpointListParams),
    Route(
        "GET", "/v1/webhook_endpoints/{id}", endpoints.retrieve, top.WebhookEndpointRetrieveParams
    ),
    Route(
        "POST",
        "/v1/webhook_endpoints/{id}",
        endpoints.update,
        top.WebhookEndpointUpdateParams,
        endpoints.UPDATE_HONOURS,
    ),
    Route(
        "DELETE", "/v1/webhook_endpoints/{id}", endpoints.delete, top.WebhookEndpointDeleteParams
    ),
    Route("GET", "/v1/events", events.list_all, top.EventListParams, events.LIST_HONOURS),
    Route("GET", "/v1/events/{id}", events.retrieve, top.EventRetrieveParams),
]


def all_routes() -> list[Route]:
    """Every route, in the order of the table."""
    return list(_ROUTES)


def find_route(method: str, path: str) -> tuple[Route, str] | None:
    """The route of a request and the id in its path, or nothing."""
    parts = path.strip("/").split("/")
    for place, part in [(None, "")] + [(at, parts[at]) for at in range(2, len(parts))]:
        template = [*parts]
        if place is not None:
            template[place] = "{id}"
        route = _by_path().get((method, "/" + "/".join(template)))
        if route is not None:
            return route, part
    return None


@lru_cache
def _by_path() -> dict[tuple[str, str], Route]:
    return {(route.method, route.path): route for route in _ROUTES}
