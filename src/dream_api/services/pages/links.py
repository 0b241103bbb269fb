"""Addresses within our own pages."""

from collections.abc import Mapping
from urllib.parse import urlencode

_NEXT_CHARACTERS_MAX = 2000


def with_query(path: str, **query: str | int | None) -> str:
    """Append query parameters; those that are None or empty are left out."""
    return with_parameters(path, query)


def with_parameters(path: str, query: Mapping[str, str | int | None]) -> str:
    """Append query parameters, as ``with_query``, for names that are no Python names."""
    kept = {name: value for name, value in query.items() if value not in (None, "")}
    if not kept:
        return path
    return f"{path}{'&' if '?' in path else '?'}{urlencode(kept)}"


def local_path(text: str | None, default: str) -> str:
    r"""Give *text* if it is a path on our own origin, else *default*.

    ``//evil``, ``/\evil``, addresses with a scheme and control characters are no such paths:
    browsers take the first two for another host.
    """
    if not text or len(text) > _NEXT_CHARACTERS_MAX or not text.startswith("/"):
        return default
    if text.startswith(("//", "/\\")) or "\\" in text or not text.isascii():
        return default
    return text if all(" " < letter < "\x7f" for letter in text) else default
