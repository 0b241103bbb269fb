"""Sign-up, sign-in and forgotten passwords: the same pages for developers and end users."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from fastapi import Request, Response

from dream_api.kit.errors import DreamError
from dream_api.services.http.cookies import SessionCookie, SignUpCookie
from dream_api.services.http.identity_wire import caller_of
from dream_api.services.http.settings import DoorSettings
from dream_api.services.pages.brands import Brand
from dream_api.services.pages.forms import Form, read_form
from dream_api.services.pages.links import with_parameters
from dream_api.services.pages.rendering import Answering, render, see_other
from dream_api.services.pages.resuming import Resumed, unpack
from dream_api.shared.identity import Realm, SignedIn

_NO_FORM = Form()


@dataclass(frozen=True, slots=True)
class AuthDoor:
    """One population's way in, and what the pages carry along until somebody is signed in."""

    realm: Realm
    realm_id: str
    settings: DoorSettings
    brand: Brand
    cookie: str
    """The name of the session cookie."""

    base: str
    """The path under which the pages stand: empty for developers."""

    landing: Callable[[SignedIn], Awaitable[str]]
    """Where a person goes who has just signed in."""

    carried: Mapping[str, str] = field(default_factory=dict)
    """Query parameters that travel from page to page."""

    form_targets: tuple[str, ...] = ()
    reauth_email: str | None = None
    """Whose password is asked for again, where the sign-in is too old for what is wanted."""

    @property
    def password_length_min(self) -> int:
        """The shortest password that the realm takes, in characters."""
        return self.realm.config.password_length_min

    @property
    def sign_up_cookie(self) -> SignUpCookie:
        """Where the browser keeps which sign-up it began."""
        return SignUpCookie(self.realm, self.realm_id, self.cookie, self.settings)

    def url(self, path: str) -> str:
        """Give the address of another of these pages, with what is carried along."""
        return with_parameters(f"{self.base}{path}", self.carried)


def show(
    request: Request, door: AuthDoor, page: str, form: Form = _NO_FORM, *, status: int = 200
) -> Response:
    """Show one of the pages, by the name of its template."""
    return render(
        request,
        f"auth/{page}.html",
        Answering(status, door.form_targets),
        door=door,
        brand=door.brand,
        form=form,
        development_mailbox=door.settings.development,
    )


async def sign_up(request: Request, door: AuthDoor) -> Response:
    """Take a new person's address and password, and go on to the code."""
    form = await read_form(request)
    email = form.value("email").strip()
    try:
        user_id = await door.realm.sign_up(
            door.realm_id,
            email,
            form.value("password"),
            form.value("name").strip() or None,
            caller=caller_of(request),
        )
    except DreamError as refusal:
        return _again(request, door, "sign_up", form, refusal)
    answer = see_other(door.url("/sign-up/verify"))
    door.sign_up_cookie.put(answer, email, user_id)
    return answer


def show_verify(request: Request, door: AuthDoor) -> Response:
    """Ask for the code of the sign-up that this browser began."""
    pending = door.sign_up_cookie.find(request)
    known = {} if pending is None else {"email": pending.email, "userId": pending.user_id}
    return show(request, door, "verify", Form(known))


async def verify(request: Request, door: AuthDoor) -> Response:
    """Take the code and sign the person in."""
    form = await read_form(request)
    code = form.value("code").replace(" ", "")
    user_id = form.value("userId") or None
    try:
        signed_in = await door.realm.verify_email(
            door.realm_id,
            form.value("email").strip(),
            code,
            user_id=user_id,
            caller=caller_of(request),
        )
    except DreamError as refusal:
        return _again(request, door, "verify", form, refusal)
    answer = await welcome(request, door, signed_in)
    door.sign_up_cookie.forget(answer)
    return answer


async def sign_in(request: Request, door: AuthDoor, page: str = "sign_in") -> Response:
    """Take address and password and sign the person in."""
    form = await read_form(request)
    email = form.value("email").strip()
    try:
        signed_in = await door.realm.sign_in(
            door.realm_id, email, form.value("password"), caller=caller_of(request)
        )
    except DreamError as refusal:
        return _again(request, door, page, form, refusal)
    return await welcome(request, door, signed_in, unpack(form))


async def forgot(request: Request, door: AuthDoor) -> Response:
    """Mail a code, or not: the page is the same for an unknown address."""
    form = await read_form(request)
    try:
        await door.realm.forgot_password(
            door.realm_id, form.value("email").strip(), caller=caller_of(request)
        )
    except DreamError as refusal:
        return _again(request, door, "forgot", form, refusal)
    return see_other(door.url("/reset"), notice="code-sent")


async def reset(request: Request, door: AuthDoor) -> Response:
    """Take the code and the new password; every session has ended after this."""
    form = await read_form(request)
    code = form.value("code").replace(" ", "")
    email = form.value("email").strip()
    try:
        await door.realm.reset_password(
            door.realm_id, email, code, form.value("password"), caller=caller_of(request)
        )
    except DreamError as refusal:
        return _again(request, door, "reset", form, refusal)
    return see_other(door.url("/sign-in"), notice="password-reset")


async def welcome(
    request: Request, door: AuthDoor, signed_in: SignedIn, resumed: Resumed | None = None
) -> Response:
    """Lead on with a session; a form that was kept through signing in is offered to be sent."""
    landing = await door.landing(signed_in)
    answer: Response = see_other(landing)
    if resumed is not None:
        answer = render(
            request,
            "auth/resume.html",
            Answering(200, door.form_targets),
            brand=door.brand,
            resumed=resumed,
            home=landing,
        )
    cookie = SessionCookie(door.realm, door.realm_id, door.cookie, door.settings)
    await cookie.replace(request, answer, signed_in)
    return answer


def _again(
    request: Request, door: AuthDoor, page: str, form: Form, refusal: DreamError
) -> Response:
    return show(request, door, page, form.refused(refusal), status=refusal.status)
