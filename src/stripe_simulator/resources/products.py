"""Products (https://docs.stripe.com/api/products)."""

from stripe_simulator.errors import StripeError
from stripe_simulator.identifiers import new_id
from stripe_simulator.resources.call import Call, deleted, merged_metadata
from stripe_simulator.shapes import Body, shape
from stripe_simulator.wire.listing import listed

_TEXTS = (
    "description",
    "images",
    "shippable",
    "statement_descriptor",
    "tax_code",
    "unit_label",
    "url",
)
CREATE_HONOURS = f"active id marketing_features metadata name type {' '.join(_TEXTS)}"
UPDATE_HONOURS = f"active default_price marketing_features metadata name {' '.join(_TEXTS)}"
LIST_HONOURS = "active created ids url"


def create(call: Call) -> Body:
    """Create a product."""
    identifier = call.parameters.get("id") or new_id("prod")
    if call.books.find("product", identifier):
        raise StripeError(
            f"Product already exists: {identifier}", code="resource_already_exists", param="id"
        )
    body = shape(
        "product",
        id=identifier,
        active=True,
        created=call.books.now,
        images=[],
        livemode=False,
        marketing_features=[],
        metadata=merged_metadata({}, call.parameters.get("metadata")),
        name=call.parameters["name"],
        type="service",
        updated=call.books.now,
    )
    body |= call.given("active", "marketing_features", "type", *_TEXTS)
    return call.books.add(body, event="product.created").body


def retrieve(call: Call) -> Body:
    """One product."""
    return call.books.get("product", call.id).body


def update(call: Call) -> Body:
    """Change a product; the same call archives it."""
    record = call.books.get("product", call.id)
    changes = call.given("active", "default_price", "marketing_features", "name", *_TEXTS)
    if changes.get("default_price"):
        call.books.get("price", changes["default_price"], param="default_price")
    for name in ("images", "marketing_features"):
        if name in changes and changes[name] is None:
            changes[name] = []
    metadata = merged_metadata(record.body["metadata"], call.parameters.get("metadata"))
    changed = record.body | changes | {"metadata": metadata}
    if changed != record.body:
        record.body = changed | {"updated": call.books.now}
        call.books.save(record, event="product.updated")
    return record.body


def delete(call: Call) -> Body:
    """Delete a product that has no price.

    Raises:
        StripeError: It has prices; archive it instead.
    """
    record = call.books.get("product", call.id)
    if call.books.all("price", product=call.id):
        raise StripeError(
            "This product cannot be deleted because it has one or more user-created prices.",
            param="id",
        )
    call.books.store.delete(record)
    call.books.emit("product.deleted", record.body)
    return deleted("product", call.id)


def list_all(call: Call) -> Body:
    """Products, newest first."""
    parameters = call.parameters
    matching = {
        "active": parameters.get("active"),
        "id": parameters.get("ids"),
        "url": parameters.get("url"),
    }
    return listed(call.books, "product", "/v1/products", parameters, matching=matching)
