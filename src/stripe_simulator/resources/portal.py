"""The customer portal (https://docs.stripe.com/api/customer_portal)."""

from typing import Any

from stripe_simulator.clock import SECONDS_PER_HOUR
from stripe_simulator.errors import StripeError
from stripe_simulator.identifiers import new_id
from stripe_simulator.resources.call import Call, merged_metadata
from stripe_simulator.resources.customers import get_customer
from stripe_simulator.resources.sessions import check_url
from stripe_simulator.shapes import Body, shape
from stripe_simulator.wire.listing import listed

SESSION_SECONDS = SECONDS_PER_HOUR
CONFIGURATION_HONOURS = (
    "business_profile default_return_url features.customer_update features.invoice_history "
    "features.payment_method_update.enabled features.subscription_cancel "
    "features.subscription_update login_page.enabled metadata name"
)
CONFIGURATION_UPDATE_HONOURS = f"active {CONFIGURATION_HONOURS}"
CONFIGURATION_LIST_HONOURS = "active is_default"
SESSION_HONOURS = "configuration customer locale return_url"

_CANCELLATION_OPTIONS = [
    "customer_service",
    "low_quality",
    "missing_features",
    "other",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
]


def create_configuration(call: Call) -> Body:
    """Create the settings of a portal; they are never the default that a dashboard saves."""
    body = shape(
        "billing_portal.configuration",
        id=new_id("bpc"),
        active=True,
        application=call.books.application.client_id if call.books.is_connected else None,
        business_profile={
            "headline": None,
            "privacy_policy_url": None,
            "terms_of_service_url": None,
        },
        created=call.books.now,
        features=_no_features(),
        is_default=False,
        livemode=False,
        login_page={"enabled": False, "url": None},
        metadata={},
        updated=call.books.now,
    )
    _apply(call, body)
    return call.books.add(body, event="billing_portal.configuration.created").body


def retrieve_configuration(call: Call) -> Body:
    """The settings of one portal."""
    return call.books.get("billing_portal.configuration", call.id).body


def update_configuration(call: Call) -> Body:
    """Change the settings of a portal."""
    record = call.books.get("billing_portal.configuration", call.id)
    _apply(call, record.body)
    record.body["updated"] = call.books.now
    call.books.save(record, event="billing_portal.configuration.updated")
    return record.body


def list_configurations(call: Call) -> Body:
    """The settings of all portals, newest first."""
    matching = {
        "active": call.parameters.get("active"),
        "is_default": call.parameters.get("is_default"),
    }
    return listed(
        call.books,
        "billing_portal.configuration",
        "/v1/billing_portal/configurations",
        call.parameters,
        matching=matching,
    )


def create_session(call: Call) -> Body:
    """Open the portal for a customer.

    Raises:
        StripeError: No configuration is named, and none was ever saved as the default.
    """
    customer = get_customer(call.books, call.parameters["customer"], param="customer")
    configuration = call.parameters.get("configuration")
    if configuration is None:
        raise StripeError(
            "No configuration provided and your test mode default configuration has not been "
            "created. Provide a configuration or create your default by saving your customer "
            "portal settings in test mode at "
            "https://dashboard.stripe.com/test/settings/billing/portal."
        )
    settings = call.books.get("billing_portal.configuration", configuration, param="configuration")
    if not settings.body["active"]:
        raise StripeError("The configuration is not active.", param="configuration")
    if "return_url" in call.parameters:
        check_url(call.parameters["return_url"], "return_url")
    identifier = new_id("bps")
    body = shape(
        "billing_portal.session",
        id=identifier,
        configuration=configuration,
        created=call.books.now,
        customer=customer.id,
        livemode=False,
        return_url=settings.body["default_return_url"],
        url=f"{call.books.origin}/p/session/{identifier}",
    )
    body |= call.given("locale", "return_url")
    return call.books.add(body, event="billing_portal.session.created").body


def _apply(call: Call, body: Body) -> None:
    body |= call.given("active", "default_return_url", "name")
    body["metadata"] = merged_metadata(body["metadata"], call.parameters.get("metadata"))
    body["business_profile"] |= _unset(call.parameters.get("business_profile", {}))
    login_page = call.parameters.get("login_page", {})
    if login_page.get("enabled"):
        raise StripeError("The simulator's portal has no login page.", param="login_page[enabled]")
    for name, given in call.parameters.get("features", {}).items():
        feature = body["features"][name]
        for key, value in _unset(given).items():
            is_nested = isinstance(value, dict) and isinstance(feature.get(key), dict)
            feature[key] = feature[key] | _unset(value) if is_nested else value
    _complete_products(body["features"]["subscription_update"])


def _unset(given: dict[str, Any]) -> dict[str, Any]:
    return {key: None if value == "" else value for key, value in given.items()}


def _complete_products(update: Body) -> None:
    for product in update["products"] or []:
        product.setdefault("adjustable_quantity", {"enabled": False, "maximum": None, "minimum": 1})


def _no_features() -> Body:
    return {
        "customer_update": {"allowed_updates": [], "enabled": False},
        "invoice_history": {"enabled": False},
        "payment_method_update": {"enabled": False, "payment_method_configuration": None},
        "subscription_cancel": {
            "cancellation_reason": {"enabled": False, "options": _CANCELLATION_OPTIONS},
            "enabled": False,
            "mode": "at_period_end",
            "proration_behavior": "none",
        },
        "subscription_update": {
            "default_allowed_updates": [],
            "enabled": False,
            "products": None,
            "proration_behavior": "none",
            "schedule_at_period_end": {"conditions": []},
            "trial_update_behavior": "end_trial",
        },
    }
