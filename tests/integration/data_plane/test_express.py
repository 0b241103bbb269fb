"""The express lanes over raw connections: HTTP stays HTTP, however its bytes arrive."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import pytest

from tests.integration.data_plane.conftest import Door

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANSWER_SECONDS_MAX = 20


def _request(door: Door, user_id: str, path: str = "/v1/track", *lines: str) -> bytes:
    body = json.dumps({"userId": user_id}).encode()
    head = [
        f"POST {path} HTTP/1.1",
        f"Host: {urlsplit(str(door.http.base_url)).netloc}",
        f"Authorization: Bearer {door.secret_key}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *lines,
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


class _Connection:
    """A client's connection; counts what it reads by the lengths that the server names."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def answer(self) -> tuple[int, dict[str, str], dict[str, object]]:
        """Read one answer: status, headers, body."""
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            status, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines if line)
            body = await self._reader.readexactly(int(headers["content-length"]))
        return int(status.split()[1]), headers, json.loads(body)

    async def is_at_end(self) -> bool:
        """Wait for the server to close; tell whether nothing came before."""
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            return await self._reader.read() == b""


@asynccontextmanager
async def _connected(door: Door) -> AsyncIterator[_Connection]:
    """Connect, with a key that is known by now, so that calls take the lane."""
    await door.post("/v1/check", {"userId": "u_1"})
    address = urlsplit(str(door.http.base_url))
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        yield _Connection(reader, writer)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def test_pipelined_calls_are_answered_in_their_order(door: Door) -> None:
    """Also where the first waits for the disk and the second could be answered at once."""
    async with _connected(door) as connection:
        connection.writer.write(
            _request(door, "u_1") + _request(door, "u_2", "/v1/check") + _request(door, "u_1")
        )
        answers = [await connection.answer() for _ in range(3)]

    assert [("u_1", 1), ("u_2", 0), ("u_1", 2)] == [
        (body["userId"], body["usage"]) for _, _, body in answers
    ]
    assert 2 == door.world.counts()["metering_ledger"]


async def test_a_body_may_arrive_in_pieces(door: Door) -> None:
    """Many clients send headers and body apart."""
    async with _connected(door) as connection:
        request = _request(door, "u_1")

        for start in range(0, len(request), 100):
            connection.writer.write(request[start : start + 100])
            await connection.writer.drain()
            await asyncio.sleep(0)
        status, _, body = await connection.answer()

    assert (200, 1) == (status, body["usage"])


async def test_a_connection_is_closed_where_the_client_asked_for_it(door: Door) -> None:
    """The answer says so, and comes whole."""
    async with _connected(door) as connection:
        connection.writer.write(_request(door, "u_1", "/v1/track", "Connection: close"))
        status, headers, _ = await connection.answer()
        is_closed = await connection.is_at_end()

    assert (200, "close", True) == (status, headers["connection"], is_closed)


async def test_what_a_lane_does_not_take_is_answered_as_if_there_were_none(door: Door) -> None:
    """A call that is refused is told why, and the connection goes on."""
    async with _connected(door) as connection:
        connection.writer.write(_request(door, "") + _request(door, "u_1"))
        refused, counted = await connection.answer(), await connection.answer()

    assert (422, "invalid_request") == (refused[0], refused[2]["code"])
    assert (200, 1) == (counted[0], counted[2]["usage"])


async def test_a_client_that_goes_away_harms_nobody(door: Door) -> None:
    """Others of the same batch get their answers."""
    async with _connected(door) as gone, _connected(door) as staying:
        gone.writer.write(_request(door, "u_1"))
        await gone.writer.drain()
        gone.writer.transport.abort()
        staying.writer.write(_request(door, "u_2"))
        status, _, body = await staying.answer()

    assert (200, 1) == (status, body["usage"])
