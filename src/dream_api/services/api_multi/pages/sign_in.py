"""Sign-up, sign-in and sign-out of end users, and the hand-over to the platform's own app."""

import re

from fastapi import APIRouter, Request, Response

from dream_api.kit.errors import ValidationFailed
from dream_api.services.api_multi.pages.host import Host, HostedPage, OpenHostedPage
from dream_api.services.http.cookies import delete_session_cookie, end_user_cookie
from dream_api.services.http.realms import BUILTIN_END_USERS
from dream_api.services.http.urls import check_url, origin_of
from dream_api.services.pages import confirmation
from dream_api.services.pages import sign_in as flow
from dream_api.services.pages.links import local_path, with_parameters
from dream_api.services.pages.rendering import see_other
from dream_api.services.pages.routing import PageRoute
from dream_api.shared.identity import Principal, SignedIn

router = APIRouter(
    prefix="/p/{platform_id}",
    route_class=PageRoute,
    include_in_schema=False,
    dependencies=[BUILTIN_END_USERS],
)

_HAND_OVER = ("redirect_uri", "state", "code_challenge", "code_challenge_method")
_STATE_CHARACTERS_MAX = 1024
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
"""A SHA-256 in base64url (RFC 7636, section 4.2)."""


@router.get("/sign-up")
async def show_sign_up(request: Request, host: OpenHostedPage) -> Response:
    """Ask for an address and a password."""
    return flow.show(request, _door(request, host), "sign_up")


@router.post("/sign-up")
async def sign_up(request: Request, host: OpenHostedPage) -> Response:
    """Begin a sign-up; the code follows by mail."""
    return await flow.sign_up(request, _door(request, host))


@router.get("/sign-up/verify")
async def show_verify(request: Request, host: OpenHostedPage) -> Response:
    """Ask for the code."""
    return flow.show_verify(request, _door(request, host))


@router.post("/sign-up/verify")
async def verify(request: Request, host: OpenHostedPage) -> Response:
    """Take the code and sign in."""
    return await flow.verify(request, _door(request, host))


@router.get("/confirm")
async def show_confirm(request: Request, host: HostedPage) -> Response:
    """Show what a link in a mail is for. Programs that look at mail come here too."""
    return confirmation.show(request, _door(request, host), host.person)


@router.post("/confirm")
async def confirm(request: Request, host: HostedPage) -> Response:
    """Prove an address, or set a new password, as the link in a mail says."""
    page = f"{host.base}/account"
    return await confirmation.confirm(request, _door(request, host), host.person, account_page=page)


@router.get("/sign-in")
async def show_sign_in(request: Request, host: HostedPage) -> Response:
    """Ask for address and password; whoever is signed in is asked whether to go on as that."""
    door = _door(request, host)
    if host.person is not None and not _wants_hand_over(request):
        return see_other(local_path(request.query_params.get("next"), f"{host.base}/account"))
    if host.person is not None:
        context = {"email": host.person.email, "door": door}
        return host.render(request, "hosted/go_on.html", context)
    return flow.show(request, door, "sign_in")


@router.post("/sign-in")
async def sign_in(request: Request, host: HostedPage) -> Response:
    """Sign in."""
    return await flow.sign_in(request, _door(request, host))


@router.post("/go-on")
async def go_on(request: Request, host: HostedPage) -> Response:
    """Hand over the person who is signed in already."""
    person = host.signed_in(request)
    return see_other(await _hand_over(request, host, person) or f"{host.base}/account")


@router.get("/reauth")
async def show_reauth(request: Request, host: HostedPage) -> Response:
    """Ask for the password again before something that cannot be taken back."""
    return flow.show(request, _door(request, host), "reauth")


@router.post("/reauth")
async def reauth(request: Request, host: HostedPage) -> Response:
    """Sign in anew and go back to what was wanted."""
    return await flow.sign_in(request, _door(request, host), "reauth")


@router.get("/forgot")
async def show_forgot(request: Request, host: HostedPage) -> Response:
    """Ask whose password is forgotten."""
    return flow.show(request, _door(request, host), "forgot")


