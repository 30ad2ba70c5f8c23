"""What pages hand over as it is: files of evidence, and proofs.

They come from the endpoints that partner systems use, for whoever has signed in to the pages.
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from api.http import evidence, proofs
from api.pages.page_request import visitor_of
from ledger.domain.errors import Refused

Endpoint = Callable[[Request], Awaitable[Response]]


async def get_file(request: Request) -> Response:
    """`GET /notices/{notice}/files/{evidence}`: to whoever may open it; each opening that is to be recorded is."""
    return await _given(request, evidence.get_evidence)


async def get_proof(request: Request) -> Response:
    """`GET /notices/{notice}/proofs/{position}`."""
    return await _given(request, proofs.get_proof)


async def _given(request: Request, endpoint: Endpoint) -> Response:
    """What the endpoint answers to whoever has signed in.

    Raises SignInNeeded, and Refused where another site led here: nobody is to record an opening unawares.
    """
    visitor = await visitor_of(request)
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise Refused.because("FORBIDDEN", "follow the link on a page of this service")
    request.state.viewer = visitor.viewer
    return await endpoint(request)
