"""Rights of actors in a notice: roles over time, tokens and registrations of systems. Pure."""

import hashlib
from datetime import datetime

from msgspec import Struct

from ledger.domain.roles import Role

OPERATOR = "operator"
"""Actor of the ledger's own command line."""
SERVICE = "service"
"""Actor and source of the service itself; no other actor may use that source."""
PROGRAMS = frozenset({OPERATOR, SERVICE})
"""Actors of the ledger's own programs, whose ids no person or other system may have."""

_PAGES = "pages/"
_LONGEST_SOURCE = 128


def pages_source(actor: str) -> str:
    """Return the source of an actor's forms, which nobody else may use."""
    own = f"{_PAGES}{actor}"
    return own if len(own) <= _LONGEST_SOURCE else f"{_PAGES}{hashlib.sha256(own.encode()).hexdigest()}"


def takes_pages_source(actor: str, source: str) -> bool:
    """Return whether a source is that of another actor's forms."""
    return source.startswith(_PAGES) and source != pages_source(actor)


class RoleTenure(Struct):
    """A period for which an actor holds a role."""

    role: Role
    from_: datetime
    until: datetime | None

    def live(self, at: datetime) -> bool:
        """Return whether it includes an instant: the first instant is included, the last is not."""
        return self.from_ <= at and (self.until is None or at < self.until)

    def overlaps(self, starts: datetime, ends: datetime | None) -> bool:
        """Return whether it includes any instant of a period; `ends` is like `until`."""
        return (self.until is None or starts < self.until) and (ends is None or self.from_ < ends)


class RoleRequest(Struct):
    """A request for a role, which awaits a grant by a second person."""

    actor: str
    role: Role
    from_: datetime | None
    until: datetime | None
    requested_by: str
    granted: int | None = None
    """Position of the entry that granted it."""


class Token(Struct):
    """The rights that an API token gives."""

    actor: str
    role: Role
    source: str | None
    facts: list[str]
    until: datetime | None
    revoked: int | None = None

    def live(self, at: datetime) -> bool:
        """Return whether it is valid at an instant."""
        return self.revoked is None and (self.until is None or at < self.until)


class Integration(Struct):
    """The rights that a registration gives."""

    actor: str
    source: str
    facts: list[str]
