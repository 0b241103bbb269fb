"""An end user's account: plan, usage, billing, password, sessions, and the way out."""

from datetime import datetime

from fastapi import APIRouter, Request, Response

from dream_api.customers.subscriptions import UserBusy
from dream_api.gateways.stripe import StripeUnavailable
from dream_api.kit.errors import DreamError, ValidationFailed
from dream_api.services.api_multi.pages.host import Host, HostedPage
from dream_api.services.api_multi.pages.sentences import told
from dream_api.services.http.cookies import delete_session_cookie, end_user_cookie
from dream_api.services.pages.account import AccountDoor, change_account, new_email_of
from dream_api.services.pages.forms import Form, read_form
from dream_api.services.pages.rendering import see_other
from dream_api.services.pages.routing import PageRoute, SignInFirst
from dream_api.shared.identity import Principal, ReauthRequired

router = APIRouter(prefix="/p/{platform_id}", route_class=PageRoute, include_in_schema=False)

_DENIALS = {
    "user_blocked": "Your access was blocked. Please ask for help.",
    "subscription_inactive": "Your subscription is not active. Choose a plan to go on.",
    "no_plan": "You have no plan yet. Choose one to begin.",
    "usage_limit_reached": "This month's calls are used up. A larger plan lifts the limit at once.",
}

_UNPAID = frozenset({"past_due", "unpaid", "incomplete"})


@router.get("/account")
async def account(request: Request, host: HostedPage) -> Response:
    """Show what the person has, uses and pays."""
    host.signed_in(request)
    return await show_account(request, host, Form())


@router.post("/account")
async def change(request: Request, host: HostedPage) -> Response:
    """Change the password or the address, end a session, or delete the account."""
    form = await read_form(request)
    person = host.signed_in(request)
    try:
        return await _act(request, host, person, form)
    except ReauthRequired:
        raise SignInFirst(
            f"{host.base}/reauth?next={host.base}/account", host.brand, host.form_targets
        ) from None
    except (StripeUnavailable, UserBusy) as refusal:
        shown = told(host, form, refusal)
        return await show_account(request, host, shown, status=refusal.status)
    except DreamError as refusal:
        return await show_account(request, host, form.refused(refusal), status=refusal.status)


async def _act(request: Request, host: Host, person: Principal, form: Form) -> Response:
    if form.value("action") == "delete":
        return await _delete(host, person, form)
    settings = host.rooms.settings
    cookie = end_user_cookie(settings, host.platform_id)
    door = AccountDoor(
        host.realm, person, settings, cookie, f"{host.base}/account", f"{host.base}/sign-in"
    )
    answer = await change_account(request, door, form)
    if answer is None:
        raise ValidationFailed("Use one of the buttons of this page.")
    return answer


async def _delete(host: Host, person: Principal, form: Form) -> Response:
    if not form.is_checked("confirm"):
        raise ValidationFailed("Tick the box to confirm that the account may be deleted.")
    host.realm.require_recent(person)
    await host.rooms.subscriptions.erase(host.platform_id, person.user_id, host.realm.delete)
    answer = see_other(f"{host.base}/sign-up", notice="account-deleted")
    settings = host.rooms.settings
    delete_session_cookie(answer, end_user_cookie(settings, host.platform_id), settings)
    return answer


async def show_account(request: Request, host: Host, form: Form, *, status: int = 200) -> Response:
    """Show the page, after a refusal with the reason."""
    person = host.signed_in(request)
    rooms = host.rooms
    row = await rooms.end_users.get(host.platform_id, person.user_id)
    user = await rooms.end_users.find(host.platform_id, person.user_id)
    state = await rooms.subscriptions.state(host.platform_id, person.user_id)
    usage = await rooms.metering.usage(host.platform_id, person.user_id)
    tier = host.tiers.find(row.plan) if row.plan else None
    is_trial = row.subscription_status == "trialing"
    ends = state["trialEndsAt" if is_trial else "currentPeriodEnd"] if state else None
    following = host.tiers.find(state["nextTier"]) if state and state["nextTier"] else None
    context = {
        "form": form,
        "row": row,
        "usage": usage,
        "plan_title": tier.display_name if tier else (row.plan or "No plan"),
        "denial": _DENIALS.get(str(usage.reason)),
        "has_billing": user is not None and user.stripe_customer_id is not None,
        "renews_at": datetime.fromisoformat(ends) if ends else None,
        "is_canceling": bool(state and state["cancelAtPeriodEnd"]),
        "is_trial": is_trial,
        "is_unpaid": row.subscription_status in _UNPAID,
        "next_title": following.display_name if following else None,
        "new_email": new_email_of(request, form),
        "sessions": await host.realm.sessions(host.platform_id, person.user_id),
        "now": rooms.clock.now(),
        "password_length_min": host.realm.config.password_length_min,
    }
    return host.render(request, "hosted/account.html", context, status=status)
