"""Where a request comes from: the peer, or what a proxy says that the operator has named."""

from ipaddress import ip_network

import pytest
from starlette.requests import Request

from dream_api.services.http.networks import network_of

PROXIES = (ip_network("10.0.0.0/8"), ip_network("2001:db8:ffff::/48"))
PUBLIC = "8.8.8.8"


def asked(peer: str | None, *forwarded: str, trusts: bool = True) -> str:
    """Name the network of a request."""
    scope = {
        "type": "http",
        "client": None if peer is None else (peer, 1234),
        "headers": [(b"x-forwarded-for", value.encode()) for value in forwarded],
    }
    return network_of(Request(scope), PROXIES if trusts else ())


def test_a_public_peer_is_who_it_is() -> None:
    """Whatever the request says: nobody vouches for it."""
    assert PUBLIC == asked(PUBLIC)
    assert PUBLIC == asked(PUBLIC, "1.2.3.4")
    assert PUBLIC == asked(PUBLIC, "10.0.0.1, 1.2.3.4")
    assert PUBLIC == asked(PUBLIC, "1.2.3.4", trusts=False)


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "::1", "fd00::1", None])
def test_a_private_peer_that_nobody_named_is_nobody(peer: str | None) -> None:
    """It is most likely a proxy, and everybody would share its count."""
    assert "" == asked(peer, "1.2.3.4", trusts=False)


def test_a_named_proxy_says_who_called_it() -> None:
    """The last hop that is no proxy of ours; what stands before it anybody can write."""
    assert PUBLIC == asked("10.0.0.1", PUBLIC)
    assert PUBLIC == asked("10.0.0.1", f"1.2.3.4, {PUBLIC}")
    assert PUBLIC == asked("10.0.0.1", f"1.2.3.4, {PUBLIC}, 10.0.0.2")
    assert PUBLIC == asked("10.0.0.1", "1.2.3.4", f"{PUBLIC},10.9.9.9")


@pytest.mark.parametrize("value", ["", "unknown", "10.0.0.2", "1.2.3.4.5", "1.2.3.4, _hidden", ","])
def test_a_proxy_that_says_nothing_useful_leaves_nobody(value: str) -> None:
    """No address, no count: never the proxy's own."""
    assert "" == asked("10.0.0.1", value)


def test_an_ipv6_caller_is_their_network() -> None:
    """A household has 2^64 addresses to guess from; it counts as one."""
    assert "2a00:1450:4001:82b::/64" == asked("2a00:1450:4001:82b::200e")
    assert asked("2a00:1450:4001:82b::1") == asked("2a00:1450:4001:82b:ffff::2")
    assert "2a00:1450:4001:82b::/64" == asked("2001:db8:ffff::1", "2a00:1450:4001:82b::200e")


def test_an_ipv4_address_in_disguise_is_the_same() -> None:
    """A socket that serves both families names IPv4 callers like this."""
    assert PUBLIC == asked(f"::ffff:{PUBLIC}")
    assert "1.2.3.4" == asked("::ffff:10.0.0.1", "1.2.3.4")
