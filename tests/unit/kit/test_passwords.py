"""Passwords are compared slowly, judged fairly and never pile up."""

import asyncio
from collections.abc import Iterator

import pytest

from dream_api.kit.passwords import Passwords, PasswordsBusy


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    """Give a pool of one thread and room for two who wait."""
    pool = Passwords(threads=1, waiting_max=2)
    yield pool
    pool.close()


async def test_a_password_fits_its_hash_only(passwords: Passwords) -> None:
    """Two hashes of one password differ, and both fit."""
    first, second = await passwords.hash("open sesame"), await passwords.hash("open sesame")

    assert first != second
    assert await passwords.verify(first, "open sesame")
    assert not await passwords.verify(first, "open sesam")


async def test_nobody_has_a_password_that_fits(passwords: Passwords) -> None:
    """The comparison for an unknown person is made, and fails."""
    assert not await passwords.verify(None, "nobody's password")


async def test_a_broken_hash_fits_nothing(passwords: Passwords) -> None:
    """A damaged row is a wrong password, not an error."""
    assert not await passwords.verify("$argon2id$broken", "open sesame")


async def test_a_hash_of_other_strength_is_to_be_renewed(passwords: Passwords) -> None:
    """Today's hash is not."""
    weaker = "$argon2id$v=19$m=1024,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$MTIzNDU2Nzg5MDEyMzQ1Ng"

    assert passwords.needs_rehash(weaker)
    assert not passwords.needs_rehash(await passwords.hash("open sesame"))


async def test_a_flood_is_refused_instead_of_queued(passwords: Passwords) -> None:
    """One works, two wait, the others hear at once that it is too much."""
    outcomes = await asyncio.gather(
        *(passwords.hash("open sesame") for _ in range(8)), return_exceptions=True
    )

    assert 5 == sum(isinstance(outcome, PasswordsBusy) for outcome in outcomes)
    assert await passwords.hash("and then it goes on")


@pytest.mark.parametrize(
    "password",
    [
        "violet anchor sandwich",
        "correct-horse-battery-staple",
        "Zx9#kLm2qP",
        "x7Kq-2mVw-9pLd",
        "\N{SNOWMAN}\N{COMET}\N{UMBRELLA}\N{HOT BEVERAGE} snow comes",
        "a" + " strong sentence of plain words" * 4,
    ],
)
async def test_passphrases_and_random_passwords_are_welcome(
    passwords: Passwords, password: str
) -> None:
    """Nobody has to add a digit, a capital or a symbol."""
    assert await passwords.find_weakness(password, length_min=8) is None


@pytest.mark.parametrize(
    "password",
    ["password", "Password123!", "qwertyuiop", "12345678901", "aaaaaaaaaaaaaaa", "hunter2hunter2"],
)
async def test_what_everybody_guesses_is_refused(passwords: Passwords, password: str) -> None:
    """Top lists, walks on the keyboard and repetition, however long."""
    assert await passwords.find_weakness(password, length_min=8)


async def test_ones_own_words_are_no_password(passwords: Passwords) -> None:
    """The app's name or one's address is what a thief tries first."""
    context = ("wunderbar", "ada.lovelace@example.com")

    assert await passwords.find_weakness("wunderbar1", length_min=8, context=context)
    assert await passwords.find_weakness("wunderbar1", length_min=8) is None


@pytest.mark.parametrize(
    ("length", "is_refused"), [(7, True), (8, False), (128, False), (129, True)]
)
async def test_length_is_counted_in_characters(
    passwords: Passwords, length: int, *, is_refused: bool
) -> None:
    """Eight to a hundred and twenty-eight, whatever they weigh in bytes."""
    letters = "\N{LATIN SMALL LETTER U WITH DIAERESIS}x9\N{SNOWMAN}k7wq4" * 20

    weakness = await passwords.find_weakness(letters[:length], length_min=8)

    assert is_refused == (weakness is not None)


async def test_what_is_no_text_is_refused(passwords: Passwords) -> None:
    """Half a character cannot be typed again."""
    assert await passwords.find_weakness("lonely \ud800 surrogate", length_min=8)
