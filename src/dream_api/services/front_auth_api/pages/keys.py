"""Secret keys: list, create, rotate with an overlap, revoke."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time

from fastapi import APIRouter, Request, Response

from dream_api.bridge.keys import SCOPES, Credentials, Issued, SecretKey
from dream_api.kit.errors import DreamError, NotFound, ValidationFailed
from dream_api.services.front_auth_api.pages.console import (
    Console,
    SignedInConsole,
    is_recent,
    metered,
    require_recent,
)
from dream_api.services.front_auth_api.pages.secret_page import (
    ShownKey,
    show_already_done,
    show_secret,
)
from dream_api.services.front_auth_api.rooms import rooms_of
from dream_api.services.pages.form_tokens import new_form_token, run_once
from dream_api.services.pages.forms import Form, read_form
from dream_api.services.pages.rendering import Answering, render, see_other
from dream_api.services.pages.routing import PageRoute

router = APIRouter(prefix="/dashboard/keys", route_class=PageRoute, include_in_schema=False)

_SCOPE_TEXTS = {
    "usage": "Count, check and adjust usage",
    "customers": "Create, change and erase users",
    "billing": "Open checkouts and portals, change plans",
    "read": "Read users, tiers and usage",
}
_SCOPE_CHOICES = tuple((scope, _SCOPE_TEXTS.get(scope, scope)) for scope in SCOPES)


@router.get("")
async def show_keys(request: Request, console: SignedInConsole) -> Response:
    """List the platform's keys; never a secret."""
    return await _show(request, console, Form())


@router.get("/{question}")
async def show_question(request: Request, console: SignedInConsole, question: str) -> Response:
    """Ask one question on a page of its own, for browsers without dialogs."""
    if question not in ("create", "rotate", "revoke"):
        raise NotFound("There is no such page of keys.")
    _prepare(request, console)
    return await _ask(request, console, question, Form())


@router.post("/create")
async def create_key(request: Request, console: SignedInConsole) -> Response:
    """Make one more key and show it."""
    form = await read_form(request)
    platform_id = _prepare(request, console)
    keys = rooms_of(request).keys

    async def work() -> Issued:
        return await keys.create(
            console.developer_id,
            platform_id,
            name=form.value("name").strip(),
            scopes=[scope for scope in SCOPES if form.is_checked(f"scope.{scope}")] or SCOPES,
            expires_at=_end_of_day(form.value("expiresAt")),
        )

    return await _issue(request, console, form, "create", work)


@router.post("/rotate")
async def rotate_keys(request: Request, console: SignedInConsole) -> Response:
    """Replace one key, or all of them, and show the new one."""
    form = await read_form(request)
    platform_id = _prepare(request, console)
    keys = rooms_of(request).keys
    key_id = request.query_params.get("key")

    async def work() -> Issued:
        overlap_seconds = _whole_number(form.value("overlapSeconds"), "overlapSeconds")
        if key_id is None:
            return await keys.rotate(
                console.developer_id, platform_id, overlap_seconds=overlap_seconds
            )
        return await keys.rotate_one(
            console.developer_id, platform_id, key_id, overlap_seconds=overlap_seconds
        )

    return await _issue(request, console, form, "rotate", work)


@router.post("/revoke")
async def revoke_key(request: Request, console: SignedInConsole) -> Response:
    """Make a key useless from now on."""
    platform_id = _prepare(request, console)
    key_id = request.query_params.get("key", "")
    keys = rooms_of(request).keys
    try:
        async with metered(request, console):
            await keys.revoke(console.developer_id, platform_id, key_id)
    except DreamError as refusal:
        return await _show(request, console, Form().refused(refusal), status=refusal.status)
    return see_other(console.link("/dashboard/keys"), notice="key-revoked")


def _prepare(request: Request, console: Console) -> str:
    """Demand a fresh sign-in and a platform; give the platform."""
    back = console.link(request.url.path, key=request.query_params.get("key"))
    require_recent(console, rooms_of(request).clock.now(), back)
    if console.platform_id is None:
        raise NotFound("The live platform is made with your first payment. Pay on /configure.")
    return console.platform_id


async def _issue(
    request: Request,
    console: Console,
    form: Form,
    question: str,
    work: Callable[[], Awaitable[Issued]],
) -> Response:
    async def metered_work() -> Issued:
        async with metered(request, console):
            return await work()

    idempotency = rooms_of(request).idempotency
    try:
        issued = await run_once(idempotency, console.developer_id, form, metered_work)
    except DreamError as refusal:
        again = form.refused(refusal)
        return await _ask(request, console, question, again, status=refusal.status)
    if issued is None:
        return show_already_done(request, console)
    shown = ShownKey(
        issued.key.platform_id, issued.secret, previous_expires_at=issued.previous_expires_at
    )
    return await show_secret(request, console, shown)


async def _show(request: Request, console: Console, form: Form, *, status: int = 200) -> Response:
    now = rooms_of(request).clock.now()
    return render(
        request,
        "console/keys.html",
        Answering(status),
        console=console,
        credentials=await _credentials(request, console),
        form=form,
        form_token=new_form_token(),
        scopes=_SCOPE_CHOICES,
        is_recent=is_recent(console, now),
        now=now,
    )


async def _ask(
    request: Request, console: Console, question: str, form: Form, *, status: int = 200
) -> Response:
    return render(
        request,
        "console/key_question.html",
        Answering(status),
        console=console,
        question=question,
        key=await _find_key(request, console, question),
        form=form,
        form_token=new_form_token(),
        scopes=_SCOPE_CHOICES,
    )


async def _find_key(request: Request, console: Console, question: str) -> SecretKey | None:
    """Find the key that the address names; None means all of them, where that can be meant."""
    key_id = request.query_params.get("key")
    if key_id is None and question != "revoke":
        return None
    credentials = await _credentials(request, console)
    for key in credentials.secret_keys if credentials else ():
        if key.id == key_id:
            return key
    raise NotFound("There is no such key. It may have been revoked or replaced already.")


async def _credentials(request: Request, console: Console) -> Credentials | None:
    """Give the platform's keys; None before the first was made."""
    if console.platform_id is None or not console.tiers.tiers:
        return None
    return await rooms_of(request).keys.credentials(console.platform_id)


def _whole_number(text: str, param: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):  # noqa: PLR2004 - years of seconds.
        raise ValidationFailed.of(param, "must be a whole number of seconds")
    return int(text)


def _end_of_day(text: str) -> datetime | None:
    """Read a date field; the key works until that day is over, in UTC."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValidationFailed.of(
            "expiresAt", "must be a date", "For example 2027-06-30."
        ) from None
    return datetime.combine(day, time.max.replace(microsecond=0), UTC)
