"""A route does not appear, vanish or change its callers without a line in the diff."""

from tests.contract.api_reference import PAGE, reference


def test_the_api_page_lists_the_routes_as_they_are() -> None:
    """Whoever changes a route shows it in docs/api.md; renew it with `make openapi`."""
    assert PAGE.read_text() == reference()
