"""Read the form that a page posted."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from stripe_simulator.errors import StripeError

BODY_BYTES_MAX = 256 * 1024
FIELDS_MAX = 100


async def read_body(request: Request) -> str:
    """The body as text.

    Raises:
        StripeError: It is too large, or not UTF-8.
    """
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > BODY_BYTES_MAX:
            raise StripeError(f"A request has at most {BODY_BYTES_MAX} bytes.", status=413)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise StripeError("A request is encoded as UTF-8.") from error


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a posted form; of repeated names the last one counts.

    Raises:
        StripeError: It is too large or broken.
    """
    try:
        pairs = parse_qsl(
            await read_body(request), keep_blank_values=True, max_num_fields=FIELDS_MAX
        )
    except ValueError as error:
        raise StripeError(f"Broken form: {error}") from error
    return dict(pairs)
