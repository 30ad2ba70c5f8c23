"""Who has signed in: a sealed cookie says it, so that every process of the service knows them alike.

A session says who somebody is and until when; what they may do is judged by their recorded roles, at every use, so
a revoked role or token ends what a session opens. Forms are guarded three times: the cookie is SameSite, the
browser says where a request comes from, and each form carries a token that only its own session's pages have.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from api.auth.identity import Identity
from api.auth.session_key import derived
from ledger.domain.areas.people import Credential
from ledger.domain.errors import Refused
from schema.context import Viewer

LASTS = timedelta(hours=8)
"""How long a session lasts at most: a working day."""
FORM_FIELD = "session-form"
"""The field by which a form carries the token of its session."""
_COOKIE = "ledger-session"
_LONGEST = 3_800
"""A longer cookie is refused by browsers."""
S = TypeVar("S", bound=Struct)


class Session(Struct, frozen=True, omit_defaults=True):
    """Somebody who has signed in: a person, or the holder of a token of the ledger's own."""

    id: str
    actor: str
    until: datetime
    notice: str | None = None
    """The notice of their token; None: they signed in at the issuer."""
    token: str | None = None
    """That token's public id."""


class Sessions:
    """Seals and opens what the pages leave with a browser."""

    def __init__(self, key: bytes) -> None:
        self._seal = Fernet(urlsafe_b64encode(derived(key, "cookies")))
        self._forms = derived(key, "forms")

    def begin(self, credential: Credential, home: str | None = None) -> Session:
        """A new session of somebody who was recognised; `home`: the notice of their token."""
        until = datetime.now(UTC) + LASTS
        if credential.until is not None:
            until = min(until, credential.until)
        return Session(secrets.token_urlsafe(16), credential.actor, until, home, credential.token)

    def sealed(self, value: Struct) -> str:
        """A value that only this service can read and make."""
        return self._seal.encrypt(msgspec.json.encode(value)).decode()

    def opened(self, sealed: str, kind: type[S]) -> S | None:
        """What was sealed; None: it was not sealed here, or is of another kind."""
        try:
            return msgspec.json.decode(self._seal.decrypt(sealed), type=kind)
        except (InvalidToken, msgspec.MsgspecError, ValueError):
            return None

    def of(self, request: Request) -> Session | None:
        """The session of a request; None: nobody has signed in, or it has ended."""
        session = self.opened(request.cookies.get(cookie(request, _COOKIE), ""), Session)
        return session if session is not None and datetime.now(UTC) < session.until else None

    def keep(self, request: Request, response: Response, session: Session) -> None:
        """Leaves the session with the browser; raises Refused when its cookie would be too long."""
        sealed = self.sealed(session)
        if len(sealed) > _LONGEST:
            raise Refused.because("TOO_LARGE", "this token is too long to sign in with; use a shorter one")
        left = int((session.until - datetime.now(UTC)).total_seconds())
        leave(request, response, _COOKIE, sealed, max(left, 0))

    def end(self, request: Request, response: Response) -> None:
        """Takes the session out of the browser."""
        leave(request, response, _COOKIE, "", 0)

    def form_token(self, session: Session | None) -> str:
        """What a form of this session carries; of nobody's: of a page that anybody sees."""
        return hmac.digest(self._forms, (session.id if session else "").encode(), "sha256").hex()

    def guard(self, request: Request, session: Session | None, given: object) -> None:
        """Raises Refused (FORBIDDEN) unless a form was sent by a page of this service, in this session."""
        origin = request.headers.get("origin")
        elsewhere = origin is not None and origin.partition("://")[2] != request.headers.get("host")
        crossed = request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
        known = isinstance(given, str) and hmac.compare_digest(
            given.encode(errors="replace"), self.form_token(session).encode()
        )
        if elsewhere or crossed or not known:
            raise Refused.because(
                "FORBIDDEN", "this form was not sent by a page of this session; go back, load it again and send it"
            )


def cookie(request: Request, name: str) -> str:
    """A cookie's name: over TLS one that no other host and no plain connection can set."""
    return f"__Host-{name}" if request.url.scheme == "https" else name


def leave(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    """Sets a cookie for so long; 0: takes it away."""
    response.set_cookie(
        cookie(request, name),
        value,
        max_age=seconds,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


async def viewer_of(identity: Identity, session: Session) -> Viewer | None:
    """The viewer of a session; None once what they signed in with opens nothing any more."""
    if session.notice is None or session.token is None:
        return identity.person(session.actor, session.until)
    return await identity.holder(session.notice, session.token)
