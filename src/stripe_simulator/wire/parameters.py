"""Type the parameters of a request by the SDK's own description of them.

``stripe.params`` holds one TypedDict per operation, generated from Stripe's OpenAPI description.
They say which parameters exist, which are required and which type each has, so the simulator
refuses what Stripe refuses without a list of its own.
"""

import builtins
import re
import types
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import typing_extensions as te
from stripe import RequestOptions

from stripe_simulator.errors import (
    StripeError,
    not_implemented,
    parameter_missing,
    unknown_parameter,
)
from stripe_simulator.wire.forms import Form

Parameters = dict[str, Any]

_INTEGER = re.compile(r"^-?\d{1,18}$")
_DECIMAL = re.compile(r"^-?\d{1,18}(\.\d{1,18})?$")
_BOOLEANS = {"true": True, "false": False}
_LIST_ITEMS_MAX = 250
_TEXT_CHARACTERS_MAX = 20_000
# Names that the SDK's own type hints leave undefined at run time.
_UNDEFINED_NAMES = {"StripeContext": object, "Mapping": Mapping}
# Options of a call that share the TypedDict with its parameters but travel as headers.
_OPTION_NAMES = frozenset(RequestOptions.__annotations__)


def typed(form: Form, schema: type) -> Parameters:
    """Type a decoded form by the TypedDict *schema*.

    Raises:
        StripeError: A parameter is unknown, is missing or has the wrong type.
    """
    return _mapping(form, schema, "")


def refuse_unhonoured(parameters: Parameters, honoured: frozenset[str]) -> None:
    """Refuse what Stripe would understand and the simulator would silently ignore.

    Raises:
        StripeError: 501, naming the parameter.
    """
    for path in _leaf_paths(parameters, ()):
        prefixes = {".".join(path[: end + 1]) for end in range(len(path))}
        if not prefixes & honoured:
            name = path[0] + "".join(f"[{part}]" for part in path[1:])
            raise not_implemented(f"the parameter {name}", param=name)


def _leaf_paths(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaf_paths(inner, (*path, name))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaf_paths(inner, path)
    else:
        yield path


@cache
def _fields(schema: type) -> dict[str, Any]:
    hints = te.get_type_hints(schema, localns=dict(_UNDEFINED_NAMES), include_extras=True)
    return {name: hint for name, hint in hints.items() if name not in _OPTION_NAMES}


def _mapping(form: Form, schema: type, prefix: str) -> Parameters:
    fields = _fields(schema)
    typed_fields: Parameters = {}
    for name, value in form.items():
        if name not in fields:
            raise unknown_parameter(_nested(prefix, name))
        typed_fields[name] = _value(value, fields[name], _nested(prefix, name))
    for name, hint in fields.items():
        if name not in typed_fields and te.get_origin(hint) is not te.NotRequired:
            raise parameter_missing(_nested(prefix, name))
    return typed_fields


def _nested(prefix: str, name: str) -> str:
    return f"{prefix}[{name}]" if prefix else name


def _value(value: str | Form, hint: Any, name: str) -> Any:
    arguments = te.get_args(hint)
    match te.get_origin(hint):
        case te.NotRequired | te.Required:
            read = _value(value, arguments[0], name)
        case typing.Union | types.UnionType:
            read = _first_that_fits(value, arguments, name)
        case typing.Literal | te.Literal:
            read = _choice(value, arguments, name)
        case builtins.list:
            read = _list(value, arguments[0], name)
        case builtins.dict:
            read = _map(value, arguments[1], name)
        case _ if te.is_typeddict(hint):
            read = _object(value, hint, name)
        case _:
            read = _scalar(value, hint, name)
    return read


def _object(value: str | Form, schema: type, name: str) -> Parameters:
    if isinstance(value, str):
        raise StripeError(f"Invalid object: {value}", param=name)
    return _mapping(value, schema, name)


def _first_that_fits(value: str | Form, arms: tuple[Any, ...], name: str) -> Any:
    errors = []
    for arm in sorted(arms, key=_arm_order):
        try:
            return _value(value, arm, name)
        except StripeError as error:
            errors.append((_is_structured(arm) == isinstance(value, dict), error))
    # The arm of the same nature as the value explains best what is wrong with it.
    raise next((error for same_nature, error in errors if same_nature), errors[-1][1])


def _arm_order(arm: Any) -> int:
    """Put narrow types before text, which takes everything."""
    return 1 if arm is str else 0


def _is_structured(arm: Any) -> bool:
    return te.get_origin(arm) in (list, dict) or te.is_typeddict(arm)


def _choice(value: str | Form, choices: tuple[Any, ...], name: str) -> str:
    if isinstance(value, str) and value in choices:
        return value
    shown = [str(choice) for choice in choices if choice != ""]
    listed = " or ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
    raise StripeError(f"Invalid {name}: must be one of {listed}", param=name)


def _list(value: str | Form, hint: Any, name: str) -> list[Any]:
    if isinstance(value, str) or not all(key.isdigit() for key in value):
        raise StripeError("Invalid array", param=name)
    if len(value) > _LIST_ITEMS_MAX:
        raise StripeError(f"Array too long, at most {_LIST_ITEMS_MAX} items", param=name)
    ordered = sorted(value.items(), key=lambda pair: int(pair[0]))
    return [_value(item, hint, f"{name}[{index}]") for index, item in ordered]


def _map(value: str | Form, hint: Any, name: str) -> dict[str, Any]:
    if isinstance(value, str):
        raise StripeError("Invalid hash", param=name)
    # An empty value takes a key out of a mapping such as metadata.
    return {
        key: item if item == "" else _value(item, hint, _nested(name, key))
        for key, item in value.items()
    }


def _scalar(value: str | Form, hint: Any, name: str) -> Any:
    if not isinstance(value, str):
        raise StripeError(f"Invalid {_SCALAR_NAMES.get(hint, 'string')}: {{}}", param=name)
    if hint is bool:
        if value not in _BOOLEANS:
            raise StripeError(f"Invalid boolean: {value}", param=name)
        return _BOOLEANS[value]
    if hint is int:
        if not _INTEGER.match(value):
            raise StripeError(
                f"Invalid integer: {value}", code="parameter_invalid_integer", param=name
            )
        return int(value)
    if hint is float:
        if not _DECIMAL.match(value):
            raise StripeError(f"Invalid decimal: {value}", param=name)
        return float(value)
    return _text(value, name)


_SCALAR_NAMES: dict[Any, str] = {bool: "boolean", int: "integer", float: "decimal"}


def _text(value: str, name: str) -> str:
    if value == "":
        raise StripeError(
            f"You passed an empty string for '{name}'. We assume empty values are an attempt to "
            f"unset a parameter; however '{name}' cannot be unset. You should remove '{name}' "
            "from your request or supply a non-empty value.",
            code="parameter_invalid_empty",
            param=name,
        )
    if len(value) > _TEXT_CHARACTERS_MAX:
        raise StripeError(
            f"Invalid string: {value[:10]}…; must be at most {_TEXT_CHARACTERS_MAX} characters",
            param=name,
        )
    return value
