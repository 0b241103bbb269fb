"""The API for people and machines: ``/openapi.json``, ``/docs``, ``/llms.txt``, ``/errors/{code}``.

Our own pages: server-rendered, no script, one style sheet that the policy names by its hash.
"""

import base64
import hashlib
import html
import json
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from dream_api.kit.errors import NotFound
from dream_api.services.http.openapi import Description, describe
from dream_api.services.http.refusals import all_refusals, example_problem

_STYLE = """
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:56rem;margin:0 auto;padding:1rem}
pre{overflow-x:auto;padding:.75rem;border:1px solid #8886;border-radius:.5rem;font-size:.85rem}
details{border-top:1px solid #8886;padding:.5rem 0}summary{cursor:pointer}
code{font-size:.9em}table{border-collapse:collapse}
td,th{padding:.2rem .8rem .2rem 0;text-align:left}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'none'"
)
_CACHE = "public, max-age=300"

router = APIRouter(include_in_schema=False)


def install_documentation(app: FastAPI, description: Description) -> None:
    """Serve the documentation of *app*; call it after every router is in place."""
    app.state.description = description
    app.state.document = None
    app.include_router(router)


@router.get("/openapi.json")
async def openapi(request: Request) -> JSONResponse:
    """Give the OpenAPI document."""
    return JSONResponse(_document(request), headers={"Cache-Control": _CACHE})


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """Show the API to people."""
    document = _document(request)
    operations = "".join(_operation_html(*one) for one in _operations(document))
    about = "".join(f"<p>{html.escape(text)}</p>" for text in _paragraphs(document))
    return _page(
        "API reference",
        f"<h1>dream-api</h1>{about}<p><a href='/openapi.json'>openapi.json</a> · "
        f"<a href='/llms.txt'>llms.txt</a></p>{operations}<h2>Errors</h2>{_errors_html()}",
    )


@router.get("/llms.txt")
async def llms(request: Request) -> Response:
    """Describe the API in plain text, for language models."""
    document = _document(request)
    lines = ["# dream-api", "", *_paragraphs(document), "", "## Routes", ""]
    for path, method, operation in _operations(document):
        who = ", ".join(operation["x-callers"]) or "anybody"
        lines.append(f"- `{method.upper()} {path}` ({who}): {_summary(operation)}")
    lines += ["", "## Errors", ""]
    lines += [
        f"- `{code}` ({error.status}): {example_problem(error)['detail']}"
        for code, error in all_refusals().items()
    ]
    lines += ["", f"Full description: {document['servers'][0]['url']}/openapi.json", ""]
    return PlainTextResponse("\n".join(lines), headers={"Cache-Control": _CACHE})


@router.get("/errors/{code}")
async def explain_error(code: str) -> HTMLResponse:
    """Explain one error code: every problem's ``type`` leads here."""
    error = all_refusals().get(code)
    if error is None:
        raise NotFound("No error has this code. /docs lists them all.")
    text = html.escape(example_problem(error)["detail"])
    return _page(
        error.title,
        f"<h1>{html.escape(error.title)}</h1>"
        f"<p><code>{error.code}</code>, status {error.status}</p><p>{text}</p>"
        "<p>The answer's <code>detail</code> says what to do next, and its <code>requestId</code> "
        "finds the request in our logs.</p><p><a href='/docs'>All errors</a></p>",
    )


def _document(request: Request) -> dict[str, Any]:
    state = request.app.state
    if state.document is None:
        state.document = describe(request.app, state.description)
    document: dict[str, Any] = state.document
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if isinstance(operation, dict) and "responses" in operation:
                yield path, method, operation


def _paragraphs(document: dict[str, Any]) -> list[str]:
    text = document["info"]["description"].replace("**", "").replace("`", "")
    return [paragraph.replace("\n", " ") for paragraph in text.split("\n\n")]


def _summary(operation: dict[str, Any]) -> str:
    first = str(operation["description"]).split("\n\n", maxsplit=1)[0].replace("\n", " ")
    return first or str(operation.get("summary", ""))


def _operation_html(path: str, method: str, operation: dict[str, Any]) -> str:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    parts = [f"<p>{html.escape(operation['description'])}</p>"]
    if "example" in body:
        parts.append(f"<h4>Request</h4>{_json_html(body['example'])}")
    for status, response in operation["responses"].items():
        content = response.get("content", {}).get("application/json", {})
        if "example" in content:
            parts.append(f"<h4>{status}</h4>{_json_html(content['example'])}")
    codes = [
        code
        for response in operation["responses"].values()
        for code in response.get("content", {})
        .get("application/problem+json", {})
        .get("examples", {})
    ]
    links = ", ".join(f"<a href='/errors/{code}'>{code}</a>" for code in codes)
    parts.append(f"<h4>Errors</h4><p>{links}</p>")
    who = ", ".join(operation["x-callers"]) or "anybody"
    return (
        f"<details><summary><code>{method.upper()} {html.escape(path)}</code> "
        f"<small>{who}</small></summary>{''.join(parts)}</details>"
    )


def _errors_html() -> str:
    rows = "".join(
        f"<tr><td><a href='/errors/{code}'><code>{code}</code></a></td><td>{error.status}</td>"
        f"<td>{html.escape(error.title)}</td></tr>"
        for code, error in all_refusals().items()
    )
    return f"<table><tr><th>Code</th><th>Status</th><th>Title</th></tr>{rows}</table>"


def _json_html(value: Any) -> str:
    return f"<pre>{html.escape(json.dumps(value, indent=2, ensure_ascii=False))}</pre>"


def _page(title: str, body: str) -> HTMLResponse:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style>{body}</html>",
        headers={"Content-Security-Policy": _POLICY, "Cache-Control": _CACHE},
    )
