"""Decode the form encoding that Stripe's API speaks: ``a[b][0][c]=value`` and ``a[]=value``."""

import re
from urllib.parse import parse_qsl

from stripe_simulator.errors import StripeError

FIELDS_MAX = 1000
DEPTH_MAX = 10

# A decoded form: text at the leaves; a list is a mapping whose keys are its indices, because
# only the parameter's type can tell a list from a mapping with numeric keys.
Form = dict[str, "str | Form"]

_NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_PART = re.compile(r"\[([^\[\]]*)\]")


def decode(encoded: str) -> Form:
    """Decode a query string or a form body.

    Raises:
        StripeError: The encoding is broken, has too many fields or is nested too deeply.
    """
    try:
        pairs = parse_qsl(
            encoded,
            keep_blank_values=True,
            strict_parsing=bool(encoded),
            max_num_fields=FIELDS_MAX,
            errors="strict",
        )
    except ValueError as error:
        raise StripeError(f"Invalid form encoding: {error}") from error
    form: Form = {}
    for name, value in pairs:
        _put(form, _path_of(name), value)
    return form


def _path_of(name: str) -> list[str]:
    match = _NAME.match(name)
    if match is None:
        raise StripeError(f"Invalid parameter name: {name}", param=name)
    path = [match[1], *_PART.findall(match[2])]
    if len(path) > DEPTH_MAX:
        raise StripeError(f"Parameter nested too deeply: {name}", param=name)
    return path


def _put(form: Form, path: list[str], value: str) -> None:
    place = form
    for part in path[:-1]:
        inner = place.setdefault(part or str(len(place)), {})
        if isinstance(inner, str):
            raise StripeError(f"Conflicting values for parameter: {path[0]}", param=path[0])
        place = inner
    place[path[-1] or str(len(place))] = value
