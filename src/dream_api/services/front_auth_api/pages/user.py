"""One end user: plan, subscription, usage, what happened; change, adjust, block, erase."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from dream_api.customers.dashboard import History
from dream_api.customers.end_users import Changes
from dream_api.customers.subscriptions import Flag, MovementKind
from dream_api.kit.errors import DreamError, NotFound, ValidationFailed
from dream_api.kit.money import format_money
from dream_api.services.front_auth_api.pages.console import (
    Console,
    SignedInConsole,
    path_segment,
)
from dream_api.services.front_auth_api.pages.overview import titles_of, usage_points
from dream_api.services.front_auth_api.rooms import rooms_of
from dream_api.services.pages.deltas import signed
from dream_api.services.pages.form_tokens import new_form_token, run_once
from dream_api.services.pages.forms import Form, read_form
from dream_api.services.pages.rendering import Answering, count, render, see_other
from dream_api.services.pages.routing import PageRoute

router = APIRouter(prefix="/dashboard/users", route_class=PageRoute, include_in_schema=False)

_PERIODS = ((30, "30 days"), (90, "90 days"), (365, "12 months"))
_DAYS_DEFAULT = 30
_HAPPENINGS_MAX = 30
_MOVEMENT_WORDS = {
    MovementKind.NEW.value: "Started to pay",
    MovementKind.EXPANSION.value: "Upgraded",
    MovementKind.CONTRACTION.value: "Downgraded",
    MovementKind.CHURN.value: "Stopped paying",
}
_FLAG_WORDS = {
    "unknown_price": "The subscription has a price that no tier of yours has.",
    "unpriced": "The subscription has a price that cannot be read as an amount a month.",
    "several_subscriptions": "Several subscriptions run at once; the dearest sets the plan.",
    "several_currencies": "Subscriptions run in several currencies.",
    "other_account": "The subscription is on the Stripe account that was connected before. End it "
    "there in Stripe's dashboard; then they can buy from the account that is connected now.",
    "disputed": "A payment of this subscription is disputed.",
}
_NO_GRANT = ""
_WHOLE_NUMBER = re.compile(r"-?\d{1,15}", re.ASCII)


@router.get("/{user_id:path}")
async def show_user(request: Request, console: SignedInConsole, user_id: str) -> Response:
    """Show one user."""
    return await _show(request, console, user_id, Form())


@router.post("/{user_id:path}")
async def change_user(request: Request, console: SignedInConsole, user_id: str) -> Response:
    """Grant a plan, let a lost subscription go, adjust usage, block, unblock or erase."""
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
        case "ended":
            await verbs.end_elsewhere(platform_id, user_id)
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
    subscription = await rooms.console.subscription(platform_id, user_id)
    days = _days_of(request)
    usage = await rooms.dashboard.usage_by_day(platform_id, user_id, days)
    history = await rooms.dashboard.history(platform_id, user_id)
    total = sum(day.count for day in usage)
    on_sale = [tier for tier in console.tiers.tiers if not tier.archived]
    return render(
        request,
        "console/user.html",
        Answering(status),
        console=console,
        row=row,
        at=f"/dashboard/users/{path_segment(user_id)}",
        is_blocked=user is not None and user.blocked_at is not None,
        grant=(user.plan_grant if user else None) or _NO_GRANT,
        customer_id=user.stripe_customer_id if user else None,
        subscription=None if subscription is None else _shown(subscription),
        flag=_FLAG_WORDS.get((user.subscription_flag if user else None) or ""),
        is_elsewhere=user is not None and user.subscription_flag == Flag.OTHER_ACCOUNT.value,
        happenings=_happenings(history, row.created_at),
        titles=titles_of(console),
        plan_choices=[
            (_NO_GRANT, "As the subscription says"),
            *((tier.name, tier.display_name) for tier in on_sale),
        ],
        usage_points=usage_points(usage),
        usage_finding=f"{count(total)} in {dict(_PERIODS)[days]}",
        days=days,
        periods=_PERIODS,
        form=form,
        form_token=new_form_token(),
        now=rooms.clock.now(),
    )


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of what happened to a user."""

    at: datetime
    what: str
    amount: str
    detail: str = ""


def _happenings(history: History, created_at: datetime) -> list[Happening]:
    """Tell money, corrections and calls in one list, newest first, and the sign-up as the last."""
    lines = [
        Happening(
            moved.moved_at,
            _MOVEMENT_WORDS.get(moved.kind, moved.kind),
            signed(moved.amount_cents, format_money(abs(moved.amount_cents), moved.currency)),
            "a month",
        )
        for moved in history.movements
    ]
    lines += [
        Happening(entry.at, "Correction", signed(entry.amount, count(abs(entry.amount))),
                  entry.reason or "")
        if entry.kind == "adjust"
        else Happening(entry.at, "Call", count(entry.amount))
        for entry in history.entries
    ]  # fmt: skip
    lines.sort(key=lambda line: line.at, reverse=True)
    return [*lines[:_HAPPENINGS_MAX], Happening(created_at, "Signed up", "")]


def _shown(subscription: dict[str, Any]) -> dict[str, Any]:
    """Read the moments of a subscription, which its room writes as JSON has them."""
    moments = {
        name: datetime.fromisoformat(subscription[name]) if subscription.get(name) else None
        for name in ("currentPeriodEnd", "trialEndsAt", "createdAt")
    }
    return {**subscription, **moments}


def _days_of(request: Request) -> int:
    wanted = request.query_params.get("days", "")
    return next((days for days, _ in _PERIODS if str(days) == wanted), _DAYS_DEFAULT)


def _platform(console: Console) -> str:
    if console.platform_id is None:
        raise NotFound("The live platform is made with your first payment. Pay on /configure.")
    return console.platform_id
