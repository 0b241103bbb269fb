"""The API for machines: ``/openapi.json``, ``/llms.txt``. ``services/pages`` has it for people."""

import json
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from dream_api.services.http.openapi import Description, describe
from dream_api.services.http.refusals import all_refusals, example_problem

_CACHE = "public, max-age=300"

router = APIRouter(include_in_schema=False)


def install_documentation(app: FastAPI, description: Description) -> None:
    """Serve the documentation of *app*; call it after every router is in place."""
    app.state.description = description
    app.state.document = None
    app.routes.extend(router.routes)


@router.get("/openapi.json")
async def openapi(request: Request) -> JSONResponse:
    """Give the OpenAPI document."""
    return JSONResponse(api_document(request), headers={"Cache-Control": _CACHE})


@router.get("/llms.txt")
async def llms(request: Request) -> Response:
    """Describe the API in plain text, for language models."""
    document = api_document(request)
    lines = ["# dream-api", "", *paragraphs_of(document), "", "## Routes", ""]
    for path, method, operation in operations_of(document):
        who = ", ".join(operation["x-callers"]) or "anybody"
        lines.append(f"- `{method.upper()} {path}` ({who}): {_summary(operation)}")
        lines += [f"  - {words} `{example}`" for words, example in _examples(operation)]
    lines += ["", "## Errors", ""]
    lines += [
        f"- `{code}` ({error.status}): {example_problem(error)['detail']}"
        for code, error in all_refusals().items()
    ]
    lines += ["", f"Full description: {document['servers'][0]['url']}/openapi.json", ""]
    return PlainTextResponse("\n".join(lines), headers={"Cache-Control": _CACHE})


def api_document(request: Request) -> dict[str, Any]:
    """Give the OpenAPI document of the application, made when it is first asked for."""
    state = request.app.state
    if state.document is None:
        state.document = describe(request.app, state.description)
    document: dict[str, Any] = state.document
    return document


def operations_of(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, method and operation of each route."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if isinstance(operation, dict) and "responses" in operation:
                yield path, method, operation


def paragraphs_of(document: dict[str, Any]) -> list[str]:
    """Give what the document says of the whole API, without its marks."""
    text = document["info"]["description"].replace("**", "").replace("`", "")
    return [paragraph.replace("\n", " ") for paragraph in text.split("\n\n")]


def _summary(operation: dict[str, Any]) -> str:
    first = str(operation["description"]).split("\n\n", maxsplit=1)[0].replace("\n", " ")
    return first or str(operation.get("summary", ""))


def _examples(operation: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is sent and what comes back when all is well, each as JSON on one line."""
    sent = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    if "example" in sent:
        yield "Send", _on_one_line(sent["example"])
    for status, response in operation["responses"].items():
        content = response.get("content", {}).get("application/json", {})
        if "example" in content:
            yield f"Answers {status}", _on_one_line(content["example"])


def _on_one_line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
