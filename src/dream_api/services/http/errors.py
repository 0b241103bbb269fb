"""What the doors themselves refuse, before or instead of a room.

DreamError
├── 400  BadRequest · MalformedHttp · InvalidJson · InvalidHost · KeyInUrl · KeyInBody
├── 401  Unauthenticated
├── 403  SecretKeyRequired · ScopeMissing · KeyMismatch · CrossSiteRequest · OriginNotAllowed
├── 405  MethodNotAllowed          408  BodyTimeout
├── 413  BodyTooLarge              415  UnsupportedMediaType
├── 431  HeadersTooLarge           4xx  HttpRefused (whatever else the framework refuses)
└── 500  InternalError
"""

from dream_api.kit.errors import DreamError


class BadRequest(DreamError):
    """The request cannot be understood."""

    code = "bad_request"
    status = 400
    title = "Bad request"


class MalformedHttp(DreamError):
    """What arrived is not HTTP, or is ambiguous; the connection is closed."""

    code = "malformed_http"
    status = 400
    title = "Malformed HTTP request"


class InvalidJson(DreamError):
    """The body is not strict JSON: UTF-8, unique keys, finite numbers, at most 20 levels."""

    code = "invalid_json"
    status = 400
    title = "Invalid JSON"


class InvalidHost(DreamError):
    """The Host header is missing, doubled, or not one that this server answers to."""

    code = "invalid_host"
    status = 400
    title = "Invalid Host"


class KeyInUrl(DreamError):
    """A secret key stands in the address, where proxies and browsers write it down."""

    code = "key_in_url"
    status = 400
    title = "Secret key in the address"


class KeyInBody(DreamError):
    """A secret key stands in the body, where it may be stored or logged."""

    code = "key_in_body"
    status = 400
    title = "Secret key in the body"


class Unauthenticated(DreamError):
    """No credential, or a malformed, unknown, expired or revoked one: told apart by nothing."""

    code = "unauthenticated"
    status = 401
    title = "Not authenticated"


class SecretKeyRequired(DreamError):
    """A route for servers was called with a publishable key or an end user's token."""

    code = "secret_key_required"
    status = 403
    title = "Secret key required"


class ScopeMissing(DreamError):
    """The secret key is good, but may not do this."""

    code = "scope_missing"
    status = 403
    title = "The key's scopes do not cover this"


class KeyMismatch(DreamError):
    """The publishable key names another platform than the secret key."""

    code = "key_mismatch"
    status = 403
    title = "Keys of different platforms"


class Impersonated(DreamError):
    """Somebody acts in another person's name, and this would change something."""

    code = "impersonated"
    status = 403
    title = "Not in somebody else's name"


class CrossSiteRequest(DreamError):
    """A browser sent this from another site while a cookie would have signed it."""

    code = "cross_site_request"
    status = 403
    title = "Cross-site request"


class OriginNotAllowed(DreamError):
    """The page's origin is not among the platform's ``allowedOrigins``."""

    code = "origin_not_allowed"
    status = 403
    title = "Origin not allowed"


class MethodNotAllowed(DreamError):
    """The path exists, but not with this method; ``Allow`` lists those that do."""

    code = "method_not_allowed"
    status = 405
    title = "Method not allowed"


class BodyTimeout(DreamError):
    """The body did not arrive in time."""

    code = "body_timeout"
    status = 408
    title = "The body arrived too slowly"


class BodyTooLarge(DreamError):
    """The body is larger than this route takes."""

    code = "body_too_large"
    status = 413
    title = "The body is too large"


class UnsupportedMediaType(DreamError):
    """The body's media type or encoding is not one that this route takes."""

    code = "unsupported_media_type"
    status = 415
    title = "Unsupported media type"


class HeadersTooLarge(DreamError):
    """The headers are larger than any honest client's."""

    code = "headers_too_large"
    status = 431
    title = "The headers are too large"


class HttpRefused(DreamError):
    """Anything else that the framework refuses."""

    code = "http_refused"
    status = 400
    title = "Refused"

    def __init__(self, detail: str, *, status: int) -> None:
        super().__init__(detail)
        self.status = status  # type: ignore[misc]  # The framework chose it.


class InternalError(DreamError):
    """A bug of ours. Nothing but the request id leaves the house."""

    code = "internal_error"
    status = 500
    title = "Internal error"
