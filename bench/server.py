"""One server process of a measurement: ``python -m bench.server null|product PORT FOLDER``.

Prints the secret key and ``ready``. The product is the whole application, as ``serve`` runs it.
"""

import asyncio
import base64
import secrets
import sys
from pathlib import Path
from typing import Any

import uvicorn
import uvloop

from bench.null_app import NullApp
from dream_api.app import open_product
from dream_api.customers.platforms import Tier, TierConfig, write_key, write_tiers
from dream_api.gateways.clock import SystemClock
from dream_api.kit.keys import Mode, hash_key, issue_key
from dream_api.kit.periods import rfc3339
from dream_api.services.http import server_config
from dream_api.settings import Settings
from dream_api.stores import Connection
from dream_api.stores.sqlite import SqliteStores, migrate_stores

UNLIMITED = Tier("unlimited", "Unlimited", 0)
MASTER_KEY_BYTES = 32
SWITCH_SECONDS = 0.001
"""As `dream-api serve` sets it."""


def seed(folder: Path) -> str:
    """Make a platform with an unlimited free tier; give its secret key."""
    migrate_stores(folder)
    platform_id, secret_key = issue_key("pk", Mode.TEST), issue_key("sk", Mode.TEST)
    clock = SystemClock()
    record: dict[str, Any] = {
        "platformId": platform_id,
        "keyId": "key_bench",
        "name": "Bench",
        "hint": "",
        "scopes": [],
        "createdAt": rfc3339(clock.now()),
        "endsAt": None,
        "expiresAt": None,
        "revokedAt": None,
        "lastUsedAt": None,
        "replaces": [],
    }
    with SqliteStores(folder, clock) as stores:
        api_multi = stores.bindings.api_multi
        tokens = api_multi.customer_tokens

        def verb(connection: Connection) -> None:
            write_tiers(connection, tokens, platform_id, TierConfig((UNLIMITED,)))
            write_key(connection, tokens, platform_id, hash_key(secret_key), record)

        asyncio.run(api_multi.customers.write(verb))
    return secret_key


async def serve(app: Any, port: int, announcement: str) -> None:
    """Serve until killed."""
    server = uvicorn.Server(server_config(app, host="127.0.0.1", port=port))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it.
        await asyncio.sleep(0.01)
    print(announcement, "ready", flush=True)
    await serving


async def serve_product(folder: Path, port: int) -> None:
    """Serve the whole product from a fresh folder."""
    secret_key = await asyncio.to_thread(seed, folder)
    settings = Settings(
        data_dir=folder,
        public_url=f"http://127.0.0.1:{port}",
        stripe_test_secret_key="sk_test_invented",  # noqa: S106 - nobody is called with it.
        master_key=Settings.read_list(
            base64.b64encode(secrets.token_bytes(MASTER_KEY_BYTES)).decode()
        ),
    )
    async with open_product(settings, clock=SystemClock()) as product:
        loops = [asyncio.create_task(worker.run()) for worker in product.workers]
        try:
            await serve(product.asgi, port, secret_key)
        finally:
            for worker in product.workers:
                worker.stop()
            await asyncio.gather(*loops)


def main() -> None:
    """Run the server that the command line names."""
    sys.setswitchinterval(SWITCH_SECONDS)
    kind, port, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    if kind == "null":
        app = NullApp(f"http://127.0.0.1:{port}")
        uvloop.run(serve(app, port, issue_key("sk", Mode.TEST)))
    else:
        uvloop.run(serve_product(folder, port))


if __name__ == "__main__":
    main()
