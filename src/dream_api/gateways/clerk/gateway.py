"""One Clerk application: its tokens, its webhooks and its Backend API.

Source: clerk.com/docs/reference/backend-api. Verified against a fake built from documentation,
never against Clerk itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import httpx

from dream_api.gateways.certificates import certificates
from dream_api.gateways.clerk import tokens, webhooks
from dream_api.gateways.clerk.errors import ClerkRefused, ClerkUnavailable, InvalidSignature
from dream_api.gateways.clerk.keys import KeySet
from dream_api.gateways.clerk.model import (
    ClerkEvent,
    ClerkInstance,
    ClerkUser,
    read_instance,
    read_user,
)
from dream_api.gateways.clerk.tokens import ClerkClaims
from dream_api.gateways.clock import Clock
from dream_api.kit.signed_tokens import InvalidToken

TIMEOUT_SECONDS = 5.0
ANSWER_BYTES_MAX = 4 * 1024 * 1024
USERS_MAX = 100
"""Users that one call asks for at most."""
RETRY_SECONDS_DEFAULT = 10


@dataclass(frozen=True, slots=True)
class ClerkApplication:
    """How one Clerk application is reached.

    Attributes:
        issuer: its Frontend API, which is the issuer of its tokens, without a final slash.
        secret_key: opens its Backend API.
        webhook_secrets: sign its webhooks; empty means that none are received.
        api_url: the Backend API.
    """

    issuer: str
    secret_key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    api_url: str


class Clerk:
    """Speaks to one Clerk application."""

    def __init__(self, application: ClerkApplication, clock: Clock) -> None:
        self.application = application
        self._clock = clock
        self._client = httpx.AsyncClient(
            timeout=TIMEOUT_SECONDS, follow_redirects=False, verify=certificates()
        )
        self._keys = KeySet(self._fetch_keys, clock)
        self._instance: ClerkInstance | None = None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def verify_token(self, token: str) -> ClerkClaims:
        """Verify a token of this application.

        Raises:
            InvalidToken: it is none, or its time is over.
            ClerkUnavailable: the keys cannot be read.
        """
        jwk = await self._keys.find(tokens.read_key_id(token))
        if jwk is None:
            raise InvalidToken("unknown key")
        return tokens.verify(token, jwk, issuer=self.application.issuer, now=self._clock.now())

    async def verify_event(self, body: bytes, headers: Mapping[str, str]) -> ClerkEvent | None:
        """Verify a webhook of this application's instance; None where it is about no user.

        A signing secret that was copied from another instance would have its people mixed with
        ours, so the instance that an event names must be the secret key's.

        Raises:
            InvalidSignature: it is none, or of another instance.
            ClerkUnavailable: which instance the secret key is of cannot be read right now.
            ClerkRefused: Clerk does not know the secret key.
        """
        secrets = self.application.webhook_secrets
        event = webhooks.verify_event(body, headers, secrets, self._clock.now())
        if event is None:
            return None
        if self._instance is None:
            # An instance never gets another id, so the first answer holds.
            self._instance = await self.read_instance()
        if event.instance_id != self._instance.instance_id:
            raise InvalidSignature(
                "The event is of another instance than the secret key. "
                "Copy both from the same instance in Clerk's dashboard."
            )
        return event

    async def read_instance(self) -> ClerkInstance:
        """Read which instance the secret key is of.

        Raises:
            ClerkUnavailable: no usable answer.
            ClerkRefused: Clerk does not know the secret key.
        """
        answer = await self._call("GET", "/v1/instance")
        try:
            return read_instance(answer)
        except ValueError as error:
            raise ClerkUnavailable("Clerk's answer is no instance.") from error

    async def count_keys(self) -> int:
        """Read the keys anew and count those that may sign tokens.

        Raises:
            ClerkUnavailable: no usable answer.
        """
        return await self._keys.count()

    async def get_user(self, user_id: str) -> ClerkUser | None:
        """Read one user; None where Clerk has none (any more).

        Raises:
            ClerkUnavailable: no usable answer.
            ClerkRefused: Clerk said no.
        """
        answer = await self._call("GET", f"/v1/users/{user_id}")
        return None if answer is None else _user(answer)

    async def list_users(self, user_ids: Sequence[str]) -> list[ClerkUser]:
        """Read the users of these ids, at most USERS_MAX; who is gone is left out.

        Raises:
            ClerkUnavailable: no usable answer.
            ClerkRefused: Clerk said no.
        """
        query = [("limit", str(USERS_MAX)), *(("user_id", one) for one in user_ids[:USERS_MAX])]
        answer = await self._call("GET", "/v1/users", params=query)
        if not isinstance(answer, list):
            raise ClerkUnavailable("Clerk's answer is no list of users.")
        return [_user(one) for one in answer]

    async def write_metadata(self, user_id: str, metadata: Mapping[str, str | None]) -> bool:
        """Merge *metadata* into a user's public metadata; False where there is no such user.

        Raises:
            ClerkUnavailable: no usable answer.
            ClerkRefused: Clerk said no.
        """
        body = {"public_metadata": dict(metadata)}
        answer = await self._call("PATCH", f"/v1/users/{user_id}/metadata", json=body)
        return answer is not None

    async def delete_user(self, user_id: str) -> None:
        """Delete a user; one who is gone is no error.

        Raises:
            ClerkUnavailable: no usable answer.
            ClerkRefused: Clerk said no.
        """
        await self._call("DELETE", f"/v1/users/{user_id}")

    async def _fetch_keys(self) -> Any:
        url = f"{self.application.issuer}/.well-known/jwks.json"
        answer = await self._request("GET", url)
        if answer.status_code != HTTPStatus.OK:
            raise ClerkUnavailable(f"Clerk's keys were answered with {answer.status_code}.")
        return _json(answer)

    async def _call(self, method: str, path: str, **sent: Any) -> Any | None:
        """Ask the Backend API; None for 404."""
        headers = {"Authorization": f"Bearer {self.application.secret_key}"}
        url = self.application.api_url + path
        answer = await self._request(method, url, headers=headers, **sent)
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS or answer.is_server_error:
            raise ClerkUnavailable(
                f"Clerk answered with {answer.status_code}. Retry in a moment.",
                retry_after_seconds=_retry_seconds(answer),
            )
        if not answer.is_success:
            raise ClerkRefused(f"Clerk answered with {answer.status_code}. Check its secret key.")
        return _json(answer) if answer.content else {}

    async def _request(self, method: str, url: str, **sent: Any) -> httpx.Response:
        try:
            answer = await self._client.request(method, url, **sent)
        except httpx.HTTPError as error:
            reason = type(error).__name__
            raise ClerkUnavailable(f"Clerk cannot be reached: {reason}.") from error
        if len(answer.content) > ANSWER_BYTES_MAX:
            raise ClerkUnavailable("Clerk's answer is too long.")
        return answer


def _user(data: Any) -> ClerkUser:
    try:
        return read_user(data)
    except (ValueError, AttributeError) as error:
        raise ClerkUnavailable("Clerk's answer is no user.") from error


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise ClerkUnavailable("Clerk's answer is no JSON.") from error


def _retry_seconds(answer: httpx.Response) -> int:
    given = answer.headers.get("retry-after", "")
    return int(given) if given.isdecimal() else RETRY_SECONDS_DEFAULT
