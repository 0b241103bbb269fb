"""Addresses that callers hand us to send people to."""

from collections.abc import Collection
from urllib.parse import urlsplit

from dream_api.kit.errors import ValidationFailed

URL_CHARACTERS_MAX = 2_048

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def check_url(url: str, *, param: str, allow_loopback: bool) -> str:
    """Accept an https address, or in development one on loopback.

    Raises:
        ValidationFailed: nobody is ever sent to a ``javascript:`` address or one with a password.
    """
    parts = _split(url, param)
    is_local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if parts.scheme != "https" and not (allow_loopback and is_local):
        raise ValidationFailed.of(param, "must be an https address", "Start it with https://.")
    return url


def check_url_of(url: str, origins: Collection[str], *, param: str) -> str:
    """Accept an address whose origin is one of *origins*, compared exactly.

    Raises:
        ValidationFailed: it leads elsewhere.
    """
    if origin_of(url, param=param) not in origins:
        raise ValidationFailed.of(
            param, "leads to an origin that is not allowed", "Add it to redirectUrls."
        )
    return url


def origin_of(url: str, *, param: str) -> str:
    """Give the origin of an address as browsers write it: scheme, host, port unless default."""
    parts = _split(url, param)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    default_port = {"https": 443, "http": 80}.get(parts.scheme)
    port = "" if parts.port in (None, default_port) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


class _Parts:
    def __init__(self, url: str) -> None:
        split = urlsplit(url)
        self.scheme = split.scheme
        self.hostname = split.hostname
        self.port = split.port  # Raises ValueError beyond 65535.
        self.has_user = split.username is not None or split.password is not None


def _split(url: str, param: str) -> _Parts:
    is_plain = url.isascii() and url.isprintable() and not set(url) & set(" \\<>\"'`")
    if len(url) <= URL_CHARACTERS_MAX and is_plain:
        try:
            parts = _Parts(url)
        except ValueError:
            parts = None
        if parts is not None and parts.hostname and not parts.has_user:
            return parts
    raise ValidationFailed.of(
        param, "must be a complete address", "For example https://app.example/done."
    )
