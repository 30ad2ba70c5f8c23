"""The role matrix: who may record which fact and see which view. Pure; reads `roles.toml` once."""

import tomllib
from functools import cache
from importlib.resources import files

from msgspec import Struct

from ledger.domain.fact import WordList


class Role(WordList):
    """A part that somebody plays in one notice; granted and revoked by recorded facts only."""

    ADVISER = "ADVISER"
    """The adviser whom the Department appoints (clause 3)."""
    DEPARTMENT_OFFICIAL = "DEPARTMENT_OFFICIAL"
    """An official of the Department for Education."""
    CHAIR = "CHAIR"
    """The chair of the improvement board."""
    BOARD_MEMBER = "BOARD_MEMBER"
    """A member of the improvement board."""
    COUNCIL_OFFICER = "COUNCIL_OFFICER"
    """An officer of the council."""
    PARTNER = "PARTNER"
    """A person of a partner organisation."""
    INTEGRATION = "INTEGRATION"
    """A system that records and reads nothing but its receipts."""
    AUDITOR = "AUDITOR"
    """An auditor, who reads everything and records findings only."""
    REVIEWER = "REVIEWER"
    """A reviewer, for a review (clause 6)."""
    DIAGNOSTIC_PROVIDER = "DIAGNOSTIC_PROVIDER"
    """Whoever carries out a diagnostic (clause 8)."""
    INSPECTOR = "INSPECTOR"
    """An inspector."""
    RECORDS_OFFICER = "RECORDS_OFFICER"
    """Who grants roles and tokens, and asks for erasures."""
    DATA_PROTECTION_OFFICER = "DATA_PROTECTION_OFFICER"
    """Who approves erasures."""
    SERVICE = "SERVICE"
    """The ledger itself."""
    OPERATOR = "OPERATOR"
    """Whoever runs the ledger, from its command line."""
    PUBLIC = "PUBLIC"
    """Everybody else."""


class Matrix(Struct, frozen=True):
    """Every fact and every view against every role; what is not named is not allowed."""

    records: dict[str, frozenset[Role]]
    """Fact name (`ObjectiveAdded`) → the roles that may record it."""
    reads: dict[str, frozenset[Role]]
    """View name → the roles that may read it."""
    redacted: dict[str, frozenset[Role]]
    """View name → the roles that read it with small cells suppressed."""
    opens: dict[str, frozenset[Role]]
    """Classification → the roles that open documents so classified without a grant."""

    def may_record(self, role: Role, fact: str) -> bool:
        """Whether `role` may record the fact of that name; an unknown name is an error of the house."""
        return role in self.records[fact]


def _row(value: list[str], where: str) -> frozenset[Role]:
    try:
        return frozenset(Role(name) for name in value)
    except ValueError as error:
        raise ValueError(f"roles.toml, {where}: {error}; use the names of ledger.domain.roles.Role") from None


@cache
def matrix() -> Matrix:
    """The matrix of `roles.toml`."""
    table = tomllib.loads(files("ledger.domain").joinpath("roles.toml").read_text("utf-8"))
    return Matrix(**{part: {name: _row(roles, name) for name, roles in table[part].items()} for part in table})
