"""Hold JSON against the types that Stripe's SDK was generated with.

``stripe==14.0.1`` is generated from the OpenAPI description of API version 2025-11-17.clover: its
resource classes carry every field with nullability and choices, its TypedDicts every parameter.
That makes the SDK an oracle for what our simulator answers and for what our product sends.
"""

import ast
import importlib
import inspect
import sys
import types
import typing
from collections.abc import Iterator
from functools import cache
from typing import Any

import stripe
import typing_extensions as te

JsonValue = Any
SCALARS = (str, int, float, bool)
LISTS = ("ListObject", "SearchResultObject")
# Fields of a resource that stand for its deletion: absent while it lives.
DELETION = "deleted"
_OPTION_NAMES = frozenset(stripe.RequestOptions.__annotations__)
_MACHINERY = "stripe._stripe_object"


def violations_of(value: JsonValue, hint: Any) -> list[str]:
    """What is wrong with the JSON *value* as an instance of the SDK's type *hint*."""
    name = getattr(hint, "__name__", "value")
    module = getattr(hint, "__module__", "typing")
    return list(_Walk(from_form=False).check(value, hint, module, name))


def violations_of_form(form: JsonValue, hint: Any) -> list[str]:
    """The same for a decoded form, where every scalar is text and a list has indices for keys."""
    return list(_Walk(from_form=True).check(form, hint, hint.__module__, hint.__name__))


class _Walk:
    """Goes down value and type side by side and yields one line per violation."""

    def __init__(self, *, from_form: bool) -> None:
        self._from_form = from_form

    def check(self, value: JsonValue, hint: Any, module: str, path: str) -> Iterator[str]:
        hint = resolved(hint, module)
        origin, arguments = te.get_origin(hint), te.get_args(hint)
        if origin in (te.NotRequired, te.Required):
            yield from self.check(value, arguments[0], module, path)
        elif origin in (typing.Union, types.UnionType):
            yield from self._check_union(value, arguments, module, path)
        elif origin in (typing.Literal, te.Literal):
            if value not in arguments:
                yield f"{path}: {value!r} is none of {arguments[:6]}"
        elif origin is not typing.ClassVar:
            yield from self._check_instance(value, hint, module, path)

    def _check_instance(self, value: JsonValue, hint: Any, module: str, path: str) -> Iterator[str]:
        target = te.get_origin(hint) or hint
        if target in (list, dict):
            yield from self._check_container(value, hint, module, path)
        elif target in SCALARS:
            yield from self._check_scalar(value, target, path)
        elif isinstance(target, type) and target not in (Any, object):
            yield from self._check_class(value, target, te.get_args(hint), path)

    def _check_union(
        self, value: JsonValue, arms: tuple[Any, ...], module: str, path: str
    ) -> Iterator[str]:
        """The arm with the fewest violations speaks for all."""
        if value is None and type(None) in arms:
            return
        tried = [
            list(self.check(value, arm, module, path)) for arm in arms if arm is not type(None)
        ]
        yield from min(tried, key=len, default=[])

    def _check_container(
        self, value: JsonValue, hint: Any, module: str, path: str
    ) -> Iterator[str]:
        arguments = te.get_args(hint) or (Any, Any)
        if te.get_origin(hint) is dict or hint is dict:
            if not isinstance(value, dict):
                yield f"{path}: expected a mapping"
                return
            for key, item in value.items():
                yield from self.check(item, arguments[1], module, f"{path}.{key}")
            return
        items = _items_of_form(value) if self._from_form else value
        if not isinstance(items, list):
            yield f"{path}: expected a list"
            return
        for index, item in enumerate(items):
            yield from self.check(item, arguments[0], module, f"{path}[{index}]")

    def _check_class(
        self, value: JsonValue, cls: type, arguments: tuple[Any, ...], path: str
    ) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path}: expected {cls.__name__}, got {type(value).__name__}"
        elif cls.__name__ in LISTS:
            yield from self._check_list_object(value, arguments[0], path)
        elif te.is_typeddict(cls):
            yield from self._check_parameters(value, cls, path)
        elif issubclass(cls, stripe.StripeObject):
            yield from self._check_resource(value, cls, path)

    def _check_list_object(self, value: dict[str, Any], hint: Any, path: str) -> Iterator[str]:
        if value.get("object") != "list":
            yield f"{path}: expected a list object"
        for name in ("data", "has_more", "url"):
            if name not in value:
                yield f"{path}.{name}: missing"
        for index, item in enumerate(value.get("data", [])):
            yield from self.check(item, hint, "stripe", f"{path}.data[{index}]")

    def _check_parameters(self, value: dict[str, Any], cls: type, path: str) -> Iterator[str]:
        known = {
            name: hint for name, hint in cls.__annotations__.items() if name not in _OPTION_NAMES
        }
        for name, item in value.items():
            if name in known:
                yield from self.check(item, known[name], cls.__module__, f"{path}.{name}")
            else:
                yield f"{path}.{name}: unknown parameter"
        for name, hint in known.items():
            optional = te.get_origin(resolved(hint, cls.__module__)) is te.NotRequired
            if name not in value and not optional:
                yield f"{path}.{name}: required"

    def _check_resource(self, value: dict[str, Any], cls: type, path: str) -> Iterator[str]:
        if value.get(DELETION) is True:
            for name in value.keys() - {"id", "object", DELETION}:
                yield f"{path}.{name}: a deleted object has no such field"
            return
        fields = fields_of(cls)
        for name, item in value.items():
            if name in fields:
                yield from self.check(item, *fields[name], f"{path}.{name}")
            elif fields:
                yield f"{path}.{name}: unknown field of {cls.__name__}"
        for name, (hint, module) in fields.items():
            nullable = type(None) in te.get_args(resolved(hint, module))
            if name not in value and not nullable:
                yield f"{path}.{name}: missing, and never null"

    def _check_scalar(self, value: JsonValue, target: type, path: str) -> Iterator[str]:
        fits = _fits_as_text(value, target) if self._from_form else _fits(value, target)
        if not fits:
            yield f"{path}: expected {target.__name__}, got {type(value).__name__} {value!r}"


