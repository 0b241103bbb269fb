"""Styles, scripts and icons from package data, under one content hash and cached for ever.

``/static/<hash>/ui.css``: the hash covers every file, so modules that import each other by
relative address always meet the version they were shipped with.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

router = APIRouter(include_in_schema=False)

_HASH_CHARACTERS = 16
_GZIP_LEVEL = 9
_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
}
_FOREVER = "public, max-age=31536000, immutable"
_ONE_HOUR = "public, max-age=3600"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file as it is sent, plain and compressed."""

    body: bytes
    compressed: bytes
    media_type: str

    @classmethod
    def of(cls, name: str, body: bytes) -> "StaticFile":
        """Compress *body* once; the type follows from the name's ending."""
        ending = name.rsplit(".", 1)[-1]
        return cls(body, gzip.compress(body, _GZIP_LEVEL, mtime=0), _TYPES[ending])


@dataclass(frozen=True, slots=True)
class Bundle:
    """All static files of this release, and the hash that names them."""

    digest: str
    files: dict[str, StaticFile]


@cache
def bundle() -> Bundle:
    """Read the package's static files once.

    ``css/*.css`` become one ``ui.css``, in the order of their numbered names.
    """
    folder = resources.files(__package__) / "static"
    sheets = [_without_notes(sheet.read_bytes()) for sheet in _sorted_files(folder / "css")]
    bodies = {"ui.css": b"\n".join(sheets)}
    for part in (folder, folder / "js"):
        bodies |= {file.name: file.read_bytes() for file in _sorted_files(part)}
    digest = hashlib.sha256()
    for name, body in sorted(bodies.items()):
        digest.update(name.encode() + b"\0" + body + b"\0")
    return Bundle(
        digest.hexdigest()[:_HASH_CHARACTERS],
        {name: StaticFile.of(name, body) for name, body in bodies.items()},
    )


def _without_notes(sheet: bytes) -> bytes:
    """Leave out what only readers of the source need: comments and indentation."""
    return re.sub(rb"\n\s+", b"\n", re.sub(rb"/\*.*?\*/", b"", sheet, flags=re.DOTALL))


def static_url(name: str) -> str:
    """Give the address of a static file of this release; an unknown name is a bug."""
    release = bundle()
    if name not in release.files:
        raise LookupError(f"no static file {name}")
    return f"/static/{release.digest}/{name}"


@cache
def _embed(name: str) -> StaticFile:
    return StaticFile.of(name, (resources.files(__package__) / "embed" / name).read_bytes())


@router.get("/static/{digest}/{name}")
async def static_file(request: Request, digest: str, name: str) -> Response:
    """Send a file of this release. A page of an earlier release gets today's file, uncached."""
    release = bundle()
    file = release.files.get(name)
    if file is None:
        raise HTTPException(404)
    caching = _FOREVER if digest == release.digest else "no-cache"
    return _send(request, file, caching)


@router.get("/favicon.ico")
async def icon(request: Request) -> Response:
    """Send the icon to browsers that ask for it unasked."""
    return _send(request, bundle().files["icon.svg"], _ONE_HOUR)


@router.get("/embed/v1/dream.js")
async def embed(request: Request) -> Response:
    """Send the module of ``<dream-pricing-table>``, which runs on other people's sites."""
    answer = _send(request, _embed("dream.js"), _ONE_HOUR)
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


def _send(request: Request, file: StaticFile, caching: str) -> Response:
    headers = {"Cache-Control": caching, "Vary": "Accept-Encoding"}
    body = file.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        body = file.compressed
        headers["Content-Encoding"] = "gzip"
    return Response(body, headers=headers, media_type=file.media_type)


def _sorted_files(folder: Traversable) -> list[Traversable]:
    return sorted((file for file in folder.iterdir() if file.is_file()), key=lambda file: file.name)
