"""api-multi in another process, as front-auth-api reaches it: one POST with a console grant.

It goes to the one origin that every deployment has; what stands in front leads ``/v1`` there.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import httpx

from dream_api.gateways.certificates import certificates
from dream_api.gateways.clock import Clock
from dream_api.kit.errors import DreamError, FieldError, NotFound, Unavailable, ValidationFailed
from dream_api.kit.grants import Request, sign_grant

CONSOLE_PATH = "/v1/console"
TIMEOUT_SECONDS = 20.0
"""Erasing ends subscriptions at Stripe first, which may take that long."""
CONNECT_SECONDS = 5.0
REFUSALS_KEPT = 64


class ConsoleCalls:
    """Has api-multi do what the console changes about end users.

    Args:
        public_url: the origin of the deployment, and who issues grants.
        keys: what signs grants, by key id; the first signs.
        clock: tells the time.
    """

    def __init__(self, public_url: str, keys: Mapping[str, bytes], clock: Clock) -> None:
        self._public_url = public_url
        self._keys = keys
        self._clock = clock
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=False,
            verify=certificates(),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def call(self, verb: str, platform_id: str, fields: Mapping[str, Any]) -> Any:
        """Have one verb done; give what it answers. Not repeated by itself.

        Raises:
            DreamError: what the verb refused, as it refused it.
            Unavailable: nobody answers there, or not as api-multi would.
        """
        body = json.dumps({"platformId": platform_id, **fields}).encode()
        grant = sign_grant(
            Request(verb, platform_id, body),
            self._keys,
            issuer=self._public_url,
            now=self._clock.now(),
        )
        headers = {"Authorization": f"Bearer {grant}", "Content-Type": "application/json"}
        url = f"{self._public_url}{CONSOLE_PATH}/{verb}"
        try:
            answer = await self._client.post(url, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise Unavailable(
                "The service for end users does not answer. Look whether it was done before you "
                "repeat it."
            ) from error
        if answer.is_success:
            return answer.json() if answer.content else None
        raise _refusal_of(answer)


def _refusal_of(answer: httpx.Response) -> DreamError:
    """Say what was refused there in the same words here."""
    try:
        problem = answer.json()
        code, detail = problem["code"], problem["detail"]
    except (ValueError, TypeError, KeyError):
        problem, code, detail = {}, "", ""
    if code in ("", "unauthenticated", "method_not_allowed") or "title" not in problem:
        return Unavailable(
            "The service for end users does not take this from here. All services need the same "
            "DREAM_PUBLIC_URL and DREAM_MASTER_KEY, and /v1 must lead to api-multi."
        )
    if answer.status_code == HTTPStatus.NOT_FOUND:
        return NotFound(detail)
    if code == ValidationFailed.code:
        errors = tuple(FieldError(**error) for error in problem.get("errors", []))
        return ValidationFailed(detail, errors=errors)
    retry_after = answer.headers.get("retry-after")
    return _passed_on(code, answer.status_code, problem["title"])(
        detail, retry_after_seconds=int(retry_after) if retry_after else None
    )


@lru_cache(maxsize=REFUSALS_KEPT)
def _passed_on(code: str, status: int, title: str) -> type[DreamError]:
    return type("PassedOn", (DreamError,), {"code": code, "status": status, "title": title})
