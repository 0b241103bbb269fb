"""Every call of Stripe's API, read out of the source of the SDK's services.

A service's method names the HTTP method, the path, the TypedDict of its parameters and the class
of its answer. Reading all of them gives an oracle that knows calls which nobody thought of.
"""

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import stripe

from tests.contract.sdk_shapes import resolved

_SERVICES = "_*_service.py"


@dataclass(frozen=True, slots=True)
class Call:
    """One operation of the API."""

    method: str
    path: re.Pattern[str]
    module: str
    parameters: str | None
    answer: str

    def parameters_type(self) -> Any:
        """The TypedDict of the parameters, or nothing when it takes none."""
        if self.parameters is None:
            return None
        importlib.import_module(self.module)
        return resolved(self.parameters, self.module)

    def answer_type(self) -> Any:
        """The class of the answer."""
        importlib.import_module(self.module)
        return resolved(self.answer, self.module)


def find_call(method: str, path: str) -> Call | None:
    """The operation that a request means; literal paths win over those with an id in them."""
    found = [call for call in _calls() if call.method == method and call.path.fullmatch(path)]
    return min(found, key=lambda call: call.path.pattern.count("[^/]+"), default=None)


@cache
def _calls() -> tuple[Call, ...]:
    root = Path(stripe.__file__).parent
    return tuple(call for path in sorted(root.rglob(_SERVICES)) for call in _calls_in(path, root))


def _calls_in(path: Path, root: Path) -> Iterator[Call]:
    module = ".".join(["stripe", *path.relative_to(root).with_suffix("").parts])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            yield from _calls_of(node, module)


def _calls_of(function: ast.FunctionDef, module: str) -> Iterator[Call]:
    for node in ast.walk(function):
        is_request = (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "_request"
        )
        if is_request and isinstance(node, ast.Call) and isinstance(function.returns, ast.Constant):
            yield Call(
                method=_text(node.args[0]).upper(),
                path=_pattern(_text(node.args[1])),
                module=module,
                parameters=_parameters(function),
                answer=str(function.returns.value),
            )


def _text(node: ast.expr) -> str:
    """A literal, or the template of ``"…".format(…)``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)))


def _parameters(function: ast.FunctionDef) -> str | None:
    for argument in function.args.args:
        if argument.arg == "params" and argument.annotation is not None:
            names = [
                node.value
                for node in ast.walk(argument.annotation)
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            ]
            return names[0] if names else None
    return None
