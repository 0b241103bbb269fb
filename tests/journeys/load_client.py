"""A client process for load: tracks with its own keys and writes down every answer it got.

Run as a program, so that two of them are two processes.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import httpx

CONNECTIONS = 32


async def run(base_url: str, secret_key: str, user_id: str, names: list[str], log: Path) -> None:
    """Send one track per name in parallel; log each acknowledged answer before sending more."""
    limits = httpx.Limits(max_connections=CONNECTIONS)
    headers = {"Authorization": f"Bearer {secret_key}"}
    with log.open("a") as answers:
        async with httpx.AsyncClient(base_url=base_url, limits=limits, timeout=30) as client:

            async def one(name: str) -> None:
                body = {"userId": user_id, "idempotencyKey": name}
                try:
                    answer = await client.post("/v1/track", json=body, headers=headers)
                except httpx.HTTPError:
                    return  # Never acknowledged; the caller repeats it with the same key.
                line: dict[str, Any] = {"name": name, "status": answer.status_code}
                if answer.status_code == 200:
                    line |= answer.json()
                answers.write(json.dumps(line) + "\n")
                answers.flush()

            await asyncio.gather(*(one(name) for name in names))


if __name__ == "__main__":
    url, key, user, prefix, count, path = sys.argv[1:]
    wanted = [f"{prefix}-{number}" for number in range(int(count))]
    asyncio.run(run(url, key, user, wanted, Path(path)))
