"""The role matrix: who may record which fact and see which view. Pure; reads `roles.toml` once."""

import tomllib
from functools import cache
from importlib.resources import files

from msgspec import Struct

from ledger.facts.fact import Words


class Role(Words):
    """A part that somebody plays in one notice; granted and revoked by recorded facts only."""

    ADVISER = "ADVISER"
    DEPARTMENT_OFFICIAL = "DEPARTMENT_OFFICIAL"
    CHAIR = "CHAIR"
    BOARD_MEMBER = "BOARD_MEMBER"
    COUNCIL_OFFICER = "COUNCIL_OFFICER"
    PARTNER = "PARTNER"
    INTEGRATION = "INTEGRATION"
    AUDITOR = "AUDITOR"
    REVIEWER = "REVIEWER"
    DIAGNOSTIC_PROVIDER = "DIAGNOSTIC_PROVIDER"
    INSPECTOR = "INSPECTOR"
    RECORDS_OFFICER = "RECORDS_OFFICER"
    DATA_PROTECTION_OFFICER = "DATA_PROTECTION_OFFICER"
    SERVICE = "SERVICE"
    OPERATOR = "OPERATOR"
    PUBLIC = "PUBLIC"


class Matrix(Struct, frozen=True):
    """Every fact and every view against every role; what is not named is not allowed."""

    records: dict[str, frozenset[Role]]
    """Fact name (`ObjectiveAdded`) → the roles that may record it."""
    reads: dict[str, frozenset[Role]]
    """View name → the roles that may read it."""
    redacted: dict[str, frozenset[Role]]
    """View name → the roles that read it with small cells suppressed."""

    def may_record(self, role: Role, fact: str) -> bool:
        """Whether `role` may record the fact of that name; an unknown name is an error of the house."""
        return role in self.records[fact]


def _row(value: list[str], where: str) -> frozenset[Role]:
    try:
        return frozenset(Role(name) for name in value)
    except ValueError as error:
        raise ValueError(f"roles.toml, {where}: {error}; use the names of ledger.roles.Role") from None


@cache
def matrix() -> Matrix:
    """The matrix of `ledger/roles.toml`."""
    table = tomllib.loads(files("ledger").joinpath("roles.toml").read_text("utf-8"))
    return Matrix(**{part: {name: _row(roles, name) for name, roles in table[part].items()} for part in table})
