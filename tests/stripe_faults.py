"""A wire to Stripe that breaks on request, and a walk through every break of every verb.

It stands between the real SDK and the simulator; the product knows nothing of it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Generic, TypeVar

import httpx
import pytest

from dream_api.gateways.stripe import gateway
from dream_api.gateways.stripe.transport import Transport
from dream_api.kit.errors import DreamError

T = TypeVar("T")

ERRORS = Path(__file__).parents[1] / "docs" / "errors"
ATTEMPT_SECONDS = 1.5
"""Patience with one attempt: more than a busy machine takes, less than a test may."""
_HOP_BY_HOP = frozenset({"connection", "content-length", "transfer-encoding", "host"})


class Outage(StrEnum):
    """How Stripe stops answering, from one call on."""

    REFUSED = "no connection"
    LOST = "done, and no answer"
    HALF = "done, and half an answer"
    HANGING = "done, and an answer that never ends"
    ERROR = "500"
    NO_JSON = "502 of a machine between"
    TOO_MANY = "429"


_OF_READS = frozenset({Outage.REFUSED, Outage.HALF, Outage.ERROR, Outage.TOO_MANY})
"""A read that was done and not told is a read that was not done."""
_DONE_FIRST = frozenset({Outage.LOST, Outage.HALF, Outage.HANGING})
_ANSWERS = {
    Outage.ERROR: (500, b'{"error": {"type": "api_error", "message": "Something is wrong."}}'),
    Outage.NO_JSON: (502, b"<html><h1>Bad Gateway</h1></html>"),
    Outage.TOO_MANY: (
        429,
        b'{"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "Slow."}}',
    ),
}


@dataclass
class FaultyStripe:
    """Passes requests on to a Stripe, until it breaks."""

    stripe: httpx.AsyncClient
    url: str = ""
    asked: list[str] = field(default_factory=list)
    breaks_at: int | None = None
    outage: Outage = Outage.REFUSED

    def break_at(self, call: int, outage: Outage) -> None:
        """Break at a call from now on, counted from 0; every call after it finds nobody there."""
        self.asked.clear()
        self.breaks_at, self.outage = call, outage

    def heal(self) -> None:
        """Answer again."""
        self.asked.clear()
        self.breaks_at = None

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request, and answer it or do not."""
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # Whoever asked has gone.
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await _read(reader)
        at = len(self.asked)
        self.asked.append(f"{request.method} {request.url.path}")
        is_broken = self.breaks_at is not None and at >= self.breaks_at
        if not is_broken:
            writer.write(await self._pass_on(request))
        elif self.outage in _ANSWERS:
            writer.write(_written(*_ANSWERS[self.outage]))
        elif self.outage in _DONE_FIRST and at == self.breaks_at:
            answer = await self._pass_on(request)
            if self.outage is not Outage.LOST:
                writer.write(answer[: len(answer) // 2])
            if self.outage is Outage.HANGING:
                await writer.drain()
                await reader.read()  # Until whoever asked has had enough.
        await writer.drain()

    async def _pass_on(self, request: httpx.Request) -> bytes:
        answer = await self.stripe.request(
            request.method,
            request.url.raw_path.decode(),
            headers={k: v for k, v in request.headers.items() if k not in _HOP_BY_HOP},
            content=request.content,
        )
        kept = {k: v for k, v in answer.headers.items() if k not in _HOP_BY_HOP}
        return _written(answer.status_code, answer.content, kept)


@asynccontextmanager
async def faulty(stripe_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FaultyStripe]:
    """Serve a wire to *stripe_url*; a gateway that is opened meanwhile has little patience."""

    async def rest(_transport: Transport, _seconds: float) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(gateway, "ATTEMPT_SECONDS", ATTEMPT_SECONDS)
    monkeypatch.setattr(Transport, "sleep_async", rest)
    monkeypatch.setattr(Transport, "_sleep_time_seconds", lambda *_args: 0)
    stripe = httpx.AsyncClient(base_url=stripe_url, timeout=30)
    wire = FaultyStripe(stripe)
    server = await asyncio.start_server(wire.handle, "127.0.0.1", 0)
    wire.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield wire
    finally:
        server.close()
        await stripe.aclose()


@dataclass(frozen=True)
class Verb(Generic[T]):
    """A verb that talks to Stripe, and what has to hold around it.

    Attributes:
        prepare: brings about a fresh case; Stripe answers meanwhile.
        act: does it, and does it again where it was refused.
        unfinished: holds after a refusal.
        done: holds in the end: it is finished, and nothing stands at Stripe twice.
        codes: what it may be refused with.
    """

    prepare: Callable[[], Awaitable[T]]
    act: Callable[[T], Awaitable[object]]
    unfinished: Callable[[T], Awaitable[None]]
    done: Callable[[T], Awaitable[None]]
    codes: frozenset[str] = frozenset({"stripe_unavailable"})


async def walk_every_outage(wire: FaultyStripe, verb: Verb[T]) -> int:
    """Let each kind of outage begin at each call of a verb; give how many were walked through."""
    case = await verb.prepare()
    wire.heal()
    await verb.act(case)
    calls_made = list(wire.asked)
    await verb.done(case)
    assert calls_made, "the verb asks Stripe"
    walked = 0
    for outage in Outage:
        for number, call in enumerate(calls_made):
            is_last = number == len(calls_made) - 1
            if outage is Outage.HANGING and not is_last:
                continue  # Patience takes real time: once is enough, since HALF ends alike.
            if call.startswith("GET") and outage not in _OF_READS and not is_last:
                continue
            walked += 1
            try:
                await _walk(wire, verb, number, outage)
            except Exception as error:
                error.add_note(f"Outage: {outage}, from call {number} on: {call}")
                raise
    return walked


async def _walk(wire: FaultyStripe, verb: Verb[T], call: int, outage: Outage) -> None:
    case = await verb.prepare()
    wire.break_at(call, outage)
    try:
        await verb.act(case)
    except DreamError as refusal:
        wire.heal()
        _check_sentence(refusal, verb.codes)
        await verb.unfinished(case)
        await verb.act(case)
    wire.heal()
    await verb.done(case)


def _check_sentence(refusal: DreamError, codes: frozenset[str]) -> None:
    assert refusal.code in codes, f"{refusal.code}: {refusal.detail}"
    assert (ERRORS / f"{refusal.code}.md").exists(), "every code has its page"
    assert refusal.detail.endswith("."), "the refusal is a sentence"
    told_to = ("again", "later", "Connect", "Start")
    assert any(word in refusal.detail for word in told_to), refusal.detail


async def _read(reader: asyncio.StreamReader) -> httpx.Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = dict(line.split(": ", 1) for line in head[1:] if line)
    lengths = {name.lower(): value for name, value in headers.items()}
    body = await reader.readexactly(int(lengths.get("content-length", "0")))
    return httpx.Request(method, f"http://stripe{path}", headers=headers, content=body)


def _written(status: int, body: bytes, headers: dict[str, str] | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status} Answer", f"content-length: {len(body)}", "connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
