"""Webhook endpoints (https://docs.stripe.com/api/webhook_endpoints)."""

from stripe_simulator.books import ENDPOINTS_MAX
from stripe_simulator.configuration import API_VERSION
from stripe_simulator.errors import StripeError, not_implemented
from stripe_simulator.identifiers import new_id, new_secret
from stripe_simulator.resources.call import Call, deleted, merged_metadata
from stripe_simulator.resources.sessions import check_url
from stripe_simulator.shapes import Body, shape
from stripe_simulator.wire.listing import listed

CREATE_HONOURS = "api_version connect description enabled_events metadata url"
UPDATE_HONOURS = "description disabled enabled_events metadata url"
EVENTS_MAX = 250


def create(call: Call) -> Body:
    """Create an endpoint; the only answer that ever carries its secret.

    Raises:
        StripeError: For a connected account, beyond the limit, or with a bad URL.
    """
    _refuse_connected(call)
    if len(call.books.all("webhook_endpoint")) >= ENDPOINTS_MAX:
        raise StripeError(
            f"You have reached the maximum of {ENDPOINTS_MAX} test webhook endpoints."
        )
    if call.parameters.get("api_version", API_VERSION) != API_VERSION:
        raise not_implemented(f"API versions other than {API_VERSION}", param="api_version")
    check_url(call.parameters["url"], "url")
    is_connect = call.parameters.get("connect", False)
    secret = new_secret("whsec")
    body = shape(
        "webhook_endpoint",
        id=new_id("we"),
        created=call.books.now,
        enabled_events=call.parameters["enabled_events"],
        livemode=False,
        metadata=merged_metadata({}, call.parameters.get("metadata")),
        status="enabled",
        url=call.parameters["url"],
    )
    body |= call.given("api_version", "description")
    record = call.books.add(body, hidden={"connect": is_connect, "secret": secret})
    return {**record.body, "secret": secret}


def retrieve(call: Call) -> Body:
    """One endpoint, without its secret."""
    _refuse_connected(call)
    return call.books.get("webhook_endpoint", call.id).body


def update(call: Call) -> Body:
    """Change an endpoint; whether it is a Connect endpoint stays as it was created."""
    _refuse_connected(call)
    record = call.books.get("webhook_endpoint", call.id)
    if "url" in call.parameters:
        check_url(call.parameters["url"], "url")
    record.body |= call.given("description", "enabled_events", "url")
    record.body["metadata"] = merged_metadata(
        record.body["metadata"], call.parameters.get("metadata")
    )
    if "disabled" in call.parameters:
        record.body["status"] = "disabled" if call.parameters["disabled"] else "enabled"
    call.books.save(record)
    return record.body


def delete(call: Call) -> Body:
    """Delete an endpoint; what was still owed to it is not sent any more."""
    _refuse_connected(call)
    record = call.books.get("webhook_endpoint", call.id)
    call.books.store.delete(record)
    call.books.store.execute(
        "UPDATE deliveries SET state = 'failed' WHERE endpoint = ? AND state = 'pending'",
        record.id,
    )
    return deleted("webhook_endpoint", call.id)


def list_all(call: Call) -> Body:
    """Endpoints, newest first."""
    _refuse_connected(call)
    return listed(call.books, "webhook_endpoint", "/v1/webhook_endpoints", call.parameters)


def _refuse_connected(call: Call) -> None:
    """Stripe's own words (https://github.com/stripe/stripe-php/issues/541)."""
    if call.books.is_connected:
        raise StripeError(
            "You are not permitted to configure webhook endpoints on a connected account. Did you "
            "mean to create a Connect webhook on your account instead?",
            status=403,
        )
