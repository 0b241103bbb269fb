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
OK = 200


async def run(base_url: str, secret_key: str, user_id: str, names: list[str], log: Path) -> None:
    """Send one track per name from parallel connections; log each answer before sending more."""
    headers = {"Authorization": f"Bearer {secret_key}"}
    waiting = iter(names)
    with log.open("a") as answers:

        async def send_in_turn() -> None:
            # A client each: one shared pool spends its time on its own queue.
            async with httpx.AsyncClient(base_url=base_url, headers=headers, timeout=30) as client:
                for name in waiting:
                    body = {"userId": user_id, "idempotencyKey": name}
                    try:
                        answer = await client.post("/v1/track", json=body)
                    except httpx.HTTPError:
                        continue  # Never acknowledged; the caller repeats it with the same key.
                    line: dict[str, Any] = {"name": name, "status": answer.status_code}
                    if answer.status_code == OK:
                        line |= answer.json()
                    answers.write(json.dumps(line) + "\n")
                    answers.flush()

        await asyncio.gather(*(send_in_turn() for _ in range(CONNECTIONS)))


if __name__ == "__main__":
    url, key, user, prefix, count, path = sys.argv[1:]
    wanted = [f"{prefix}-{number}" for number in range(int(count))]
    asyncio.run(run(url, key, user, wanted, Path(path)))
