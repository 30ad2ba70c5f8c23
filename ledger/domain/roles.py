"""The role matrix: the roles that may record each fact, read each view and open each document. Pure."""

import tomllib
from functools import cache
from importlib.resources import files

from msgspec import Struct

from ledger.domain.fact import WordList


class Role(WordList):
    """A role in one notice. Only recorded facts grant and revoke roles, except SERVICE, OPERATOR and PUBLIC."""

    ADVISER = "ADVISER"
    """The adviser whom the Department appoints."""
    COMMISSIONER = "COMMISSIONER"
    """A commissioner whom ministers appoint, usually by a direction."""
    DEPARTMENT_OFFICIAL = "DEPARTMENT_OFFICIAL"
    """An official of the Department for Education."""
    CHAIR = "CHAIR"
    """The chair of the improvement board."""
    BOARD_SECRETARY = "BOARD_SECRETARY"
    """A person who prepares papers and minutes, and records attendance, for the chair."""
    BOARD_MEMBER = "BOARD_MEMBER"
    """A member of the improvement board."""
    COUNCIL_OFFICER = "COUNCIL_OFFICER"
    """An officer of the council."""
    PARTNER = "PARTNER"
    """A person who works for a partner organisation."""
    INTEGRATION = "INTEGRATION"
    """A system that records facts, and reads only its own receipts."""
    AUDITOR = "AUDITOR"
    """An auditor, who reads everything, and records only audit findings and assessments of evidence."""
    REVIEWER = "REVIEWER"
    """A reviewer of the council's progress."""
    DIAGNOSTIC_PROVIDER = "DIAGNOSTIC_PROVIDER"
    """A person who carries out a diagnostic."""
    INSPECTOR = "INSPECTOR"
    """A person from an inspectorate, such as Ofsted."""
    RECORDS_OFFICER = "RECORDS_OFFICER"
    """An officer who grants roles and tokens, and requests or approves erasures."""
    DATA_PROTECTION_OFFICER = "DATA_PROTECTION_OFFICER"
    """An officer who requests or approves erasures."""
    SERVICE = "SERVICE"
    """The ledger's own service, for the facts that it records by itself."""
    OPERATOR = "OPERATOR"
    """The person who runs the ledger's service, from the command line."""
    PUBLIC = "PUBLIC"
    """Anyone who has no other role in the notice."""


class Matrix(Struct, frozen=True):
    """Every fact, view and classification with its roles; a role that is not listed has no access."""

    records: dict[str, frozenset[Role]]
    """Roles that may record a fact, by fact name (`ObjectiveAdded`)."""
    reads: dict[str, frozenset[Role]]
    """Roles that may read a view, by view name."""
    redacted: dict[str, frozenset[Role]]
    """Roles that read a view with small counts suppressed, by view name."""
    opens: dict[str, frozenset[Role]]
    """Roles that open documents without a grant, by classification."""
    second_person: dict[str, frozenset[Role]]
    """Roles that need another person's request once a notice is set up, by the name of the granting fact."""

    def may_record(self, role: Role, fact: str) -> bool:
        """Return whether a role may record the fact of this name.

        Raises:
            KeyError: No fact has that name.
        """
        return role in self.records[fact]


def _row(value: list[str], where: str) -> frozenset[Role]:
    try:
        return frozenset(Role(name) for name in value)
    except ValueError as error:
        raise ValueError(f"roles.toml, {where}: {error}; use the names of ledger.domain.roles.Role") from None


@cache
def matrix() -> Matrix:
    """Return the role matrix of `roles.toml`; the file is read only once."""
    table = tomllib.loads(files("ledger.domain").joinpath("roles.toml").read_text("utf-8"))
    return Matrix(**{part: {name: _row(roles, name) for name, roles in table[part].items()} for part in table})
