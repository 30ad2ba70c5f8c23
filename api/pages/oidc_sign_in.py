"""Signing in to the pages at the issuer: the authorization code flow of OpenID Connect, with PKCE (RFC 7636).

What has to come back the same (state, nonce, verifier) waits in a sealed cookie for some minutes. The issuer's
word on who somebody is, its ID token, begins a session and is then forgotten. Imports httpx and joserfc.
"""

import hmac
import logging
import secrets
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.auth.oidc import ALGORITHMS, LEEWAY_SECONDS, Discovered, Issuer, actor_of, header_of
from api.auth.sessions import Sessions, cookie, leave
from api.pages.security_headers import secured
from api.services import Ledger
from ledger.domain.areas.people import Credential
from ledger.domain.errors import Refused, Unavailable

BEGIN, BACK = "/sign-in/organisation", "/sign-in/back"
_WAITS = timedelta(minutes=10)
_COOKIE = "ledger-signing-in"
_LARGEST = 100_000
logger = logging.getLogger(__name__)


class _SigningIn(Struct):
    """What waits while somebody is at the issuer."""

    state: str
    nonce: str
    verifier: str
    wanted: str
    until: datetime


class _Tokens(Struct):
    id_token: str


async def get_begin(request: Request) -> Response:
    """`GET /sign-in/organisation`: on to the issuer; raises Unavailable when it cannot be reached."""
    ledger: Ledger = request.app.state.ledger
    sessions: Sessions = request.app.state.sessions()
    issuer = _issuer(ledger)
    discovered = await _discovered(issuer)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    wanted = local(request.query_params.get("next", "/"))
    waiting = _SigningIn(state, nonce, verifier, wanted, datetime.now(UTC) + _WAITS)
    asked = {
        "response_type": "code",
        "client_id": ledger.settings.oidc_client_id,
        "redirect_uri": _back(request),
        "scope": "openid",
        "state": waiting.state,
        "nonce": waiting.nonce,
        "code_challenge": urlsafe_b64encode(sha256(waiting.verifier.encode()).digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    address = discovered.authorization_endpoint or ""
    joined = f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(asked)}"
    response = secured(request, RedirectResponse(joined, 303))
    leave(request, response, _COOKIE, sessions.sealed(waiting), int(_WAITS.total_seconds()))
    return response


async def get_back(request: Request) -> Response:
    """`GET /sign-in/back`: from the issuer; begins a session, and goes to the page that was wanted.

    Raises Refused where the issuer did not sign them in, or another browser or page began this, and Unavailable.
    """
    ledger: Ledger = request.app.state.ledger
    sessions: Sessions = request.app.state.sessions()
    waiting = sessions.opened(request.cookies.get(cookie(request, _COOKIE), ""), _SigningIn)
    given = request.query_params
    if (
        waiting is None
        or datetime.now(UTC) >= waiting.until
        or not hmac.compare_digest(given.get("state", "").encode(), waiting.state.encode())
        or given.get("iss", ledger.settings.oidc_issuer) != ledger.settings.oidc_issuer
    ):
        raise _not_signed_in("this sign-in was not begun here, or took too long")
    if "code" not in given:
        raise _not_signed_in("your organisation did not sign you in")
    subject = await _subject(request, given["code"], waiting)
    response = secured(request, RedirectResponse(waiting.wanted, 303))
    sessions.keep(request, response, sessions.begin(Credential(actor_of(subject))))
    leave(request, response, _COOKIE, "", 0)
    return response


async def _subject(request: Request, code: str, waiting: _SigningIn) -> str:
    """Whom the issuer says this is: the code, exchanged for an ID token, and that token judged."""
    ledger: Ledger = request.app.state.ledger
    issuer, settings = _issuer(ledger), ledger.settings
    client = settings.oidc_client_id or ""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": _back(request),
        "client_id": client,
        "code_verifier": waiting.verifier,
    }
    secret = settings.oidc_client_secret
    auth = httpx.BasicAuth(client, secret) if secret is not None else httpx.USE_CLIENT_DEFAULT
    endpoint = (await _discovered(issuer)).token_endpoint or ""
    try:
        answer = await issuer.client.post(endpoint, data=form, auth=auth)
    except httpx.HTTPError as error:
        logger.warning("the issuer's token endpoint cannot be reached: %s", type(error).__name__)
        raise _unreachable() from None
    if answer.status_code != 200 or len(answer.content) > _LARGEST:
        logger.warning("the issuer refused a code", extra={"status": answer.status_code})
        raise _not_signed_in("your organisation did not confirm who you are")
    try:
        token = msgspec.json.decode(answer.content, type=_Tokens).id_token
        return await _judged(issuer, token, client, waiting.nonce)
    except (msgspec.MsgspecError, JoseError, ValueError) as error:
        logger.warning("the issuer's ID token is not valid: %s", type(error).__name__)
        raise _not_signed_in("your organisation's answer is not valid") from None


async def _judged(issuer: Issuer, token: str, client: str, nonce: str) -> str:
    """The subject of an ID token (OpenID Connect Core, 3.1.3.7); raises JoseError and ValueError."""
    header = header_of(token)
    key = await issuer.key(header.kid) if header is not None and header.alg in ALGORITHMS else None
    if key is None:
        raise ValueError("no key of the issuer signed it")
    rules = jwt.JWTClaimsRegistry(
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": issuer.url},
        aud={"essential": True, "value": client},
        nonce={"essential": True, "value": nonce},
        sub={"essential": True},
        exp={"essential": True},
    )
    claims = issuer.claims(token, key, rules)
    if claims.get("azp", client) != client or not isinstance(claims["sub"], str) or len(claims["sub"]) > 255:
        raise ValueError("it is for another client, or names nobody")
    return str(claims["sub"])


def _issuer(ledger: Ledger) -> Issuer:
    issuer = ledger.identity.issuer
    if issuer is None or ledger.settings.oidc_client_id is None:
        raise Refused.because("INVALID_PARAMETER", "people do not sign in at an issuer here; use a token")
    return issuer


async def _discovered(issuer: Issuer) -> Discovered:
    """What the issuer says of itself, once both of its endpoints are known."""
    found = await issuer.about()
    if found.authorization_endpoint is None or found.token_endpoint is None:
        raise _unreachable()
    return found


def _back(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}{BACK}"


def _unreachable() -> Unavailable:
    return Unavailable("your organisation's sign-in cannot be reached; try again in a moment")


def _not_signed_in(why: str) -> Refused:
    return Refused.because("INVALID_PARAMETER", f"{why}; begin again at /sign-in")


def local(wanted: str) -> str:
    """A path of this service as it was wanted; the first page instead of anything else."""
    parts = urlsplit(wanted)
    plain = wanted.startswith("/") and not wanted.startswith(("//", "/sign-")) and wanted.isprintable()
    return wanted if plain and "\\" not in wanted and not parts.scheme and not parts.netloc else "/"
