"""Where a request comes from, as far as anybody can tell.

What a request says about itself counts only where the peer is a proxy that the operator has named:
everybody else can write whatever they like into ``X-Forwarded-For``.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from starlette.requests import Request

from dream_api.services.http.settings import Network

_HOPS_MAX = 20
_IPV6_PREFIX = 64
"""What one household or machine is given; counting single addresses would count nothing."""

Address = IPv4Address | IPv6Address


def network_of(request: Request, trusted_proxies: Sequence[Network]) -> str:
    """Name the network that a request comes from: an IPv4 address, or the /64 of an IPv6 one.

    Empty where it cannot be told: the peer is on a private network and no named proxy, so it is
    most likely a proxy that stands for everybody.
    """
    peer = _address(request.client.host if request.client else "")
    if peer is None:
        return ""
    if _is_among(peer, trusted_proxies):
        caller = _first_stranger(request.headers.getlist("x-forwarded-for"), trusted_proxies)
        return "" if caller is None else _named(caller)
    return _named(peer) if peer.is_global else ""


def _first_stranger(headers: Sequence[str], trusted_proxies: Sequence[Network]) -> Address | None:
    """Go back along the proxies that we trust: each has appended whom it was called by."""
    hops = [hop.strip() for header in headers for hop in header.split(",")]
    for hop in reversed(hops[-_HOPS_MAX:]):
        address = _address(hop)
        if address is None:
            return None
        if not _is_among(address, trusted_proxies):
            return address
    return None


def _address(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_among(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _named(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((str(address), _IPV6_PREFIX), strict=False))
