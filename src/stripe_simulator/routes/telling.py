"""Webhook endpoints, events, and the clocks of tests."""

import stripe.params as top
from stripe.params import test_helpers

from stripe_simulator.resources import endpoints, events, test_clocks
from stripe_simulator.routes.route import Route

ROUTES = [
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
    Route(
        "POST",
        "/v1/test_helpers/test_clocks",
        test_clocks.create,
        test_helpers.TestClockCreateParams,
        "frozen_time name",
    ),
    Route(
        "GET",
        "/v1/test_helpers/test_clocks",
        test_clocks.list_all,
        test_helpers.TestClockListParams,
    ),
    Route(
        "GET",
        "/v1/test_helpers/test_clocks/{id}",
        test_clocks.retrieve,
        test_helpers.TestClockRetrieveParams,
    ),
    Route(
        "DELETE",
        "/v1/test_helpers/test_clocks/{id}",
        test_clocks.delete,
        test_helpers.TestClockDeleteParams,
    ),
    Route(
        "POST",
        "/v1/test_helpers/test_clocks/{id}/advance",
        test_clocks.advance,
        test_helpers.TestClockAdvanceParams,
        "frozen_time",
    ),
]
