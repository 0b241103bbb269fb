"""Connect OAuth for Standard accounts (https://docs.stripe.com/connect/oauth-reference)."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from stripe_simulator.books import Books
from stripe_simulator.clock import SECONDS_PER_MINUTE
from stripe_simulator.configuration import Application
from stripe_simulator.identifiers import new_id
from stripe_simulator.resources.accounts import open_account
from stripe_simulator.shapes import Body
from stripe_simulator.store import Record

CODE_SECONDS = 5 * SECONDS_PER_MINUTE
STATE_CHARACTERS_MAX = 1000
_LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "::1"}
SCOPE = "read_write"


class OAuthError(Exception):
    """A refusal in OAuth's own shape: ``{"error", "error_description"}``.

    Unlike in the rest of the API, what was changed on the way to it is kept: a code that is used
    twice is refused *and* revokes the connection.
    """

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status

    def body(self) -> Body:
        """As it stands on the wire."""
        return {"error": self.error, "error_description": self.description}


@dataclass(frozen=True, slots=True)
class Authorization:
    """What an application asks a developer for."""

    application: Application
    redirect_uri: str
    state: str


def read_authorization(
    parameters: dict[str, str],
    applications: list[Application],
    redirect_uris: tuple[str, ...],
) -> Authorization:
    """Check a request to authorize.

    Raises:
        OAuthError: The request is wrong; it is shown here and never redirected, because nobody
            has proved yet where it may be redirected to.
    """
    if parameters.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "response_type must be 'code'")
    client_id = parameters.get("client_id", "")
    application = next((known for known in applications if known.client_id == client_id), None)
    if application is None:
        raise OAuthError("invalid_request", f"No application matches the client_id '{client_id}'")
    redirect_uri = parameters.get("redirect_uri") or (redirect_uris[0] if redirect_uris else "")
    if not _is_allowed(redirect_uri, redirect_uris):
        raise OAuthError(
            "invalid_redirect_uri",
            "Invalid redirect URI: it must match one of the application's redirect URIs exactly",
        )
    if parameters.get("scope", "read_only") != SCOPE:
        raise OAuthError("invalid_scope", "This application may only ask for scope 'read_write'")
    state = parameters.get("state", "")
    if len(state) > STATE_CHARACTERS_MAX:
        raise OAuthError("invalid_request", "The state is too long")
    return Authorization(application, redirect_uri, state)


def approve(books: Books, asked: Authorization, account_id: str, business_name: str) -> str:
    """The developer agrees; answers the URL that carries the code back.

    *account_id* is an account of theirs, or empty to open one with *business_name*.
    """
    account = books.find("account", account_id) if account_id else None
    if account is None or account.id == books.account:
        account = open_account(books, business_name or None)
    code = {"id": new_id("ac"), "object": "oauth_code"}
    books.add(code, hidden={"account": account.id, "made_at": books.now, "is_used": False})
    return _returned(asked, code=code["id"], scope=SCOPE)


def deny(asked: Authorization) -> str:
    """The developer does not agree; answers the URL that says so."""
    return _returned(asked, error="access_denied", error_description="The user denied your request")


def exchange(books: Books, parameters: dict[str, Any]) -> Body:
    """Turn a code into a connection; *books* are those of the account whose key was sent.

    Raises:
        OAuthError: The code is unknown, another application's, expired or used; a used one
            revokes the connection that it had made.
    """
    grant_type = parameters.get("grant_type")
    if grant_type != "authorization_code":
        raise OAuthError(
            "unsupported_grant_type", f"The simulator does not support grant_type={grant_type}"
        )
    given = str(parameters.get("code", ""))
    code = books.find("oauth_code", given)
    if code is None:
        raise OAuthError("invalid_grant", f"Authorization code does not exist: {given}")
    account = books.get("account", code.hidden["account"])
    if code.hidden["is_used"]:
        disconnect(books, account)
        raise OAuthError(
            "invalid_grant",
            "This authorization code has already been used. All tokens issued with this code "
            "have been revoked.",
        )
    if books.now >= code.hidden["made_at"] + CODE_SECONDS:
        raise OAuthError("invalid_grant", f"Authorization code expired: {given}")
    code.hidden["is_used"] = True
    books.save(code)
    account.hidden["connected"] = True
    books.save(account)
    books.of(account.id).emit("account.application.authorized", application_body(books))
    return {
        "livemode": False,
        "scope": SCOPE,
        "stripe_user_id": account.id,
        "token_type": "bearer",
    }


def deauthorize(books: Books, parameters: dict[str, Any]) -> Body:
    """Give a connection up.

    Raises:
        OAuthError: The client id is not this key's, or the account is not connected.
    """
    account_id = str(parameters.get("stripe_user_id", ""))
    account = books.find("account", account_id)
    if parameters.get("client_id") != books.application.client_id:
        raise OAuthError(
            "invalid_client",
            f"No such application: '{parameters.get('client_id')}'",
            status=HTTPStatus.UNAUTHORIZED,
        )
    if account is None or not account.hidden["connected"]:
        raise OAuthError(
            "invalid_client",
            "This application is not connected to stripe account "
            f"{account_id}, or that account does not exist.",
            status=HTTPStatus.UNAUTHORIZED,
        )
    disconnect(books, account)
    return {"stripe_user_id": account.id}


def disconnect(books: Books, account: Record) -> None:
    """End a connection, whoever asked for it, and tell the application."""
    if not account.hidden["connected"]:
        return
    account.hidden["connected"] = False
    books.save(account)
    books.of(account.id).emit("account.application.deauthorized", application_body(books))


def application_body(books: Books) -> Body:
    """The application as events show it."""
    return {
        "id": books.application.client_id,
        "object": "application",
        "name": books.get("account", books.account).body["business_profile"]["name"],
    }


def _is_allowed(redirect_uri: str, registered: tuple[str, ...]) -> bool:
    if registered:
        return redirect_uri in registered
    try:
        parts = urlsplit(redirect_uri)
        return parts.scheme in ("http", "https") and parts.hostname in _LOOPBACK_HOSTS
    except ValueError:
        return False


def _returned(asked: Authorization, **values: str) -> str:
    parts = urlsplit(asked.redirect_uri)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *values.items()]
    if asked.state:
        query.append(("state", asked.state))
    return urlunsplit(parts._replace(query=urlencode(query)))
