"""A stand-in for one Clerk application: keys, Backend API, tokens and signed webhooks.

Built from Clerk's and Svix's documentation, independently of our own code; nobody at Clerk has seen
it. It answers over HTTP and refuses what Clerk refuses.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.stripe_server import serving

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class FakeClerk:
    """One application's people, keys and secrets."""

    def __init__(self) -> None:
        self.issuer = ""
        self.secret_key = f"sk_test_{secrets.token_hex(16)}"
        self.webhook_secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
        self.instance_id = f"ins_{secrets.token_hex(8)}"
        self.key, self.key_id = KEY, self.instance_id
        self.users: dict[str, dict[str, Any]] = {}
        self.key_reads = 0
        self.is_away = False
        self.clock_offset_seconds = 0

    @property
    def now(self) -> int:
        """The fake's own clock: the machine's, moved as the test moves the product's."""
        return int(time.time()) + self.clock_offset_seconds

    def add_user(self, email: str | None = None, **fields: Any) -> str:
        """Sign somebody up; give the id."""
        user_id = f"user_{secrets.token_hex(12)}"
        address = email or f"{secrets.token_hex(4)}@example.com"
        self.users[user_id] = {
            "id": user_id,
            "object": "user",
            "first_name": "Ada",
            "last_name": "Lovelace",
            "primary_email_address_id": "idn_1",
            "email_addresses": [
                {
                    "id": "idn_1",
                    "email_address": address,
                    "verification": {"status": "verified", "strategy": "email_code"},
                }
            ],
            "public_metadata": {},
            "private_metadata": {"note": "private-to-clerk"},
            "unsafe_metadata": {},
            "created_at": self.now * 1000,
            "updated_at": self.now * 1000,
            **fields,
        }
        return user_id

    def change_user(self, user_id: str, **fields: Any) -> None:
        """Change somebody, a moment later than before."""
        user = self.users[user_id]
        user.update(fields, updated_at=user["updated_at"] + 1000)

    def session_token(self, user_id: str, **claims: Any) -> str:
        """Make the token that a browser would hold; a claim that is None is left out."""
        standing = {
            "azp": None, "fva": [0, -1], "sid": f"sess_{secrets.token_hex(8)}", "sts": "active",
            "v": 2, "nbf": self.now - 10,
        }  # fmt: skip
        return self.sign({**self._claims(user_id, 60), **standing, **claims})

    def template_token(self, user_id: str, **claims: Any) -> str:
        """Make a token of the JWT template with our three claims, filled in as Clerk would."""
        metadata = self.users[user_id]["public_metadata"]
        filled = {
            "userId": user_id,
            "platformId": metadata.get("platformId", "{{user.public_metadata.platformId}}"),
            "plan": metadata.get("plan", "{{user.public_metadata.plan}}"),
        }
        return self.sign({**self._claims(user_id, 300), **filled, **claims})

    def rotate_key(self) -> None:
        """Sign with a new key from now on, and publish only that."""
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.key_id = f"ins_{secrets.token_hex(8)}"

    def sign(self, claims: dict[str, Any], *, key: Any = None, **headers: Any) -> str:
        """Sign claims; those that are None are left out."""
        given = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(
            given,
            key or self.key,
            algorithm="RS256",
            headers={"kid": self.key_id, "typ": "JWT", **headers},
        )

    def webhook(self, event_type: str, data: dict[str, Any], **how: Any) -> dict[str, Any]:
        """Make a signed delivery, as arguments of an HTTP client."""
        event_id = how.get("event_id") or f"msg_{secrets.token_hex(8)}"
        timestamp = str(how.get("timestamp") or self.now)
        event = {
            "data": data,
            "object": "event",
            "type": event_type,
            "timestamp": self.now * 1000,
            "instance_id": how.get("instance_id", self.instance_id),
        }
        body = json.dumps(event).encode()
        key = base64.b64decode(self.webhook_secret.removeprefix("whsec_"))
        signed = b".".join([event_id.encode(), timestamp.encode(), body])
        digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        headers = {
            "svix-id": event_id,
            "svix-timestamp": timestamp,
            "svix-signature": f"v1,{'A' * 43}= v1,{digest}",
            "content-type": "application/json",
        }
        return {"content": body, "headers": headers}

    def about(self, event_type: str, user_id: str, **how: Any) -> dict[str, Any]:
        """Make a delivery about a user as they are now."""
        if event_type == "user.deleted":
            data = {"deleted": True, "id": user_id, "object": "user"}
        else:
            data = json.loads(json.dumps(self.users[user_id]))
        return self.webhook(event_type, data, **how)

    def _claims(self, user_id: str, seconds: int) -> dict[str, Any]:
        return {
            "iss": self.issuer,
            "sub": user_id,
            "iat": self.now,
            "exp": self.now + seconds,
            "jti": secrets.token_hex(8),
        }

    # ---- HTTP -------------------------------------------------------------------------------

    def app(self) -> Starlette:
        """Give the application that answers for Clerk."""
        return Starlette(
            routes=[
                Route("/.well-known/jwks.json", self._keys),
                Route("/v1/instance", self._instance),
                Route("/v1/users", self._list),
                Route("/v1/users/{user_id}", self._user, methods=["GET", "DELETE"]),
                Route("/v1/users/{user_id}/metadata", self._metadata, methods=["PATCH"]),
            ]
        )

    async def _keys(self, _: Request) -> Response:
        self.key_reads += 1
        if self.is_away:
            return Response(status_code=503)
        public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        key = {**public, "kid": self.key_id, "use": "sig", "alg": "RS256"}
        return JSONResponse({"keys": [key]})

    async def _instance(self, request: Request) -> Response:
        if (refusal := self._refuse(request)) is not None:
            return refusal
        return JSONResponse(
            {
                "object": "instance",
                "id": self.instance_id,
                "environment_type": "development",
                "allowed_origins": None,
            }
        )

    async def _list(self, request: Request) -> Response:
        if (refusal := self._refuse(request)) is not None:
            return refusal
        wanted = request.query_params.getlist("user_id")
        limit = int(request.query_params.get("limit", "10"))
        found = [user for user in self.users.values() if not wanted or user["id"] in wanted]
        return JSONResponse(found[:limit])

    async def _user(self, request: Request) -> Response:
        if (refusal := self._refuse(request)) is not None:
            return refusal
        user_id = request.path_params["user_id"]
        if user_id not in self.users:
            return JSONResponse({"errors": [{"code": "resource_not_found"}]}, 404)
        if request.method == "DELETE":
            del self.users[user_id]
            return JSONResponse({"id": user_id, "object": "user", "deleted": True})
        return JSONResponse(self.users[user_id])

    async def _metadata(self, request: Request) -> Response:
        if (refusal := self._refuse(request)) is not None:
            return refusal
        user_id = request.path_params["user_id"]
        if user_id not in self.users:
            return JSONResponse({"errors": [{"code": "resource_not_found"}]}, 404)
        body = await request.json()
        if set(body) - {"public_metadata", "private_metadata", "unsafe_metadata"}:
            return JSONResponse({"errors": [{"code": "form_param_unknown"}]}, 422)
        merged = {**self.users[user_id]["public_metadata"], **body.get("public_metadata", {})}
        kept = {name: value for name, value in merged.items() if value is not None}
        self.change_user(user_id, public_metadata=kept)
        return JSONResponse(self.users[user_id])

    def _refuse(self, request: Request) -> Response | None:
        if self.is_away:
            return JSONResponse({"errors": []}, 429, headers={"Retry-After": "2"})
        if request.headers.get("authorization") != f"Bearer {self.secret_key}":
            return JSONResponse({"errors": [{"code": "authorization_invalid"}]}, 401)
        return None


@contextmanager
def serving_clerk() -> Iterator[FakeClerk]:
    """Serve an application of its own while the block runs."""
    clerk = FakeClerk()
    with serving(clerk.app()) as url:
        clerk.issuer = url
        yield clerk
