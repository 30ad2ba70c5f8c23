"""Style sheets, scripts and pictures: the pages' own and those of govuk-frontend's package.

Files are read once. An address contains its file's digest, so browsers cache it for good. Only listed files are
served; no part of an address is a path. The font of govuk-frontend is licensed for GOV.UK alone, so system fonts
replace it.
"""

import re
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.http.assets import package

_GOVUK = Path("dist", "govuk")
_KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_SHEET = "govuk-frontend.min.css"
_PACKAGED = (_SHEET, "govuk-frontend.min.js")
_OWN = ("pages.css", "pages.js", "mark.svg")
_FONT_FACE = re.compile(rb"@font-face\{[^}]*\}")
_FONTS_OF_GOVUK = b"GDS Transport,arial,sans-serif"
_FONTS = b'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",Arial,sans-serif'


class Asset(Struct, frozen=True):
    """A file that pages refer to."""

    body: bytes
    kind: str
    digest: str


@cache
def assets() -> dict[str, Asset]:
    """Return all assets by name.

    Raises:
        LedgerError: govuk-frontend is not installed.
    """
    packaged = {name: (package("govuk-frontend") / _GOVUK / name).read_bytes() for name in _PACKAGED}
    packaged[_SHEET] = _FONT_FACE.sub(b"", packaged[_SHEET]).replace(_FONTS_OF_GOVUK, _FONTS)
    own = {name: files("api.pages").joinpath("static", name).read_bytes() for name in _OWN}
    return {
        name: Asset(body, _KINDS[name.rpartition(".")[2]], sha256(body).hexdigest()[:16])
        for name, body in (packaged | own).items()
    }


def address(name: str) -> str:
    """Return the address of an asset, which contains the digest of the asset's file.

    Raise the errors of `assets`.
    """
    return f"/assets/{assets()[name].digest}/{name}"


async def get_asset(request: Request) -> Response:
    """Answer `GET /assets/{digest}/{name}` with a style sheet, a script or a picture.

    Raises:
        HTTPException: 404 if no file has the name and digest.
    """
    asset = assets().get(request.path_params["name"])
    if asset is None or asset.digest != request.path_params["digest"]:
        raise HTTPException(404)
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(asset.body, 200, headers, asset.kind)
