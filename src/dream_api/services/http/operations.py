"""Operations: is the process alive, is everything behind it ready, what has it measured.

``/metrics`` takes ``Authorization: Bearer`` with the metrics token; without a token it answers
only loopback peers that no proxy stands behind.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

import structlog
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dream_api.kit.errors import NotFound
from dream_api.services.http.measures import Measures
from dream_api.services.http.settings import DoorSettings

CHECK_SECONDS_MAX = 2.0
_FORWARDING_HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")

_logger = structlog.get_logger("dream_api.http")

Check = Callable[[], Awaitable[bool]]
"""Tells whether one thing works; raising counts as no."""


@dataclass(frozen=True, slots=True)
class Operations:
    """What these routes use; ``app.py`` puts it at ``app.state.operations``.

    ``checks`` names everything that ``dev`` or ``serve`` started.
    """

    settings: DoorSettings
    measures: Measures
    checks: Mapping[str, Check] = field(default_factory=dict)


router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Answer while the process lives, whatever is behind it."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """Answer 200 only when everything that was started works; names what does not."""
    checks = _operations(request).checks
    results = await asyncio.gather(*(_passes(name, check) for name, check in checks.items()))
    failing = [name for name, is_fine in zip(checks, results, strict=True) if not is_fine]
    if failing:
        return JSONResponse({"status": "unavailable", "failing": failing}, 503)
    return JSONResponse({"status": "ok"})


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Give the measures to whoever may see them; to others this address does not exist."""
    operations = _operations(request)
    if not _may_measure(request, operations.settings):
        raise NotFound("There is nothing at this address. /docs lists every route.")
    return Response(
        operations.measures.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8"
    )


def is_direct_loopback(request: Request) -> bool:
    """Tell whether the peer is on this machine and no proxy has forwarded the request."""
    if request.client is None or any(name in request.headers for name in _FORWARDING_HEADERS):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _may_measure(request: Request, settings: DoorSettings) -> bool:
    if settings.metrics_token is None:
        return is_direct_loopback(request)
    sent = request.headers.get("authorization", "").encode()
    return hmac.compare_digest(sent, f"Bearer {settings.metrics_token}".encode()) or (
        is_direct_loopback(request)
    )


async def _passes(name: str, check: Check) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            return await check()
    except Exception:
        _logger.warning("not ready", check=name, exc_info=True)
        return False


def _operations(request: Request) -> Operations:
    operations = request.app.state.operations
    assert isinstance(operations, Operations), "app.py puts it there"
    return operations
