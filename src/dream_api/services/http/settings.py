"""What the doors need to know of the settings. Values, not the settings themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from urllib.parse import urlsplit

from dream_api.kit.keys import Mode

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """Values that doors share.

    ``public_url`` has no trailing slash. A mode without webhook secrets does not appear in the
    two mappings; where a mapping is empty, its route is 404.
    """

    public_url: str
    development: bool = False
    simulated: bool = False
    """Whether Stripe is the simulator; only then may ``/dev/clock`` move time."""
    platform_price_cents: int = 1500
    """What the platform subscription costs, in US cents a month, as pages show it."""
    stripe_origin: str | None = None
    """Where forms may lead besides ourselves, for the pages' Content-Security-Policy."""
    trusted_proxies: tuple[Network, ...] = ()
    """Whose ``X-Forwarded-For`` is believed."""
    metrics_token: str | None = field(default=None, repr=False)
    account_webhook_secrets: Mapping[Mode, tuple[str, ...]] = field(
        default_factory=dict, repr=False
    )
    connect_webhook_secrets: Mapping[Mode, tuple[str, ...]] = field(
        default_factory=dict, repr=False
    )

    @property
    def public_origin(self) -> str:
        """The public URL's scheme and authority, as a browser's ``Origin`` writes it."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}".lower()

    @property
    def is_https(self) -> bool:
        """Whether browsers reach us encrypted: decides Secure cookies and HSTS."""
        return self.public_url.startswith("https://")
