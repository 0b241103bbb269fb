"""CSV that runs nothing in a spreadsheet."""

import csv
import io
from datetime import UTC, datetime

import pytest

from dream_api.customers.dashboard.csv_text import write_lines


@pytest.mark.parametrize("start", list("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"))
def test_text_that_begins_like_a_formula_is_quoted(start: str) -> None:
    """A name like =HYPERLINK(…) is shown, not run."""
    (line,) = csv.reader(io.StringIO(write_lines([[f"{start}1+1"]]), newline=""))

    assert [f"'{start}1+1"] == line


def test_negative_numbers_stay_numbers() -> None:
    """Only text can be a formula."""
    assert "-5\r\n" == write_lines([[-5]])


def test_text_comes_back_as_it_was() -> None:
    """Commas, quotes and line breaks are the reader's business no more."""
    cells = ["a,b", 'say "no"', "two\nlines", "ünï"]

    assert [cells] == list(csv.reader(io.StringIO(write_lines([cells]), newline="")))


def test_moments_and_nothing_have_one_form_each() -> None:
    """RFC 3339, and an empty cell."""
    moment = datetime(2026, 11, 1, tzinfo=UTC)

    assert "2026-11-01T00:00:00Z,,0\r\n" == write_lines([[moment, None, 0]])
