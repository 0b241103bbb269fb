"""Headers that every answer carries unless the handler has set its own."""

from dream_api.services.http.settings import DoorSettings

RawHeaders = list[tuple[bytes, bytes]]

_HSTS_SECONDS = 365 * 24 * 60 * 60

JSON_POLICY = b"default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
"""Content-Security-Policy of everything that is no page; pages bring their own."""


class SecurityHeaders:
    """Completes an answer's headers. ``Cache-Control: no-store`` is the default: few may differ."""

    def __init__(self, settings: DoorSettings) -> None:
        self._defaults = [
            (b"content-security-policy", JSON_POLICY),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
            (b"cache-control", b"no-store"),
            (b"cross-origin-opener-policy", b"same-origin"),
        ]
        if settings.is_https:
            hsts = f"max-age={_HSTS_SECONDS}; includeSubDomains".encode()
            self._defaults.append((b"strict-transport-security", hsts))

    def complete(self, headers: RawHeaders) -> RawHeaders:
        """Give *headers* plus the defaults that they leave out."""
        present = {name.lower() for name, _ in headers}
        return headers + [pair for pair in self._defaults if pair[0] not in present]
