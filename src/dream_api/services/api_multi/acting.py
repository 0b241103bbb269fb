"""For whom a caller acts, and where they may be sent."""

from dream_api.kit.errors import NotFound, ValidationFailed
from dream_api.services.api_multi.rooms import ApiMulti
from dream_api.services.http.callers import EndUserCaller, SecretKeyCaller
from dream_api.services.http.urls import check_url, check_url_of, origin_of

Caller = SecretKeyCaller | EndUserCaller


def user_named(caller: Caller, user_id: str | None) -> str:
    """Tell whom a call concerns: a server names the user, a user is meant by default.

    Raises:
        ValidationFailed: a server named nobody.
        NotFound: a user named somebody else, who is told apart from nobody by nothing.
    """
    if isinstance(caller, EndUserCaller):
        if user_id not in (None, caller.user_id):
            raise NotFound("No such user. Leave userId out: the token says who you are.")
        return caller.user_id
    if user_id is None:
        raise ValidationFailed.of("userId", "Missing.", "Name the end user.")
    return user_id


async def check_urls(rooms: ApiMulti, caller: Caller, urls: dict[str, str]) -> None:
    """Check addresses that a caller wants people to be sent to, by the name of their field.

    Raises:
        ValidationFailed: it is not https (or loopback in development), or a user's token names an
            origin that is not in ``redirectUrls``.
    """
    for param, url in urls.items():
        check_url(url, param=param, allow_loopback=rooms.settings.development)
    if isinstance(caller, SecretKeyCaller):
        return
    settings = await rooms.platforms.settings(caller.platform_id)
    allowed = {origin_of(url, param="redirectUrls") for url in settings.redirect_urls}
    for param, url in urls.items():
        check_url_of(url, allowed, param=param)
