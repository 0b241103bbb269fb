"""Logos: whatever is uploaded, an image of our own making is served."""

import asyncio
import hashlib
from io import BytesIO

from dream_api.customers.platforms import Logo
from dream_api.kit.errors import ValidationFailed

FORMATS = ("PNG", "JPEG", "WEBP")
SIDE_PIXELS_MAX = 4_096
"""An image of few bytes may unpack to gigabytes; its size stands in the header."""
SERVED_SIDE_PIXELS_MAX = 512
_QUALITY = 90
_DIGEST_CHARACTERS = 32


async def encode_logo(upload: bytes) -> Logo:
    """Decode an upload and encode it anew as WebP, at most 512 pixels a side, without metadata.

    Raises:
        ValidationFailed: it is no PNG, JPEG or WebP image, or is too large.
    """
    return await asyncio.to_thread(_encode, upload)


def _encode(upload: bytes) -> Logo:
    # Its codecs take 4 MB, and most processes never see an upload.
    from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415 - see above.

    try:
        with Image.open(BytesIO(upload), formats=FORMATS) as opened:
            if max(opened.size) > SIDE_PIXELS_MAX:
                raise ValidationFailed.of(
                    "logo", f"must be at most {SIDE_PIXELS_MAX} pixels wide and high"
                )
            image = ImageOps.exif_transpose(opened).convert("RGBA")
    except ValidationFailed:
        raise
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        # Pillow raises any of these on images that are broken somewhere in the middle.
        raise ValidationFailed.of("logo", "must be a PNG, JPEG or WebP image") from error
    image.thumbnail((SERVED_SIDE_PIXELS_MAX, SERVED_SIDE_PIXELS_MAX))
    encoded = BytesIO()
    image.save(encoded, "WEBP", quality=_QUALITY)
    digest = hashlib.sha256(encoded.getvalue()).hexdigest()[:_DIGEST_CHARACTERS]
    return Logo(digest, "image/webp", encoded.getvalue())