def _fits(value: JsonValue, target: type) -> bool:
    if isinstance(value, bool):
        return target is bool
    return isinstance(value, (int, float) if target is float else target)


def _fits_as_text(value: JsonValue, target: type) -> bool:
    if not isinstance(value, str):
        return False
    if target is bool:
        return value in ("true", "false")
    try:
        target(value)
    except ValueError:
        return False
    return True


def _items_of_form(value: JsonValue) -> JsonValue:
    if isinstance(value, dict) and all(key.isdigit() for key in value):
        return [value[key] for key in sorted(value, key=int)]
    return value


@cache
def fields_of(cls: type) -> dict[str, tuple[Any, str]]:
    """Every field of a resource with its type and the module that the type is written in."""
    found: dict[str, tuple[Any, str]] = {}
    for base in reversed(cls.__mro__):
        if base.__module__ == _MACHINERY:
            continue
        for name, hint in inspect.get_annotations(base).items():
            if not name.startswith("_") and name not in ("OBJECT_NAME", DELETION):
                found[name] = (hint, base.__module__)
    return found


def resolved(hint: Any, module: str) -> Any:
    """Turn an annotation that is only a name into what it names."""
    if isinstance(hint, typing.ForwardRef):
        hint = hint.__forward_arg__
    if not isinstance(hint, str):
        return hint
    return eval(hint, _Names(module))  # noqa: S307 - the SDK's own annotations


class _Names(dict[str, Any]):
    """The names that a module of the SDK can use in annotations, also those it never imports.

    Most stand behind ``if TYPE_CHECKING``, where they exist for type checkers alone.
    """

    def __init__(self, module: str) -> None:
        super().__init__(vars(typing) | vars(te) | vars(sys.modules[module]))
        self._module = module

    def __missing__(self, name: str) -> Any:
        home = imports_of(self._module).get(name)
        if home is None:
            raise KeyError(name)
        return getattr(importlib.import_module(home), name)


@cache
def imports_of(module: str) -> dict[str, str]:
    """Every name that a module imports from another, and from which."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
