"""Ids and sources of actors, and actors' rights in a notice: roles, tokens and registrations of systems. Pure."""

import hashlib
from datetime import datetime

from msgspec import Struct

from ledger.domain.roles import Role

OPERATOR = "operator"
"""Actor id under which the ledger's own command line records."""
SERVICE = "service"
"""Actor id and source of the service itself; no other actor may use that source."""
PROGRAMS = frozenset({OPERATOR, SERVICE})
"""Actor ids of the ledger's own programs, which no person or other system may have."""

_PAGES = "pages/"
_LONGEST_SOURCE = 128


def pages_source(actor: str) -> str:
    """Return the source of an actor's facts from forms; other people and systems may not use that source."""
    own = f"{_PAGES}{actor}"
    return own if len(own) <= _LONGEST_SOURCE else f"{_PAGES}{hashlib.sha256(own.encode()).hexdigest()}"


def takes_pages_source(actor: str, source: str) -> bool:
    """Return whether a source is reserved for the forms of another actor."""
    return source.startswith(_PAGES) and source != pages_source(actor)


class RoleTenure(Struct):
    """A period for which an actor holds a role."""

    role: Role
    from_: datetime
    until: datetime | None

    def live(self, at: datetime) -> bool:
        """Return whether the actor holds the role at an instant, from `from_` until just before `until`."""
        return self.from_ <= at and (self.until is None or at < self.until)

    def overlaps(self, starts: datetime, ends: datetime | None) -> bool:
        """Return whether the tenure and a period overlap; without `ends`, the period has no end."""
        return (self.until is None or starts < self.until) and (ends is None or self.from_ < ends)


class RoleRequest(Struct):
    """A request for a role, which another person may grant."""

    actor: str
    role: Role
    from_: datetime | None
    until: datetime | None
    requested_by: str
    granted: int | None = None
    """Position of the entry that granted the role; None before the grant."""


class Token(Struct):
    """The rights that an API token gives."""

    actor: str
    role: Role
    source: str | None
    facts: list[str]
    until: datetime | None
    revoked: int | None = None

    def live(self, at: datetime) -> bool:
        """Return whether the token is valid at an instant: neither revoked nor expired."""
        return self.revoked is None and (self.until is None or at < self.until)


class Integration(Struct):
    """The rights that the registration of a partner's system gives its actor."""

    actor: str
    source: str
    facts: list[str]
