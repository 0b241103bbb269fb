"""One end user: plan, usage, block, erase."""

import re

from fastapi import APIRouter, Request, Response

from dream_api.customers.end_users import Changes
from dream_api.kit.errors import DreamError, NotFound, ValidationFailed
from dream_api.services.front_auth_api.pages.console import (
    Console,
    SignedInConsole,
    path_segment,
)
from dream_api.services.front_auth_api.pages.overview import points_of, titles_of
from dream_api.services.front_auth_api.rooms import rooms_of
from dream_api.services.pages.form_tokens import new_form_token, run_once
from dream_api.services.pages.forms import Form, read_form
from dream_api.services.pages.rendering import Answering, count, render, see_other
from dream_api.services.pages.routing import PageRoute

router = APIRouter(prefix="/dashboard/users", route_class=PageRoute, include_in_schema=False)

_DAYS = 30
_NO_GRANT = ""
_WHOLE_NUMBER = re.compile(r"-?\d{1,15}", re.ASCII)


@router.get("/{user_id:path}")
async def show_user(request: Request, console: SignedInConsole, user_id: str) -> Response:
    """Show one user."""
    return await _show(request, console, user_id, Form())


@router.post("/{user_id:path}")
async def change_user(request: Request, console: SignedInConsole, user_id: str) -> Response:
    """Grant a plan, adjust usage, block, unblock or erase."""
    form = await read_form(request)
    try:
        notice = await _act(request, console, user_id, form)
    except DreamError as refusal:
        shown = form.refused(refusal)
        return await _show(request, console, user_id, shown, status=refusal.status)
    if notice == "user-erased":
        return see_other(console.link("/dashboard/users"), notice=notice)
    page = console.link(f"/dashboard/users/{path_segment(user_id)}")
    return see_other(page, notice=notice)


async def _act(request: Request, console: Console, user_id: str, form: Form) -> str:
    """Do what the pressed button says; give the notice to show."""
    platform_id = _platform(console)
    verbs = rooms_of(request).console
    match form.value("action"):
        case "plan":
            plan = form.value("plan") or None
            await verbs.change_user(platform_id, user_id, Changes(plan=plan))
        case "block":
            await verbs.change_user(platform_id, user_id, Changes(blocked=True))
        case "unblock":
            await verbs.change_user(platform_id, user_id, Changes(blocked=False))
        case "adjust":
            await _adjust(request, console, user_id, form)
            return "usage-adjusted"
        case "erase":
            if not form.is_checked("confirm"):
                raise ValidationFailed("Tick the box to confirm that this person may be erased.")
            await verbs.erase_user(platform_id, user_id)
            return "user-erased"
        case _:
            raise ValidationFailed("Use one of the buttons of this page.")
    return "user-saved"


async def _adjust(request: Request, console: Console, user_id: str, form: Form) -> None:
    text = form.value("amount").replace(",", "").strip()
    if _WHOLE_NUMBER.fullmatch(text) is None:
        raise ValidationFailed.of("amount", "must be a whole number", "For example -100.")
    rooms = rooms_of(request)
    await run_once(
        rooms.idempotency,
        console.developer_id,
        form,
        lambda: rooms.console.adjust_usage(
            _platform(console), user_id, int(text), form.value("reason").strip()
        ),
    )


async def _show(
    request: Request, console: Console, user_id: str, form: Form, *, status: int = 200
) -> Response:
    rooms = rooms_of(request)
    platform_id = _platform(console)
    row = await rooms.console.user(platform_id, user_id)
    user = await rooms.console.find_user(platform_id, user_id)
    usage = await rooms.dashboard.usage_by_day(platform_id, user_id, _DAYS)
    total = sum(day.count for day in usage)
    on_sale = [tier for tier in console.tiers.tiers if not tier.archived]
    return render(
        request,
        "console/user.html",
        Answering(status),
        console=console,
        row=row,
        is_blocked=user is not None and user.blocked_at is not None,
        grant=(user.plan_grant if user else None) or _NO_GRANT,
        titles=titles_of(console),
        plan_choices=[
            (_NO_GRANT, "As the subscription says"),
            *((tier.name, tier.display_name) for tier in on_sale),
        ],
        usage_points=points_of(usage),
        usage_finding=f"{count(total)} in {_DAYS} days",
        form=form,
        form_token=new_form_token(),
        now=rooms.clock.now(),
    )


def _platform(console: Console) -> str:
    if console.platform_id is None:
        raise NotFound("The live platform is made with your first payment. Pay on /configure.")
    return console.platform_id
