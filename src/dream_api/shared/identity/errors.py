"""What a realm refuses."""

from dream_api.kit.errors import DreamError


class Unauthenticated(DreamError):
    """No proof of who is calling, or one that is not, no longer or not here valid."""

    code = "unauthenticated"
    status = 401
    title = "Not signed in"


class InvalidCredentials(DreamError):
    """Address and password do not belong together; which of the two is wrong is not told."""

    code = "invalid_credentials"
    status = 401
    title = "Wrong email or password"


class ReauthRequired(DreamError):
    """The sign-in is too old for what is asked."""

    code = "reauth_required"
    status = 401
    title = "Sign in again"


class InvalidCode(DreamError):
    """A code is wrong, used, expired or burnt; which of them is not told."""

    code = "invalid_code"
    status = 422
    title = "The code does not work"


class TooManyAttempts(DreamError):
    """Too many failures in a row for this address; also the right password has to wait."""

    code = "too_many_attempts"
    status = 429
    title = "Too many attempts"
