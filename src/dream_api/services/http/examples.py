"""Example values for descriptions, made from schemas. Keys carry a deliberately wrong checksum."""

from typing import Any

_DEPTH_MAX = 8

_BY_NAME: dict[str, Any] = {
    "allowed": True,
    "allowedOrigins": ["https://app.example"],
    "amount": 1,
    "appName": "Acme",
    "cancelUrl": "https://app.example/pricing",
    "code": "314159",
    "codeVerifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "color": "#3355ff",
    "currency": "usd",
    "currentPassword": "incorrect pony battery staple",
    "cursor": None,
    "days": 30,
    "displayName": "Pro",
    "email": "ada@example.com",
    "features": ["10,000 calls", "Mail support"],
    "hint": "sk_live_drm_…4f2K",
    "interval": "month",
    "limit": 10_000,
    "name": "Ada Lovelace",
    "newPassword": "correct horse battery staple",
    "nextCursor": None,
    "overlapSeconds": 3_600,
    "password": "correct horse battery staple",
    "plan": "pro",
    "platformId": "pk_live_drm_EXAMPLE000000000000000000000000000000000",
    "prevCursor": None,
    "priceCents": 2_900,
    "priceId": "price_1SExample",
    "productId": "prod_Example",
    "publishableKey": "pk_live_drm_EXAMPLE000000000000000000000000000000000",
    "rateLimitPerMinute": 60,
    "reason": "Refund for an outage",
    "redirectUrls": ["https://app.example/callback"],
    "refreshToken": "rt_EXAMPLE",
    "returnUrl": "https://app.example/account",
    "scopes": ["usage", "read"],
    "secretKey": "sk_live_drm_EXAMPLE000000000000000000000000000000000",
    "sessionId": "cs_test_EXAMPLE",
    "successUrl": "https://app.example/welcome",
    "tier": "pro",
    "token": "eyJhbGciOiJFUzI1NiJ9.EXAMPLE.EXAMPLE",
    "trialDays": 14,
    "url": "https://checkout.stripe.com/c/pay/cs_test_EXAMPLE",
    "userId": "u_1",
}
_BY_FORMAT = {
    "date-time": "2026-11-01T00:00:00Z",
    "date": "2026-11-01",
    "uri": "https://app.example",
}
_BY_TYPE: dict[str, Any] = {"string": "text", "boolean": False, "number": 29.0, "null": None}


def example_of(
    schema: dict[str, Any], schemas: dict[str, Any], *, name: str = "", depth: int = 0
) -> Any:
    """Make a value that fits *schema*.

    Args:
        schema: a JSON schema, possibly a reference.
        schemas: the components that references lead to.
        name: the field that the value is for; picks a speaking example.
        depth: how deep the value lies; recursive schemas end at a limit.
    """
    resolved = _resolve(schema, schemas)
    if "examples" in resolved:
        return resolved["examples"][0]
    if "example" in resolved:
        return resolved["example"]
    if name in _BY_NAME:
        return _BY_NAME[name]
    if "const" in resolved:
        return resolved["const"]
    if "enum" in resolved:
        return resolved["enum"][0]
    return _by_shape(resolved, schemas, name, depth)


def _by_shape(schema: dict[str, Any], schemas: dict[str, Any], name: str, depth: int) -> Any:
    for keyword in ("anyOf", "oneOf", "allOf"):
        options = [one for one in schema.get(keyword, ()) if one.get("type") != "null"]
        if options:
            return example_of(options[0], schemas, name=name, depth=depth + 1)
    match schema.get("type"):
        case _ if depth > _DEPTH_MAX:
            return None
        case "object":
            fields = schema.get("properties", {})
            return {
                field: example_of(inner, schemas, name=field, depth=depth + 1)
                for field, inner in fields.items()
            }
        case "array":
            return [example_of(schema.get("items", {}), schemas, depth=depth + 1)]
        case "integer":
            return schema.get("default") or schema.get("minimum") or 1
        case kind:
            return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE.get(str(kind)))


def _resolve(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    target: dict[str, Any] = schemas.get(reference.rsplit("/", 1)[-1], {})
    return target
