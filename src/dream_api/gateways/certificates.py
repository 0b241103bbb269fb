"""Whom we believe on the other end of a connection: one store of certificates for the process."""

import ssl
from functools import cache

import httpx


@cache
def certificates() -> ssl.SSLContext:
    """Give what every client verifies with; building one takes tens of milliseconds and 1 MB."""
    return httpx.create_ssl_context()