@router.post("/forgot")
async def forgot(request: Request, host: HostedPage) -> Response:
    """Mail a code."""
    return await flow.forgot(request, _door(request, host))


@router.get("/reset")
async def show_reset(request: Request, host: HostedPage) -> Response:
    """Ask for the code and a new password."""
    return flow.show(request, _door(request, host), "reset")


@router.post("/reset")
async def reset(request: Request, host: HostedPage) -> Response:
    """Set the new password."""
    return await flow.reset(request, _door(request, host))


@router.post("/sign-out")
async def sign_out(host: HostedPage) -> Response:
    """End this browser's session; without one there is nothing to end."""
    if host.person is not None:
        await host.realm.sign_out(host.platform_id, session_id=host.person.session_id)
    answer = see_other(f"{host.base}/sign-in", notice="signed-out")
    settings = host.rooms.settings
    delete_session_cookie(answer, end_user_cookie(settings, host.platform_id), settings)
    return answer


def _door(request: Request, host: Host) -> flow.AuthDoor:
    query = request.query_params
    if _wants_hand_over(request):
        _check_hand_over(request, host)
    names = (*_HAND_OVER, "next") if _wants_hand_over(request) else ("next",)
    target = local_path(query.get("next"), f"{host.base}/account")

    async def landing(signed_in: SignedIn) -> str:
        assert signed_in.session_secret is not None, "a fresh sign-in has a session"
        if not _wants_hand_over(request):
            return target
        person = await host.realm.authenticate_session(host.platform_id, signed_in.session_secret)
        return await _hand_over(request, host, person) or target

    return flow.AuthDoor(
        realm=host.realm,
        realm_id=host.platform_id,
        settings=host.rooms.settings,
        brand=host.brand,
        cookie=end_user_cookie(host.rooms.settings, host.platform_id),
        base=host.base,
        landing=landing,
        carried={name: query[name] for name in names if name in query},
        form_targets=host.form_targets,
        reauth_email=None if host.person is None else host.person.email,
    )


def _wants_hand_over(request: Request) -> bool:
    return "redirect_uri" in request.query_params


async def _hand_over(request: Request, host: Host, person: Principal) -> str | None:
    """Give the app's address with a code for it; None where nobody asked for one."""
    if not _wants_hand_over(request):
        return None
    _check_hand_over(request, host)
    query = request.query_params
    code = await host.realm.issue_authorization_code(
        person, query["redirect_uri"], query["code_challenge"]
    )
    return with_parameters(query["redirect_uri"], {"code": code, "state": query.get("state")})


def _check_hand_over(request: Request, host: Host) -> None:
    """Refuse to send anybody to an address that the platform's developer has not listed.

    Raises:
        ValidationFailed: the address, the challenge or its method; nobody is redirected.
    """
    query = request.query_params
    redirect_uri = query["redirect_uri"]
    check_url(
        redirect_uri,
        param="redirect_uri",
        allow_loopback=True,
    )
    if not _is_listed(redirect_uri, host.settings.redirect_urls):
        raise ValidationFailed.of(
            "redirect_uri", "is not among this platform's redirectUrls", "Add it in the settings."
        )
    if query.get("code_challenge_method") != "S256":
        raise ValidationFailed.of("code_challenge_method", "must be S256")
    if _CHALLENGE.fullmatch(query.get("code_challenge", "")) is None:
        raise ValidationFailed.of(
            "code_challenge", "must be the base64url of a SHA-256", "43 characters, no padding."
        )
    if len(query.get("state", "")) > _STATE_CHARACTERS_MAX:
        raise ValidationFailed.of("state", f"is longer than {_STATE_CHARACTERS_MAX} characters")


def _is_listed(redirect_uri: str, listed: tuple[str, ...]) -> bool:
    """Tell whether an address is listed exactly, or by its bare origin."""
    if redirect_uri in listed:
        return True
    origin = origin_of(redirect_uri, param="redirect_uri")
    return any(entry.rstrip("/") == origin for entry in listed)
