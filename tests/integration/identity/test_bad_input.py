"""What people send who want in: replays, forged headers, odd addresses, extra fields, odd letters.

Each is refused with a problem, changes nothing, and never becomes a 5xx.
"""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from dream_api.app import open_product
from dream_api.gateways.clock import MovableClock
from dream_api.kit.crypto import new_master_key
from dream_api.settings import Settings
from tests.integration.identity.conftest import OTHER_PASSWORD, PASSWORD
from tests.integration.identity.web import ORIGIN, Web, bearer, open_web

ADA = "ada@example.com"
EVIL = "evil.example"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
LISTED = "https://app.example/callback"
FORMS = {"Origin": ORIGIN}


@pytest.fixture
async def web(data_dir: Path, clock: MovableClock) -> AsyncIterator[Web]:
    """Give the running product."""
    async with open_web(data_dir, clock) as opened:
        yield opened


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Read a refusal, which has one shape."""
    assert "application/problem+json" == answer.headers["content-type"], answer.text
    problem = answer.json()
    assert {"type", "title", "status", "detail", "code", "requestId"} <= problem.keys()
    return answer.status_code, problem["code"]


# ---- Codes -------------------------------------------------------------------------------------


async def test_a_code_is_used_once_and_tried_five_times(web: Web) -> None:
    """Through the door: a replay, and the right code after five wrong ones, are wrong."""
    tokens = await web.join(ADA)
    used = {"email": ADA, "code": (await web.mails(ADA))[-1]["code"]}
    await web.post("/platform/password/forgot", {"email": ADA})
    reset = {"email": ADA, "code": await web.code(ADA), "password": OTHER_PASSWORD}
    wrong = {**reset, "code": "000000" if reset["code"] != "000000" else "111111"}

    assert tokens["token"]
    assert (422, "invalid_code") == refusal(await web.post("/platform/verify-email", used))
    for _ in range(5):
        answer = await web.post("/platform/password/reset", wrong)
        assert (422, "invalid_code") == refusal(answer)
    assert (422, "invalid_code") == refusal(await web.post("/platform/password/reset", reset))


@pytest.mark.parametrize(
    "code", ["", " ", "12345", "1234567", "١٢٣٤٥٦", "123456\n", "%00", "0" * 33]
)
async def test_what_is_no_code_is_wrong(web: Web, code: str) -> None:
    """Only the six digits that were mailed, in the digits that were mailed."""
    await web.post("/platform/sign-up", {"email": ADA, "password": PASSWORD})

    answer = await web.post("/platform/verify-email", {"email": ADA, "code": code})

    assert 422 == refusal(answer)[0]


# ---- Headers that anybody can write ------------------------------------------------------------


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP"]
)
async def test_a_forged_address_starts_no_new_count(web: Web, header: str) -> None:
    """Guesses are counted whatever a request says where it comes from."""
    await web.join(ADA)
    guess = {"email": ADA, "password": OTHER_PASSWORD}

    statuses = [
        (
            await web.post("/platform/sign-in", guess, headers={header: f"203.0.113.{number}"})
        ).status_code
        for number in range(11)
    ]

    assert [401] * 10 + [429] == statuses


async def test_links_in_mail_lead_to_us_whatever_the_host_says(
    data_dir: Path, clock: MovableClock
) -> None:
    """A forged Host or X-Forwarded-Host does not send the owner of an address elsewhere."""
    settings = Settings(
        data_dir=data_dir,
        master_key=Settings.read_list(new_master_key()),
        public_url="https://dream.example",
        stripe_test_secret_key=SecretStr("sk_test_nobody_calls"),
        stripe_api_base="http://127.0.0.1:9",
    )
    forged = {"Host": EVIL, "X-Forwarded-Host": EVIL, "X-Forwarded-Proto": "http"}
    async with open_product(settings, clock=clock) as product:
        loops = [asyncio.create_task(worker.run()) for worker in product.workers]
        transport = httpx.ASGITransport(app=product.asgi)
        async with httpx.AsyncClient(transport=transport, base_url="https://dream.example") as http:
            newcomer = {"email": ADA, "password": PASSWORD}
            await http.post("/platform/sign-up", json=newcomer, headers=forged)
            mail = await _mail(data_dir)
            proof = {"email": ADA, "code": mail["code"]}
            verified = await http.post("/platform/verify-email", json=proof, headers=forged)
            await http.post("/platform/sign-up", json=newcomer, headers=forged)
            exists = await _mail(data_dir, count=2)
            discovery = await http.get(
                "/realms/developers/.well-known/openid-configuration", headers=forged
            )
        for worker in product.workers:
            worker.stop()
        await asyncio.gather(*loops)

    assert 200 == verified.status_code
    assert "https://dream.example/sign-in" == exists["link"]
    assert EVIL not in exists["text"] + mail["text"] + discovery.text


async def _mail(data_dir: Path, count: int = 1) -> dict[str, Any]:
    """Wait for the newest of *count* mails."""
    for _ in range(500):
        with sqlite3.connect(f"file:{data_dir / 'developers'}.db?mode=ro", uri=True) as connection:
            connection.row_factory = sqlite3.Row
            found = connection.execute("SELECT * FROM outbox_mailbox ORDER BY mail_id").fetchall()
        connection.close()
        if len(found) >= count:
            return dict(found[-1])
        await asyncio.sleep(0.02)
    raise AssertionError("the mail did not come")


async def test_in_development_a_strange_host_is_refused(web: Web) -> None:
    """A page of anybody's, whose name was made to point here, cannot read what is here."""
    answer = await web.get("/platform/me", headers={"Host": EVIL})

    assert (400, "invalid_host") == refusal(answer)


