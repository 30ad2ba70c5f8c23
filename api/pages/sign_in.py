"""Sign-in with a token of the ledger or of its issuer, and sign-out."""

from urllib.parse import urlencode

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.auth.identity import Bearer, address_of
from api.auth.sessions import FORM_FIELD, Sessions
from api.pages import oidc_sign_in, renderer
from api.pages.form_input import first_input, read_inputs
from api.pages.oidc_sign_in import local
from api.pages.security_headers import secured
from api.services import Ledger
from ledger.domain.errors import Refused

_MAXIMUM_BYTES = 60_000
"""Maximum bytes of a sign-in or sign-out form, which anybody may send."""


async def get_sign_in(request: Request) -> Response:
    """Answer `GET /sign-in` with the sign-in form; `next` is the page to open afterwards.

    Without `next`, a visitor with a live session is redirected to the first page.
    """
    sessions: Sessions = request.app.state.sessions()
    target = local(request.query_params.get("next", "/"))
    if sessions.of(request) is not None and "next" not in request.query_params:
        return secured(request, RedirectResponse("/", 303))
    return _form(request, target, None)


async def post_sign_in(request: Request) -> Response:
    """Answer `POST /sign-in`: start a session and redirect to the requested page, or show the error."""
    sessions: Sessions = request.app.state.sessions()
    inputs = await read_inputs(request, _MAXIMUM_BYTES)
    sessions.guard(request, sessions.of(request), first_input(inputs, FORM_FIELD))
    target, secret = local(first_input(inputs, "next")), first_input(inputs, "token").strip()
    ledger: Ledger = request.app.state.ledger
    try:
        headers = Headers({"authorization": f"Bearer {secret}"})
        viewer = await ledger.identity.viewer_of(headers, address_of(request))
    except (Refused, UnicodeEncodeError):
        message = "The token is unknown, expired or revoked. Paste the whole token, or ask for a new one."
        return _form(request, target, message if secret else "Enter a token")
    home = viewer.home if isinstance(viewer, Bearer) else None
    await sessions.end_earlier(ledger.identity, request)
    response = secured(request, RedirectResponse(target, 303))
    sessions.keep(request, response, sessions.begin(viewer.credential, home))
    return response


async def post_sign_out(request: Request) -> Response:
    """Answer `POST /sign-out`: end the session."""
    sessions: Sessions = request.app.state.sessions()
    inputs = await read_inputs(request, _MAXIMUM_BYTES)
    sessions.guard(request, sessions.of(request), first_input(inputs, FORM_FIELD))
    response = secured(request, RedirectResponse("/sign-in", 303))
    response.headers["Clear-Site-Data"] = '"cache"'
    ledger: Ledger = request.app.state.ledger
    await sessions.end(ledger.identity, request, response)
    return response


def _form(request: Request, target: str, error: str | None) -> Response:
    sessions: Sessions = request.app.state.sessions()
    ledger: Ledger = request.app.state.ledger
    organisation = (
        f"{oidc_sign_in.BEGIN}?{urlencode({'next': target})}" if ledger.settings.oidc_client_id else None
    )
    context = {"next": target, "problem": error, "organisation": organisation}
    return renderer.page(
        request, "sign-in.html", context, session=sessions.of(request), status=422 if error else 200
    )
