"""Fill in a page's form as a browser would: hidden fields travel, the pressed button counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx
from typing_extensions import override


@dataclass
class Form:
    """One form of a page."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select: str | None = None

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        elif self.forms and tag == "input":
            self._read_input(given)
        elif self.forms and tag == "button" and "name" in given:
            self.forms[-1].buttons.append((given["name"], given.get("value", "")))
        elif tag == "select":
            self._select = given.get("name")
        elif tag == "option" and self.forms and self._select:
            if "selected" in given or self._select not in self.forms[-1].fields:
                self.forms[-1].fields[self._select] = given.get("value", "")
        elif tag == "textarea" and self.forms and "name" in given:
            self.forms[-1].fields[given["name"]] = ""

    def _read_input(self, given: dict[str, str]) -> None:
        name, kind = given.get("name"), given.get("type", "text")
        if not name:
            return
        if kind == "submit":
            self.forms[-1].buttons.append((name, given.get("value", "")))
        elif kind not in ("checkbox", "radio") or "checked" in given:
            self.forms[-1].fields[name] = given.get("value", "")

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None


def forms_of(page: httpx.Response) -> list[Form]:
    """Read all forms of a page."""
    parser = _Forms()
    parser.feed(page.text)
    return parser.forms


async def submit(
    client: httpx.AsyncClient,
    page: httpx.Response,
    fields: Mapping[str, str],
    *,
    press: tuple[str, str] | None = None,
) -> httpx.Response:
    """Submit the form of *page* that has all of *fields* (and the button), following nothing."""
    for form in forms_of(page):
        if fields.keys() <= form.fields.keys() and (press is None or press in form.buttons):
            break
    else:
        message = f"no form with {sorted(fields)} and {press} on {page.url}"
        raise AssertionError(message)
    data = {**form.fields, **fields, **(dict([press]) if press else {})}
    target = urljoin(str(page.url), form.action)
    origin = f"{page.url.scheme}://{page.url.netloc.decode()}"
    headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
    return await client.request(form.method.upper(), target, data=data, headers=headers)
