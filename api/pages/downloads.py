"""Downloads from pages: files of evidence, and proofs, from the endpoints that partner systems use."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from api.http import evidence, proofs
from api.pages.page_request import visitor_of
from ledger.domain.errors import Refused

Endpoint = Callable[[Request], Awaitable[Response]]


async def get_file(request: Request) -> Response:
    """Answer `GET /notices/{notice}/files/{evidence}`; an opening of a restricted document is recorded."""
    return await _downloaded(request, evidence.get_evidence)


async def get_proof(request: Request) -> Response:
    """Answer `GET /notices/{notice}/proofs/{position}` with the proof of an entry."""
    return await _downloaded(request, proofs.get_proof)


async def _downloaded(request: Request, endpoint: Endpoint) -> Response:
    """Return the response of an endpoint for partner systems to the signed-in visitor.

    Raises:
        SignInNeeded: Nobody is signed in.
        Refused: Another site linked here, so a person may open a document without meaning to. Or the endpoint
            refuses the request.
        Busy: The endpoint serves too many requests.
        Unavailable: The database or the store cannot be reached.
    """
    visitor = await visitor_of(request)
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise Refused.because("FORBIDDEN", "open the link from a page of this service")
    request.state.viewer = visitor.viewer
    return await endpoint(request)
