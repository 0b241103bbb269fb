"""Who comes with a token of Clerk's, and where they belong."""

from tests.integration.clerk.conftest import Clerked, eventually

LOCALHOST = "http://localhost:3000"


async def test_a_developer_arrives_with_their_first_token(clerked: Clerked) -> None:
    """A valid token of somebody new makes the developer, with profile and test platform."""
    user_id = clerked.developers.add_user("ada@example.com")

    answer = await clerked.get("/platform/me", clerked.developers.session_token(user_id))

    assert 200 == answer.status_code, answer.text
    me = answer.json()
    assert (user_id, "ada@example.com", "Ada Lovelace") == (me["userId"], me["email"], me["name"])
    assert me["testPlatformId"].startswith("pk_test_")


async def test_an_end_user_joins_the_platform_of_the_key(clerked: Clerked) -> None:
    """The first valid token makes the user on the platform that the request names."""
    _, pk = await clerked.join()
    user_id = clerked.customers.add_user("grace@example.com")

    answer = await clerked.get("/v1/me", clerked.customers.session_token(user_id), pk)

    assert 200 == answer.status_code, answer.text
    assert (user_id, "grace@example.com", "Ada Lovelace") == tuple(
        answer.json()[name] for name in ("userId", "email", "name")
    )


async def test_membership_is_ours_and_no_claim_moves_anybody(clerked: Clerked) -> None:
    """Whoever belongs to one platform is nobody on another, whatever their token says."""
    _, home = await clerked.join()
    _, other = await clerked.join()
    user_id = clerked.customers.add_user()
    token = clerked.customers.session_token(user_id)
    assert 200 == (await clerked.get("/v1/me", token, home)).status_code

    claiming = clerked.customers.session_token(user_id, platformId=other, plan="pro")

    assert 401 == (await clerked.get("/v1/me", token, other)).status_code
    assert 401 == (await clerked.get("/v1/me", claiming, other)).status_code
    assert 401 == (await clerked.get("/v1/me", claiming, home)).status_code
    assert 200 == (await clerked.get("/v1/me", token, home)).status_code


async def test_what_the_browser_writes_is_not_believed(clerked: Clerked) -> None:
    """Neither unsafe metadata nor a plan in a token gives anybody a plan."""
    _, pk = await clerked.join()
    user_id = clerked.customers.add_user(unsafe_metadata={"platformId": "x", "plan": "pro"})
    token = clerked.customers.session_token(user_id, plan="enterprise")

    answer = await clerked.get("/v1/me", token, pk)

    assert (200, None) == (answer.status_code, answer.json()["plan"])


async def test_somebody_who_belongs_elsewhere_does_not_join(clerked: Clerked) -> None:
    """Public metadata that names another platform keeps a newcomer out of this one."""
    _, home = await clerked.join()
    _, other = await clerked.join()
    user_id = clerked.customers.add_user(public_metadata={"platformId": home})

    refused = await clerked.get("/v1/me", clerked.customers.session_token(user_id), other)
    welcome = await clerked.get("/v1/me", clerked.customers.session_token(user_id), home)

    assert (401, 200) == (refused.status_code, welcome.status_code)


async def test_the_metadata_follows_so_that_the_template_is_right(clerked: Clerked) -> None:
    """Platform and plan are written to Clerk, and a token of the template carries them back."""
    _, pk = await clerked.join()
    user_id = clerked.customers.add_user()
    unfilled = clerked.customers.template_token(user_id)
    assert 200 == (await clerked.get("/v1/me", unfilled, pk)).status_code

    async def metadata() -> dict[str, object] | None:
        return clerked.customers.users[user_id]["public_metadata"] or None

    assert {"platformId": pk} == await eventually(metadata)
    filled = clerked.customers.template_token(user_id)
    assert 200 == (await clerked.get("/v1/me", filled, pk)).status_code


async def test_a_developers_plan_reaches_clerk(clerked: Clerked) -> None:
    """The developer's metadata says what the built-in token would say."""
    user_id, _ = await clerked.join()

    async def metadata() -> dict[str, object] | None:
        return clerked.developers.users[user_id]["public_metadata"] or None

    assert {"plan": "free"} == await eventually(metadata)


async def test_the_two_applications_never_mix(clerked: Clerked) -> None:
    """A developer's token is nobody's on a platform, and an end user's none of the console's."""
    developer_id, pk = await clerked.join()
    user_id = clerked.customers.add_user()
    developer = clerked.developers.session_token(developer_id)
    end_user = clerked.customers.session_token(user_id)

    assert 401 == (await clerked.get("/v1/me", developer, pk)).status_code
    assert 401 == (await clerked.get("/platform/me", end_user)).status_code


async def test_a_token_counts_only_for_pages_that_may_call(clerked: Clerked) -> None:
    """The authorized party is our own page, Clerk's, or an origin that the platform allows."""
    _, pk = await clerked.join()
    user_id = clerked.customers.add_user()

    async def status_from(origin: str | None) -> int:
        token = clerked.customers.session_token(user_id, azp=origin)
        return (await clerked.get("/v1/me", token, pk)).status_code

    assert 200 == await status_from(None)
    assert 200 == await status_from(LOCALHOST)  # The default of test mode.
    assert 200 == await status_from("http://localhost:8787")
    assert 401 == await status_from("https://evil.example")
    assert 401 == await status_from("null")


async def test_an_audience_must_be_ours(clerked: Clerked) -> None:
    """A template may name an audience: then only its own realm takes the token."""
    _, pk = await clerked.join()
    user_id = clerked.customers.add_user()

    async def status_for(audience: object) -> int:
        token = clerked.customers.session_token(user_id, aud=audience)
        return (await clerked.get("/v1/me", token, pk)).status_code

    assert 200 == await status_for(pk)
    assert 200 == await status_for(["https://other.example", pk])
    assert 401 == await status_for("https://other.example")
    assert 401 == await status_for("dream-api")


async def test_keys_need_a_password_typed_just_now(clerked: Clerked) -> None:
    """The age of the first factor decides; a token that does not say it is too old."""
    user_id, _ = await clerked.join()

    async def code_with(**claims: object) -> str:
        token = clerked.developers.session_token(user_id, **claims)
        body = {"name": "Server"}
        answer = await clerked.post("/platform/keys?mode=test", token, body)
        return str(answer.json().get("code"))

    assert "None" == await code_with(fva=[3, -1])
    assert "reauth_required" == await code_with(fva=[11, -1])
    assert "reauth_required" == await code_with(fva=None)


async def test_whoever_impersonates_may_look_and_change_nothing(clerked: Clerked) -> None:
    """Support acts in a person's name with Clerk's act claim; keys and money are out of reach."""
    user_id, _ = await clerked.join()
    token = clerked.developers.session_token(user_id, act={"sub": "user_support"})

    look = await clerked.get("/platform/me", token)
    change = await clerked.post("/platform/create-checkout", token, {})

    assert 200 == look.status_code
    assert (403, "impersonated") == (change.status_code, change.json()["code"])
