"""Strict JSON: what two parsers could read differently is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dream_api.services.http.errors import InvalidJson
from dream_api.services.http.strict_json import DEPTH_MAX, strict_loads

SAFE_INTEGERS = st.integers(-(10**17), 10**17)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | SAFE_INTEGERS | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{} {}",
        b'{"a": 1} x',
        b"\xef\xbb\xbf{}",
        b'{"a": "\xff"}',
        '{"a": 1}'.encode("utf-16"),
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e400}',
        b'{"a": ' + b"9" * 5_000 + b"}",
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
        b"[" * 21 + b"]" * 21,
        b"[" * 100_000,
        b'{"a": "unfinished',
    ],
    ids=range(18),
)
def test_ambiguous_json_is_refused(body: bytes) -> None:
    """Each of these is read differently by somebody, or costs more than it says."""
    with pytest.raises(InvalidJson):
        strict_loads(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": "' + b"[" * 100 + b'"}',
        b'{"a": "\\"[[[[[[[[[[[[[[[[[[[[[[[[[["}',
        b"[" * DEPTH_MAX + b"]" * DEPTH_MAX,
        b'{"a": "\\ud83d\\ude00"}',
        b"[" + b"{}," * 50 + b"{}]",
        b'{"a": 9223372036854775807}',
    ],
    ids=range(6),
)
def test_plain_json_is_read(body: bytes) -> None:
    """Brackets inside strings are no depth, and pairs of surrogates are characters."""
    assert json.loads(body) == strict_loads(body)


@given(JSON_VALUES)
def test_whatever_is_plain_comes_back_as_it_was(value: object) -> None:
    """Strictness changes no value."""
    assert value == strict_loads(json.dumps(value).encode())


@given(st.binary(max_size=60))
def test_no_bytes_cause_anything_but_a_refusal(body: bytes) -> None:
    """Garbage is a 400, never a 500."""
    try:
        strict_loads(body)
    except InvalidJson:
        return
