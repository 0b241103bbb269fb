"""What a store promises is the same on both engines."""

from collections.abc import Sequence

from dream_api.stores import Bindings, DriverConnection
from tests.both_engines import bindings, engine

__all__ = ["bindings", "engine"]


async def meter(bindings: Bindings, statement: str) -> None:
    """Run one statement as the hot path would."""

    async def verb(connection: DriverConnection, items: Sequence[None]) -> Sequence[None]:
        await connection.fetch(statement)
        return items

    await bindings.api_multi.meter.write_batched(verb, None)
