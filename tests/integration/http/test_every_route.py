"""Walks every described route with bad calls: one shape of errors, complete descriptions."""

import re
from typing import Any

import httpx
import pytest

from dream_api.app import describe
from tests.journeys.driver import Developer

DOCUMENT = describe()
METHODS = ("get", "post", "put", "patch", "delete")
MEDIA_TYPE = "application/problem+json"
FIELD_MEMBERS = {"param", "detail", "fix"}
EXAMPLES = {"example", "examples"}
MEMBERS = {"type", "title", "status", "detail", "code", "requestId"}


OPERATIONS = [
    (method, path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
GARBAGE: tuple[Any, ...] = ([], "x", 7, {"nonsense": 1}, {"userId": "\x00"})


def filled(path: str) -> str:
    """Fill a path's parameters with something that is nowhere."""
    return re.sub(r"\{\w+\}", "nowhere", path)


def flaws_of(answer: httpx.Response) -> list[str]:
    """Tell what keeps an answer from being one of our problems."""
    where = f"{answer.request.method} {answer.request.url.path} {answer.status_code}"
    if MEDIA_TYPE != answer.headers["content-type"]:
        return [f"{where}: {answer.text[:200]}"]
    problem = answer.json()
    extra = {"errors"} if 422 == answer.status_code else set()
    errors = problem.get("errors", [])
    checks = {
        "members": MEMBERS | extra == set(problem),
        "status": answer.status_code == problem["status"],
        "requestId": problem["requestId"] == answer.headers["x-request-id"],
        "type": problem["type"].endswith(f"/errors/{problem['code']}"),
        "errors": all({"param", "detail"} <= set(one) <= FIELD_MEMBERS for one in errors),
        "no-store": "no-store" == answer.headers["cache-control"],
    }
    return [f"{where}: {name}" for name, is_right in checks.items() if not is_right]


async def test_nobody_is_refused_in_our_shape(http: httpx.AsyncClient) -> None:
    """Without a credential a route that wants one is a 401; every refusal is a problem."""
    flaws: list[str] = []
    for method, path, operation in OPERATIONS:
        answer = await http.request(method, filled(path))
        if operation["x-callers"] and 401 != answer.status_code:
            flaws.append(f"{method} {path}: {answer.status_code} instead of 401")
        if answer.status_code >= 400:
            flaws += flaws_of(answer)

    assert [] == flaws


async def test_garbage_is_never_our_mistake(http: httpx.AsyncClient, developer: Developer) -> None:
    """Whatever is sent by whoever may call, the answer is a 4xx problem."""
    by_caller = {
        "dev": developer.headers,
        "sk": developer.secret,
        "pk": {"X-Publishable-Key": developer.platform_id},
    }
    flaws: list[str] = []
    for method, path, operation in OPERATIONS:
        caller = next(iter(operation["x-callers"]), "pk")
        headers = by_caller.get(caller, by_caller["pk"])
        for body in GARBAGE if "requestBody" in operation else ():
            answer = await http.request(method, filled(path), json=body, headers=headers)
            if not 400 <= answer.status_code < 500:
                flaws.append(f"{method} {path} {body}: {answer.status_code}")
            else:
                flaws += flaws_of(answer)

    assert [] == flaws


async def test_a_wrong_method_says_which_are_right(http: httpx.AsyncClient) -> None:
    """405 with every method of the path, before any credential is asked for."""
    flaws: list[str] = []
    for path, methods in DOCUMENT["paths"].items():
        wrong = next(one for one in METHODS if one not in methods)
        answer = await http.request(wrong, filled(path))
        flaws += flaws_of(answer)
        if answer.status_code in (401, 404) and "{" in path:
            continue  # Another route of the same form takes this method for another name.
        allowed = {one.strip().lower() for one in answer.headers.get("allow", "").split(",")}
        if 405 != answer.status_code or not set(methods) <= allowed:
            flaws.append(f"{wrong} {path}: {answer.status_code}, allow {sorted(allowed)}")

    assert [] == flaws


@pytest.mark.parametrize("path", ["/v1/nothing", "/platform/nothing", "/oauth/x", "/webhook/x"])
async def test_what_is_not_there_is_missing_for_everybody(
    http: httpx.AsyncClient, developer: Developer, path: str
) -> None:
    """404 comes before authentication."""
    for headers in ({}, developer.headers, developer.secret):
        answer = await http.get(path, headers=headers)
        assert 404 == answer.status_code
        assert [] == flaws_of(answer)


async def test_a_browser_gets_a_page_with_the_same_status(http: httpx.AsyncClient) -> None:
    """People read pages; programs that ask for JSON on the same path get the problem."""
    page = await http.get("/nothing", headers={"Accept": "text/html"})
    problem = await http.get("/nothing", headers={"Accept": "application/json"})

    assert (404, True) == (page.status_code, page.headers["content-type"].startswith("text/html"))
    assert [] == flaws_of(problem)


def test_every_route_is_described_in_full() -> None:
    """A sentence, its callers, examples both ways, and every error with an example."""
    flaws: list[str] = []
    for method, path, operation in OPERATIONS:
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        checks = {
            "callers": "Caller:" in operation["description"],
            "sentence": not operation["description"].startswith("Caller:"),
            "request": body is None or bool(EXAMPLES & set(body)),
            "answers": all(
                _is_exemplified(status, response)
                for status, response in operation["responses"].items()
            ),
        }
        flaws += [f"{method} {path}: {name}" for name, is_right in checks.items() if not is_right]

    assert [] == flaws


def _is_exemplified(status: str, response: dict[str, Any]) -> bool:
    content = response.get("content", {})
    if status[0] in "45":
        return bool(content[MEDIA_TYPE]["examples"])
    return "application/json" not in content or bool(EXAMPLES & set(content["application/json"]))


@pytest.mark.parametrize("path", ["/docs", "/llms.txt", "/openapi.json", "/errors/not_found"])
async def test_documentation_needs_nothing_from_elsewhere(
    http: httpx.AsyncClient, path: str
) -> None:
    """Our own pages: no script of anybody else's, no other host."""
    answer = await http.get(path)
    loaded = re.findall(r"""(?:src|href)=["']([^"'#]+)""", answer.text)

    assert 200 == answer.status_code
    assert [] == [url for url in loaded if not url.startswith("/")]
    assert "http" not in answer.headers["content-security-policy"]


async def test_a_language_model_reads_what_to_send_and_what_comes_back(
    http: httpx.AsyncClient,
) -> None:
    """Plain text with an example for each route, so that nothing has to be guessed."""
    text = (await http.get("/llms.txt")).text
    after_track = text.split("- `POST /v1/track` ")[1].split("\n- ")[0]

    assert '  - Send `{"userId": ' in after_track
    assert '  - Answers 200 `{"allowed": ' in after_track


async def test_every_error_has_a_page(http: httpx.AsyncClient) -> None:
    """The type of a problem leads to the whole text: what happened, why, and what to do."""
    for code in ("tier_in_use", "stripe_not_connected", "internal_error", "idempotency_conflict"):
        answer = await http.get(f"/errors/{code}")
        assert 200 == answer.status_code
        assert "<h2>What to do</h2>" in answer.text
    assert 404 == (await http.get("/errors/nonsense")).status_code
