"""Keep sessions in a sealed cookie, which every process of the service can open.

A session states an identity and the instant at which the session ends. Recorded roles, read at every use, decide
what the person may do. So revoking a role or token takes effect at once. A session that its person has ended is
refused by every process. Three guards protect forms. The cookie is SameSite, the browser states where the request
comes from, and each form carries its session's token.
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

from api.auth import origin
from api.auth.identity import Identity
from api.auth.session_key import derived
from ledger.domain.authorisation import Credential
from ledger.domain.errors import Refused
from schema.context import Viewer

LASTS = timedelta(hours=8)
"""Longest duration of a session: a working day."""
FORM_FIELD = "session-form"
"""Name of the form field with the session's token."""
_COOKIE = "ledger-session"
_LONGEST = 3_800
"""Maximum characters of a sealed session, so that browsers accept the cookie."""
S = TypeVar("S", bound=Struct)


class Session(Struct, frozen=True, omit_defaults=True):
    """Session of a person, or of the holder of an API token."""

    id: str
    actor: str
    until: datetime
    notice: str | None = None
    """Notice of the API token; None for a person who signed in at the issuer."""
    token: str | None = None
    """Public id of the API token; None for a person who signed in at the issuer."""


class Sessions:
    """Sealer of the values that pages leave in a browser."""

    def __init__(self, key: bytes) -> None:
        self._seal = Fernet(urlsafe_b64encode(derived(key, "cookies")))
        self._forms = derived(key, "forms")

    def begin(self, credential: Credential, home: str | None = None) -> Session:
        """Return a new session for a credential.

        Args:
            credential: Credential of the person or of the token's holder.
            home: Notice of the API token; None for a person who signed in at the issuer.
        """
        until = datetime.now(UTC) + LASTS
        if credential.until is not None:
            until = min(until, credential.until)
        return Session(secrets.token_urlsafe(16), credential.actor, until, home, credential.token)

    def sealed(self, value: Struct) -> str:
        """Return a value in sealed form, which only this service can read or make."""
        return self._seal.encrypt(msgspec.json.encode(value)).decode()

    def opened(self, sealed: str, kind: type[S]) -> S | None:
        """Return the value that was sealed, or None if this service did not seal it or it has another type."""
        try:
            return msgspec.json.decode(self._seal.decrypt(sealed), type=kind)
        except (InvalidToken, msgspec.MsgspecError, ValueError):
            return None

    def of(self, request: Request) -> Session | None:
        """Return the live session of a request, or None if it has no such session."""
        session = self.opened(request.cookies.get(cookie(request, _COOKIE), ""), Session)
        return session if session is not None and datetime.now(UTC) < session.until else None

    def keep(self, request: Request, response: Response, session: Session) -> None:
        """Set the session's cookie; raise Refused when it would be too long."""
        sealed = self.sealed(session)
        if len(sealed) > _LONGEST:
            raise Refused.because("TOO_LARGE", "the token is too long for a session; sign in with a shorter one")
        left = int((session.until - datetime.now(UTC)).total_seconds())
        leave(request, response, _COOKIE, sealed, max(left, 0))

    async def end(self, identity: Identity, request: Request, response: Response) -> None:
        """End the session of a request for all processes, and remove its cookie.

        Raises:
            Unavailable: The database cannot be reached.
        """
        await self.end_earlier(identity, request)
        leave(request, response, _COOKIE, "", 0)

    async def end_earlier(self, identity: Identity, request: Request) -> None:
        """End the session of a request, if it has one, before a new session replaces it.

        Raises:
            Unavailable: The database cannot be reached.
        """
        session = self.of(request)
        if session is not None:
            await identity.end_session(session.id, session.until)

    def form_token(self, session: Session | None) -> str:
        """Return the form token of a session; for None, the token that public pages share."""
        return hmac.digest(self._forms, (session.id if session else "").encode(), "sha256").hex()

    def guard(self, request: Request, session: Session | None, form_token: object) -> None:
        """Check that a page of this service sent the form in this session.

        Raises:
            Refused: Another site sent the form (CROSS_ORIGIN), or the form is of another session (FORBIDDEN).
        """
        origin.check(request)
        right_token = isinstance(form_token, str) and hmac.compare_digest(
            form_token.encode(errors="replace"), self.form_token(session).encode()
        )
        if not right_token:
            raise Refused.because(
                "FORBIDDEN", "the form does not belong to this session; go back, reload the page and send it again"
            )


def cookie(request: Request, name: str) -> str:
    """Return a cookie's name with, over TLS, a prefix that reserves the cookie for this host."""
    return f"__Host-{name}" if request.url.scheme == "https" else name


def leave(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    """Set a cookie that expires after some seconds; 0 seconds remove the cookie."""
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
    """Return the viewer of a session, or None once it was ended or its API token is not live.

    Raises:
        Unavailable: The database cannot be reached.
    """
    if await identity.has_ended(session.id):
        return None
    if session.notice is None or session.token is None:
        return identity.person(session.actor, session.until)
    return await identity.holder(session.notice, session.token)
