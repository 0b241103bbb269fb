"""Hostile HTTP: late, endless, huge, ambiguous. Honest callers notice nothing of it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest

from dream_api.services.http import limits, server
from tests.journeys.running import Running

HEAD = b"POST /v1/track HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
PATIENCE_SECONDS = 5.0


async def exchange(running: Running, sent: bytes) -> tuple[int, bytes]:
    """Send bytes and read until the server closes; give the status and what follows the head."""
    address = urlsplit(running.base_url)
    reader, writer = await asyncio.open_connection("127.0.0.1", address.port)
    try:
        writer.write(sent)
        async with asyncio.timeout(PATIENCE_SECONDS):
            answer = await reader.read()
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1] or 0) if head else 0, body


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        (b"nonsense\r\n\r\n", {400}),
        (b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n", {400}),
        (b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n", {400}),
        (b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", {400}),
        (
            b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            {400},
        ),
        (b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", {400}),
        (HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", {400}),
        (HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", {400}),
        (b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", {400, 404, 405}),
        (b"TRACE / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", {405}),
        (b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", {400, 404, 405}),
        (HEAD + b"X-Big: " + b"a" * 40_000 + b"\r\nConnection: close\r\n\r\n", {431}),
        (HEAD + b"X-Big: " + b"a" * 200_000, {431}),
        (HEAD + b"".join(b"X-%d: 1\r\n" % n for n in range(2_000)) + b"\r\n", {431}),
    ],
    ids=range(15),
)
async def test_ambiguous_requests_are_refused_and_the_connection_closed(
    running: Running, sent: bytes, statuses: set[int]
) -> None:
    """No two servers may read a request differently; the problem echoes nothing."""
    status, body = await exchange(running, sent)

    assert status in statuses
    problem = json.loads(body)
    assert problem["status"] == status
    assert problem["requestId"].startswith("req_")
    assert b"evil" not in body


async def test_headers_that_never_end_are_cut_off(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred connections that dribble do not outlive the deadline; others are answered."""
    monkeypatch.setattr(server, "HEADER_SECONDS_MAX", 0.3)
    started = time.monotonic()

    slow = [asyncio.create_task(_dribble(running)) for _ in range(100)]
    async with httpx.AsyncClient(base_url=running.base_url) as client:
        honest = await client.get("/healthz")
    alive = await asyncio.gather(*slow)

    assert 200 == honest.status_code
    assert not any(alive)
    assert time.monotonic() - started < PATIENCE_SECONDS


async def _dribble(running: Running) -> bool:
    """Send a byte now and then; tell whether the connection outlived the deadline by far."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(running.base_url).port)
    try:
        writer.write(b"GET / HTTP/1.1\r\nX-Slow: ")
        for _ in range(30):
            writer.write(b"a")
            await writer.drain()
            if reader.at_eof() or writer.is_closing():
                return False
            try:
                async with asyncio.timeout(0.05):
                    if not await reader.read(1):
                        return False
            except TimeoutError:
                continue
    except ConnectionError:
        return False
    finally:
        writer.close()
    return True


async def test_a_body_that_never_ends_is_a_timeout(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is 408, and the connection ends."""
    monkeypatch.setattr(limits, "BODY_SECONDS_MAX", 0.2)

    status, body = await exchange(running, HEAD + b"Content-Length: 100\r\n\r\n{")

    assert (408, "body_timeout") == (status, json.loads(body)["code"])


@pytest.mark.parametrize(
    ("path", "bytes_max", "media_type"),
    [
        ("/v1/customers", limits.JSON_BYTES_MAX, "application/json"),
        ("/v1/track/batch", limits.BATCH_BYTES_MAX, "application/json"),
        ("/webhook/stripe", limits.RAW_BYTES_MAX, "application/json"),
        ("/platform/webhook/stripe", limits.RAW_BYTES_MAX, "application/json"),
        ("/platform/branding/logo", limits.RAW_BYTES_MAX, "image/png"),
        ("/platform/sign-in", limits.JSON_BYTES_MAX, "application/json"),
    ],
)
@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_body_ten_times_too_large_is_refused(
    http: httpx.AsyncClient, path: str, bytes_max: int, media_type: str, *, is_chunked: bool
) -> None:
    """With its length declared or not, the sender reads the refusal."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"a" * bytes_max

    content = chunks() if is_chunked else b"a" * (10 * bytes_max)
    method = "PUT" if path.endswith("logo") else "POST"

    answer = await http.request(method, path, content=content, headers={"Content-Type": media_type})

    assert (413, "body_too_large") == (answer.status_code, answer.json()["code"])


async def test_kept_connections_go_on_after_a_refusal(running: Running) -> None:
    """A refused request spoils nothing for the next one on the same connection."""
    bad = HEAD + b"Content-Length: 1\r\n\r\n{"
    good = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(running.base_url).port)
    writer.write(bad)
    first = await reader.readuntil(b"}")
    writer.write(good)
    second = await reader.read()
    writer.close()

    assert first.startswith(b"HTTP/1.1 400")
    assert second.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"Content-Encoding": "gzip"}, b"{}", 415),
        ({"Content-Type": "text/plain"}, b"{}", 415),
        ({"Content-Type": "application/json; charset=utf-16"}, b"{}", 415),
        ({"Content-Type": "application/json; charset=utf-8"}, b"{", 400),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"a=b", 415),
    ],
)
async def test_only_plain_json_is_read(
    http: httpx.AsyncClient, headers: dict[str, str], content: bytes, status: int
) -> None:
    """No decompression bombs, no forms, no other character set."""
    answer = await http.post("/platform/sign-in", content=content, headers=headers)

    assert status == answer.status_code


@pytest.mark.parametrize("address", ["/v1/usage?userId=a%00b", "/platform/%00"])
async def test_a_nul_byte_reaches_no_handler(http: httpx.AsyncClient, address: str) -> None:
    """PostgreSQL cannot hold one, so no caller may send one."""
    assert 400 == (await http.get(address)).status_code


async def test_head_is_get_without_a_body(http: httpx.AsyncClient) -> None:
    """RFC 9110 wants both of every server."""
    answer = await http.head("/healthz")

    assert (200, b"") == (answer.status_code, answer.content)
