"""The tier editor: what end users can buy, and after the first submit, the keys."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from fastapi import APIRouter, Request, Response

from dream_api.bridge.catalog import Published
from dream_api.bridge.connect import REASONS
from dream_api.kit.errors import DreamError
from dream_api.kit.keys import Mode
from dream_api.services.front_auth_api.branding import carry_look_over
from dream_api.services.front_auth_api.pages.console import (
    Console,
    SignedInConsole,
    metered,
    read_console,
    stripe_targets,
)
from dream_api.services.front_auth_api.pages.secret_page import ShownKey, show_secret
from dream_api.services.front_auth_api.pages.tier_form import (
    FieldsWrong,
    field_names,
    form_of,
    preview_of,
    read_tiers,
    rows_of,
    version_of,
    with_row_added,
    with_row_moved,
    with_row_removed,
)
from dream_api.services.front_auth_api.rooms import rooms_of
from dream_api.services.pages.forms import Form, read_form
from dream_api.services.pages.rendering import Answering, render, see_other
from dream_api.services.pages.routing import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_CONNECTED = "Your Stripe account is connected."
_UNKNOWN_REASON = "Stripe was not connected. Start again."
_CHANGED_ELSEWHERE = (
    "The tiers were changed in another tab or by another program since you opened this page. "
    "Nothing of this was saved. Save once more to put what stands here in their place."
)
_ROW_EDITS: dict[str, Callable[..., Form]] = {
    "remove": with_row_removed,
    "up": partial(with_row_moved, by=-1),
    "down": partial(with_row_moved, by=1),
}
_PRICE_RULE = "Enter 0 for a free tier, or at least 0.50."


@dataclass(frozen=True, slots=True)
class StripeMessage:
    """What became of connecting Stripe."""

    text: str
    is_good: bool


@router.get("/api-tier-config")
async def show_tier_config(request: Request, console: SignedInConsole) -> Response:
    """Show the editor, and what became of connecting Stripe."""
    return await _show(request, console, form_of(console.tiers.tiers))


@router.post("/api-tier-config")
async def submit_tiers(request: Request, console: SignedInConsole) -> Response:
    """Publish the tiers; or add, move or remove a row, which saves nothing."""
    form = await read_form(request)
    edit = _edit_of(form.value("action"))
    if edit is not None:
        return await _show(request, console, edit(form), opened=form.value("opened"))
    rooms = rooms_of(request)
    if form.value("opened") not in ("", version_of(console.tiers.tiers)):
        return await _show(request, console, form.wrong({}, _CHANGED_ELSEWHERE), status=409)
    try:
        tiers = read_tiers(form)
        async with metered(request, console):
            published = await rooms.catalog.create_products(
                console.developer_id, console.mode, tiers
            )
    except FieldsWrong as wrong:
        return await _show(request, console, wrong.form, status=422)
    except DreamError as refusal:
        names = field_names([error.param for error in refusal.errors])
        refused = _in_major_units(form.refused(refusal, names))
        return await _show(request, console, refused, status=refusal.status)
    return await _published(request, published)


@router.post("/api-tier-config/promote")
async def promote(request: Request, console: SignedInConsole) -> Response:
    """Publish the test tiers on the live platform."""
    rooms = rooms_of(request)
    try:
        async with metered(request, console):
            published = await rooms.catalog.promote(console.developer_id)
    except DreamError as refusal:
        form = form_of(console.tiers.tiers).refused(refusal)
        return await _show(request, console, form, status=refusal.status)
    return await _published(request, published, "tiers-promoted")


async def _published(
    request: Request, published: Published, notice: str = "tiers-saved"
) -> Response:
    fresh = await read_console(request)
    await carry_look_over(rooms_of(request), fresh.ids)
    if published.secret_key is None:
        return see_other(fresh.link("/dashboard/tiers"), notice=notice)
    prices = tuple((listed.tier.display_name, listed.tier.price_id) for listed in published.tiers)
    shown = ShownKey(published.platform_id, published.secret_key, prices)
    return await show_secret(request, fresh, shown)


async def _show(
    request: Request, console: Console, form: Form, *, opened: str = "", status: int = 200
) -> Response:
    promotable = 0
    if console.mode is Mode.LIVE and console.can_publish and not console.tiers.tiers:
        test = await rooms_of(request).platforms.tiers(console.ids.test)
        promotable = sum(not tier.archived for tier in test.tiers)
    return render(
        request,
        "onboarding/tiers.html",
        Answering(status, stripe_targets(request)),
        console=console,
        form=form,
        rows=rows_of(form),
        preview=preview_of(form),
        opened=opened or version_of(console.tiers.tiers),
        promotable=promotable,
        stripe_message=_stripe_message(request.query_params.get("stripe")),
        section="/dashboard/tiers",
    )


def _stripe_message(reason: str | None) -> StripeMessage | None:
    if reason is None:
        return None
    if reason == "connected":
        return StripeMessage(_CONNECTED, is_good=True)
    return StripeMessage(REASONS.get(reason, _UNKNOWN_REASON), is_good=False)


def _edit_of(action: str) -> Callable[[Form], Form] | None:
    if action == "add":
        return with_row_added
    if action == "preview":
        return lambda form: form
    name, _, row = action.partition("-")
    edit = _ROW_EDITS.get(name)
    if edit is None or not (row.isascii() and row.isdigit()):
        return None
    return partial(edit, row=int(row))


def _in_major_units(form: Form) -> Form:
    """Say what is wrong with a price in the unit that the field is typed in."""
    errors = {
        name: _PRICE_RULE if name.endswith(".price") and text.startswith("Must be 0 or") else text
        for name, text in form.errors.items()
    }
    return form.wrong(errors, form.problem)
