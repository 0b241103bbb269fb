"""How the SDK reaches Stripe: httpx, with time limits on every phase of a request.

The SDK brings a transport on httpx too; it passes bodies in a way that httpx has deprecated.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, NoReturn

import httpx
import stripe
from typing_extensions import override

from dream_api.gateways.certificates import certificates

Answer = tuple[bytes, int, Mapping[str, str]]


class Transport(stripe.HTTPClient):
    """The SDK's side of the wire.

    Args:
        timeout_seconds: for each of connecting, sending, waiting and receiving.
        uses_proxy: go through the proxy that the environment names, if it names one.
    """

    name = "httpx"

    def __init__(self, timeout_seconds: float, *, uses_proxy: bool) -> None:
        super().__init__()
        options: Any = {
            "timeout": timeout_seconds, "verify": certificates(), "trust_env": uses_proxy,
        }  # fmt: skip
        self._async_client = httpx.AsyncClient(**options)
        self._client = httpx.Client(**options)

    @override
    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: str | None = None
    ) -> Answer:
        try:
            answer = await self._async_client.request(
                method, url, headers=headers, content=post_data
            )
        except httpx.HTTPError as error:
            _raise_unreachable(error)
        return answer.content, answer.status_code, answer.headers

    @override
    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[Any, int, Mapping[str, str]]:
        try:
            answer = self._client.request(method, url, headers=headers, content=post_data)
        except httpx.HTTPError as error:
            _raise_unreachable(error)
        return answer.content, answer.status_code, answer.headers

    @override
    async def sleep_async(self, secs: float) -> None:
        await asyncio.sleep(secs)

    @override
    def close(self) -> None:
        self._client.close()

    @override
    async def close_async(self) -> None:
        await self._async_client.aclose()


def _raise_unreachable(error: httpx.HTTPError) -> NoReturn:
    """Raise what the SDK understands; it decides whether to try again."""
    unreachable: Any = stripe.APIConnectionError  # The SDK gives it no types.
    raise unreachable(
        f"Stripe cannot be reached: {type(error).__name__}", should_retry=True
    ) from error
