"""Sign-in through the issuer: the authorization code flow of OpenID Connect, with PKCE (RFC 7636).

State, nonce and verifier wait in a sealed cookie for some minutes. The ID token starts a session and is then
discarded.
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

from api.auth import origin
from api.auth.identity import address_of
from api.auth.oidc import ALGORITHMS, LEEWAY_SECONDS, Discovered, Issuer, actor_of, header_of, is_subject
from api.auth.sessions import Sessions, cookie, leave
from api.pages.security_headers import secured
from api.services import Ledger
from ledger.append.tokens import hash_of
from ledger.domain.authorisation import Credential
from ledger.domain.errors import Refused, Unavailable

BEGIN, BACK = "/sign-in/organisation", "/sign-in/back"
_VALIDITY = timedelta(minutes=10)
_COOKIE = "ledger-signing-in"
logger = logging.getLogger(__name__)


class _PendingSignIn(Struct):
    """State of a sign-in while the person is at the issuer."""

    state: str
    nonce: str
    verifier: str
    target: str
    until: datetime


class _Tokens(Struct):
    id_token: str


async def get_begin(request: Request) -> Response:
    """Answer `GET /sign-in/organisation`: redirect to the issuer.

    A host with a final dot is redirected to the one without, to which the issuer sends people back.

    Raises:
        Refused: The service has no issuer, or the request's host is unknown.
        Unavailable: The issuer cannot be reached, or its metadata lacks an endpoint.
    """
    ledger: Ledger = request.app.state.ledger
    if origin.is_dotted(request):
        return secured(request, RedirectResponse(f"{origin.address(request)}{BEGIN}?{request.query_params}", 303))
    sessions: Sessions = request.app.state.sessions()
    issuer = _issuer(ledger)
    discovered = await _discovered(issuer)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    target = local(request.query_params.get("next", "/"))
    waiting = _PendingSignIn(state, nonce, verifier, target, datetime.now(UTC) + _VALIDITY)
    parameters = {
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
    location = f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(parameters)}"
    response = secured(request, RedirectResponse(location, 303))
    leave(request, response, _COOKIE, sessions.sealed(waiting), int(_VALIDITY.total_seconds()))
    return response


async def get_back(request: Request) -> Response:
    """Answer `GET /sign-in/back`: start a session and redirect to the requested page.

    Raises:
        Refused: The issuer did not sign the person in. Or the sign-in has expired, is completed already, or
            belongs to another browser.
        Busy: The person's network address sent too many wrong codes.
        Unavailable: The issuer or the database cannot be reached.
    """
    ledger: Ledger = request.app.state.ledger
    sessions: Sessions = request.app.state.sessions()
    waiting = sessions.opened(request.cookies.get(cookie(request, _COOKIE), ""), _PendingSignIn)
    parameters = request.query_params
    if (
        waiting is None
        or datetime.now(UTC) >= waiting.until
        or not hmac.compare_digest(parameters.get("state", "").encode(), waiting.state.encode())
        or parameters.get("iss", ledger.settings.oidc_issuer) != ledger.settings.oidc_issuer
    ):
        raise _not_signed_in("this sign-in started elsewhere, or took too long")
    if "code" not in parameters:
        raise _not_signed_in("your organisation did not sign you in")
    code, address, wrong_tokens = parameters["code"], address_of(request), ledger.identity.wrong_tokens
    wrong_tokens.check(address, hash_of(code))
    if not await ledger.identity.end_session(waiting.state, waiting.until):
        raise _not_signed_in("this sign-in is completed already")
    try:
        subject = await _subject(request, code, waiting)
    except Refused:
        wrong_tokens.add_wrong(address)
        raise
    await sessions.end_earlier(ledger.identity, request)
    response = secured(request, RedirectResponse(waiting.target, 303))
    sessions.keep(request, response, sessions.begin(Credential(actor_of(subject))))
    leave(request, response, _COOKIE, "", 0)
    return response


async def _subject(request: Request, code: str, waiting: _PendingSignIn) -> str:
    """Return the person's subject at the issuer, from the ID token that the issuer returns for the code.

    Raises:
        Unavailable: The issuer cannot be reached.
        Refused: The issuer refused the code, or its ID token is not valid.
    """
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
        answer = await issuer.exchange("POST", endpoint, data=form, auth=auth)
    except (httpx.HTTPError, ValueError) as error:
        logger.warning("the issuer's token endpoint cannot be reached: %s", type(error).__name__)
        raise _unreachable() from None
    if answer.status_code != 200:
        logger.warning("the issuer refused a code", extra={"fields": {"status": answer.status_code}})
        raise _not_signed_in("your organisation did not confirm who you are")
    try:
        token = msgspec.json.decode(answer.content, type=_Tokens).id_token
        return await _verified_subject(issuer, token, client, waiting.nonce)
    except (msgspec.MsgspecError, JoseError, ValueError, RecursionError) as error:
        logger.warning("the issuer's ID token is not valid: %s", type(error).__name__)
        raise _not_signed_in("your organisation's answer is not valid") from None


async def _verified_subject(issuer: Issuer, token: str, client: str, nonce: str) -> str:
    """Return the subject of an ID token (OpenID Connect Core, 3.1.3.7).

    Raises:
        JoseError: The token is not valid.
        ValueError: The token is malformed, signed by another key, or for another client or sign-in.
        Unavailable: The issuer's keys cannot be fetched, and the cached keys are missing or too old.
    """
    header = header_of(token)
    keys = await issuer.keys(header.kid, header.alg) if header is not None and header.alg in ALGORITHMS else []
    if not keys:
        raise ValueError("no key of the issuer signed it")
    rules = jwt.JWTClaimsRegistry(
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": issuer.url},
        aud={"essential": True, "value": client},
        nonce={"essential": True, "value": nonce},
        sub={"essential": True},
        exp={"essential": True},
    )
    claims = issuer.claims(token, keys, rules)
    # OpenID Connect Core 3.1.3.7: with several audiences the token must name its authorised party
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else client) != client or not is_subject(claims["sub"]):
        raise ValueError("the token is for another client or has no subject")
    if claims["nonce"] != nonce:  # a list that contains it passes the rules
        raise ValueError("the token is for another sign-in")
    return str(claims["sub"])


def _issuer(ledger: Ledger) -> Issuer:
    issuer = ledger.identity.issuer
    if issuer is None or ledger.settings.oidc_client_id is None:
        raise Refused.because("INVALID_PARAMETER", "this service has no issuer; sign in with a token")
    return issuer


async def _discovered(issuer: Issuer) -> Discovered:
    """Return the issuer's metadata.

    Raises:
        Unavailable: The metadata cannot be fetched, or the authorization or token endpoint is missing.
    """
    metadata = await issuer.about()
    if metadata.authorization_endpoint is None or metadata.token_endpoint is None:
        raise _unreachable()
    return metadata


def _back(request: Request) -> str:
    return f"{origin.address(request)}{BACK}"


def _unreachable() -> Unavailable:
    return Unavailable("your organisation's sign-in cannot be reached; try again in a moment")


def _not_signed_in(reason: str) -> Refused:
    return Refused.because("INVALID_PARAMETER", f"{reason}; start again at /sign-in")


def local(target: str) -> str:
    """Return the target if it is a path of this service outside sign-in, otherwise the first page's path."""
    plain = target.startswith("/") and not target.startswith(("//", "/sign-")) and target.isprintable()
    return target if plain and "\\" not in target else "/"
