"""The ceiling: what the same server does when an answer costs nothing.

Parses the JSON, hashes the key, encodes an answer of the same size with the same headers, as a
plain ASGI application on the server class of the product. ``python -m … PORT`` serves it.
"""

import asyncio
import hashlib
import secrets
import sys
from typing import Any

import msgspec
import uvicorn
import uvloop

from dream_api.services.http import DoorSettings, server_config
from dream_api.services.http.security_headers import SecurityHeaders

_START_PAUSE_SECONDS = 0.01
ANSWER = {
    "allowed": True,
    "reason": None,
    "userId": "",
    "plan": "unlimited",
    "usage": 42,
    "limit": None,
    "remaining": None,
    "periodStart": "2026-11-01T00:00:00Z",
    "periodEnd": "2026-12-01T00:00:00Z",
    "rateLimit": None,
    "replayed": False,
}


class NullApp:
    """A raw ASGI application that knows every key and stores nothing."""

    def __init__(self, public_url: str) -> None:
        settings = DoorSettings(public_url)
        self._headers = SecurityHeaders(settings).complete([(b"content-type", b"application/json")])
        self._decode = msgspec.json.Decoder(dict[str, Any]).decode
        self._encode = msgspec.json.Encoder().encode
        self._known: dict[str, str] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await _live(receive, send)
            return
        message = await receive()
        event = self._decode(message["body"])
        key = dict(scope["headers"])[b"authorization"][len(b"Bearer ") :]
        self._known.get(hashlib.sha256(key).hexdigest())
        body = self._encode({**ANSWER, "userId": event["userId"]})
        headers = [
            *self._headers,
            (b"content-length", b"%d" % len(body)),
            (b"x-request-id", b"req_" + secrets.token_hex(12).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def _live(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _serve(port: int) -> None:
    server = uvicorn.Server(
        server_config(NullApp(f"http://127.0.0.1:{port}"), host="127.0.0.1", port=port)
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it.
        await asyncio.sleep(_START_PAUSE_SECONDS)
    print("Serving nothing", flush=True)
    await serving


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
