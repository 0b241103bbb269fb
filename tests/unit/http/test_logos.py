"""Logos: an image of our own making, or a refusal."""

from io import BytesIO

import pytest
from PIL import Image

from dream_api.kit.errors import ValidationFailed
from dream_api.services.front_auth_api.logos import encode_logo


def image(kind: str, size: tuple[int, int] = (40, 20), **options: object) -> bytes:
    """Draw an image."""
    encoded = BytesIO()
    Image.new("RGB", size, "#3355ff").save(encoded, kind, **options)
    return encoded.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_an_image_is_encoded_anew(kind: str) -> None:
    """What is served is ours, whatever was uploaded."""
    logo = await encode_logo(image(kind))

    with Image.open(BytesIO(logo.image)) as served:
        assert "WEBP" == served.format
        assert (40, 20) == served.size


async def test_what_hides_behind_an_image_is_not_served() -> None:
    """Bytes after the picture, and its metadata, stay behind."""
    logo = await encode_logo(image("JPEG", comment=b"<script>") + b"<script>alert(1)</script>")

    assert b"script" not in logo.image


async def test_a_large_image_is_made_small() -> None:
    """A logo is shown small; its shape stays."""
    logo = await encode_logo(image("PNG", (2_000, 1_000)))

    with Image.open(BytesIO(logo.image)) as served:
        assert (512, 256) == served.size


@pytest.mark.parametrize(
    "upload",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        image("GIF"),
        image("BMP"),
        image("PNG")[:60],
        image("PNG", (5_000, 10)),
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
    ],
    ids=["empty", "svg", "gif", "bmp", "truncated", "huge", "broken"],
)
async def test_anything_else_is_refused(upload: bytes) -> None:
    """Other formats, broken images and bombs."""
    with pytest.raises(ValidationFailed):
        await encode_logo(upload)


async def test_the_address_of_a_logo_is_its_content() -> None:
    """The same image has the same address, another one another."""
    first, again = await encode_logo(image("PNG")), await encode_logo(image("PNG"))
    other = await encode_logo(image("PNG", (41, 20)))

    assert first.digest == again.digest != other.digest
