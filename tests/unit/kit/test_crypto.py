"""Sealed texts open only where, and with what, they were sealed."""

import base64

import pytest

from dream_api.kit.crypto import (
    MASTER_KEY_BYTES,
    UnreadableSecret,
    Vault,
    new_master_key,
    parse_master_keys,
    place,
)

OLD, NEW = b"o" * MASTER_KEY_BYTES, b"n" * MASTER_KEY_BYTES
HERE, THERE = place("t", "c", "platform_a", "1"), place("t", "c", "platform_b", "1")


def test_a_sealed_text_opens_again() -> None:
    """Whatever the text holds."""
    vault = Vault([OLD])

    assert "zürich \N{SNOWMAN}" == vault.decrypt(vault.encrypt("zürich \N{SNOWMAN}", HERE), HERE)


def test_a_sealed_text_opens_in_no_other_row() -> None:
    """A ciphertext that is copied to another platform's row is only noise there."""
    vault = Vault([OLD])

    with pytest.raises(UnreadableSecret):
        vault.decrypt(vault.encrypt("secret", HERE), THERE)


@pytest.mark.parametrize("position", range(0, 60, 7))
def test_a_changed_text_does_not_open(position: int) -> None:
    """One character is enough."""
    vault = Vault([OLD])
    sealed = vault.encrypt("secret", HERE)
    changed = "A" if sealed[position % len(sealed)] != "A" else "B"
    at = position % len(sealed)

    with pytest.raises(UnreadableSecret):
        vault.decrypt(sealed[:at] + changed + sealed[at + 1 :], HERE)


def test_the_same_text_seals_differently_every_time() -> None:
    """Equal secrets are not told by equal rows."""
    vault = Vault([OLD])

    assert vault.encrypt("secret", HERE) != vault.encrypt("secret", HERE)


def test_a_rolled_master_key_still_opens_what_it_sealed() -> None:
    """The first key seals, every key opens."""
    sealed = Vault([OLD]).encrypt("secret", HERE)
    both = Vault([NEW, OLD])

    assert "secret" == both.decrypt(sealed, HERE)
    assert (False, True) == (both.is_current(sealed), both.is_current(both.encrypt("", HERE)))


def test_without_its_master_key_nothing_opens() -> None:
    """And the vault can say so without trying."""
    sealed = Vault([OLD]).encrypt("secret", HERE)

    assert not Vault([NEW]).can_open(sealed)
    with pytest.raises(UnreadableSecret):
        Vault([NEW]).decrypt(sealed, HERE)


def test_a_fingerprint_fits_its_text_and_context_only() -> None:
    """A code of one flow is no code of another."""
    vault = Vault([OLD])
    fingerprint = vault.fingerprint("123456", "sign-up")

    assert vault.matches(fingerprint, "123456", "sign-up")
    assert not vault.matches(fingerprint, "123457", "sign-up")
    assert not vault.matches(fingerprint, "123456", "reset")


def test_a_fingerprint_cannot_be_guessed_without_the_key() -> None:
    """A million codes are no match for a key, and a rolled key still compares."""
    fingerprint = Vault([OLD]).fingerprint("123456", "sign-up")

    assert fingerprint.split(".")[2] != Vault([NEW]).fingerprint("123456", "sign-up").split(".")[2]
    assert Vault([NEW, OLD]).matches(fingerprint, "123456", "sign-up")


def test_master_keys_are_read_from_a_list() -> None:
    """The first is the active one."""
    text = ", ".join(base64.b64encode(key).decode() for key in (NEW, OLD))

    assert (NEW, OLD) == parse_master_keys(text)
    assert 1 == len(parse_master_keys(new_master_key()))


@pytest.mark.parametrize(
    "text",
    ["", "short", "c2hvcnQ=", "ä", new_master_key() + ","],
    ids=["empty", "not base64", "too few bytes", "not ascii", "an empty second key"],
)
def test_what_is_no_master_key_is_refused_without_being_repeated(text: str) -> None:
    """The refusal may stand in a log."""
    with pytest.raises(ValueError, match="master key") as refusal:
        parse_master_keys(text)

    assert not text or text not in str(refusal.value)