# ---- Where people are sent ---------------------------------------------------------------------


ELSEWHERE = [
    f"//{EVIL}", f"///{EVIL}", f"/\\{EVIL}", f"\\\\{EVIL}", f"https:{EVIL}", f"https://{EVIL}",
    f"HTTPS://{EVIL}", f"http:/{EVIL}", f"/%09/{EVIL}\t", f"/\t/{EVIL}", f"/\r/{EVIL}",
    f"/\n//{EVIL}", f"https://localhost:8787@{EVIL}", f"https://localhost:8787.{EVIL}",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "\x01javascript:alert(1)",
    "data:text/html,x", f"\uff0f\uff0f{EVIL}", f"/\uff0f{EVIL}",
    "/\r\nSet-Cookie: a=b", f"%2f%2f{EVIL}",
]  # fmt: skip


@pytest.mark.parametrize("target", ELSEWHERE, ids=repr)
async def test_signing_in_leads_nowhere_else(web: Web, target: str) -> None:
    """Whatever ?next= says, the next page is one of ours."""
    await web.join(ADA)

    for page in ("/sign-in", "/reauth"):
        answer = await web.client.post(
            page,
            params={"next": target},
            data={"email": ADA, "password": PASSWORD},
            headers=FORMS,
        )

        assert (303, "/dashboard") == (answer.status_code, answer.headers["location"])
        assert "a=b" not in answer.headers.get("set-cookie", "")


async def test_a_hosted_page_leads_nowhere_else(web: Web) -> None:
    """Nor does ?next= on a platform's pages, before signing in and while signed in."""
    pk = await web.test_platform()
    await web.join_app(pk, ADA)
    home = f"/p/{pk}/account"

    for target in ELSEWHERE:
        params = {"next": target}
        form = {"email": ADA, "password": PASSWORD}
        for page in ("sign-in", "reauth"):
            answer = await web.client.post(
                f"/p/{pk}/{page}", params=params, data=form, headers=FORMS
            )
            assert (303, home) == (answer.status_code, answer.headers["location"]), target
        signed_in = await web.client.get(f"/p/{pk}/sign-in", params=params)
        assert (303, home) == (signed_in.status_code, signed_in.headers["location"]), target


@pytest.mark.parametrize(
    "target",
    [
        *ELSEWHERE,
        "",
        LISTED + "/more",
        LISTED + "/../evil",
        LISTED + "?a=b",
        LISTED + "#a",
        "https://app.example.evil.example/callback",
        "https://evil.example/callback?https://app.example/callback",
        "https://app.example@evil.example/callback",
        "https://user:password@app.example/callback",
        "http://app.example/callback",
        "https://app.example:8443/callback",
        "https://APP.example/callback",
        "https://app.example./callback",
        "https://app.example\\@evil.example/callback",
    ],
    ids=repr,
)
async def test_a_hosted_sign_in_hands_over_to_listed_addresses_only(web: Web, target: str) -> None:
    """Exactly an address of redirectUrls; anything else redirects nobody and makes no code."""
    pk = await web.test_platform()
    owner = (
        await web.post("/platform/sign-in", {"email": "owner@example.com", "password": PASSWORD})
    ).json()
    settings = {"redirectUrls": [LISTED]}
    changed = await web.client.put(
        "/platform/settings?mode=test", json=settings, headers=bearer(owner)
    )
    await web.join_app(pk, ADA)
    query = {"state": "s", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    form = {"email": ADA, "password": PASSWORD}

    async def sign_in(redirect_uri: str) -> httpx.Response:
        return await web.client.post(
            f"/p/{pk}/sign-in",
            params={**query, "redirect_uri": redirect_uri},
            data=form,
            headers=FORMS,
        )

    welcome, refused = await sign_in(LISTED), await sign_in(target)

    assert 200 == changed.status_code, changed.text
    assert welcome.headers["location"].startswith(f"{LISTED}?code=")
    assert 422 == refused.status_code
    assert "location" not in refused.headers


# ---- Fields that nobody asked for --------------------------------------------------------------


EXTRA: list[dict[str, Any]] = [
    {"userId": "dev_chosen"}, {"emailVerified": True}, {"plan": "paid"}, {"platformId": "pk_x"},
    {"role": "admin"}, {"mode": "live"}, {"created_at": 0}, {"__proto__": {"plan": "paid"}},
]  # fmt: skip


@pytest.mark.parametrize("extra", EXTRA, ids=str)
async def test_fields_that_are_ours_to_write_are_refused(web: Web, extra: dict[str, Any]) -> None:
    """An extra field is a 422, on every route that takes a body; nothing of it sticks."""
    tokens = await web.join(ADA)
    headers = bearer(tokens)
    before = (await web.get("/platform/me", headers=headers)).json()
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("/platform/sign-up", {"email": "eve@example.com", "password": PASSWORD}),
        ("/platform/sign-in", {"email": ADA, "password": PASSWORD}),
        ("/platform/refresh", {"refreshToken": tokens["refreshToken"]}),
        ("/platform/password/forgot", {"email": ADA}),
        ("/platform/email/change", {"email": "eve@example.com"}),
        ("/platform/create-checkout", {}),
        ("/platform/keys?mode=test", {"name": "Server"}),
    ]

    for path, body in bodies:
        answer = await web.post(path, {**body, **extra}, headers=headers)
        assert (422, "invalid_request") == refusal(answer), path

    assert before == (await web.get("/platform/me", headers=headers)).json()
    assert [] == await web.mails("eve@example.com")


async def test_an_end_user_cannot_write_what_is_the_platforms(web: Web) -> None:
    """Neither plan nor platform nor id can be brought along at sign-up."""
    pk = await web.test_platform()
    for extra in EXTRA:
        body = {"email": ADA, "password": PASSWORD, **extra}
        answer = await web.post("/v1/auth/sign-up", body, headers={"X-Publishable-Key": pk})
        assert (422, "invalid_request") == refusal(answer), extra

    tokens = await web.join_app(pk, ADA)
    me = (await web.get("/v1/me", headers=bearer(tokens, pk))).json()
    assert (ADA, None) == (me["email"], me["plan"])


# ---- Letters that are no letters ---------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b'{"email": "a@example.com", "password": "violet anchor sandwich", "name": "A\\u0000B"}',
        b'{"email": "a@example.com", "password": "violet anchor sandwich", "name": "A\\r\\nBcc"}',
        b'{"email": "a@example.com", "password": "violet anchor sandwich", "name": "A\\u2028B"}',
        b'{"email": "a@example.com", "password": "violet anchor sandwich", "name": "A\\u202eB"}',
        b'{"email": "a@example.com", "password": "violet anchor sandwich", "name": "\\ud800"}',
        b'{"email": "a@example.com\\u0000", "password": "violet anchor sandwich"}',
        b'{"email": "a@example.com, b@example.com", "password": "violet anchor sandwich"}',
        b'{"email": "a@example.com\\nBcc: b@example.com", "password": "violet anchor sandwich"}',
        b'{"email": "\\ud800@example.com", "password": "violet anchor sandwich"}',
        b'{"email": "a@example.com", "password": "\\ud800\\ud800\\ud800\\ud800\\ud800\\ud800"}',
        b'{"email": "a@example.com", "password": "violet anchor sandwich", "email": "b@b.com"}',
    ],
    ids=lambda body: body[10:].decode().replace(PASSWORD, ""),
)
async def test_control_characters_reach_nobody(web: Web, body: bytes) -> None:
    """Not in names, not in addresses, and never in a mail; half a surrogate is no text."""
    headers = {"Content-Type": "application/json"}

    answer = await web.client.post("/platform/sign-up", content=body, headers=headers)

    assert refusal(answer)[0] in (400, 422)
    assert [] == await web.mails("a@example.com")


@pytest.mark.parametrize("user_id", ["\x00", "usr\n1", "usr\u0085", "\x7f", "x" * 129, "\ud800"])
async def test_an_id_with_control_characters_is_none(web: Web, user_id: str) -> None:
    """Wherever an id is taken: in bodies and, escaped, in paths."""
    await web.post("/platform/sign-up", {"email": ADA, "password": PASSWORD})
    proof = {"email": ADA, "code": await web.code(ADA), "userId": user_id}
    tokens = await web.join("eve@example.com")
    escaped = "".join(f"%{byte:02x}" for byte in user_id.encode("utf-8", "surrogatepass"))

    in_body = await web.client.post(
        "/platform/verify-email",
        content=json.dumps(proof),  # Escapes what no client library would send.
        headers={"Content-Type": "application/json"},
    )
    in_path = await web.delete(f"/platform/sessions/{escaped}", headers=bearer(tokens))

    assert refusal(in_body)[0] in (400, 422)
    assert refusal(in_path)[0] in (400, 404, 422)
