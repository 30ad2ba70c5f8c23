"""The people who chair a board and who hold a role, day by day."""

from datetime import date, datetime

from msgspec import Struct, field

from ledger.domain.areas.board import ChairAppointed, ChairEnded
from ledger.domain.areas.people import RoleGranted, RoleRevoked
from ledger.domain.roles import Role


class ChairTenure(Struct):
    """A time in the chair; both days are included."""

    chair: str
    first: date
    last: date | None
    independent: bool
    position: int
    ended: int | None = None
    """Entry that ended it."""

    def covers(self, day: date) -> bool:
        """Return True if the day lies in the tenure."""
        return self.first <= day and (self.last is None or day <= self.last)


class Tenures(Struct):
    """Every tenure in the chair, in the order of appointment."""

    all: list[ChairTenure] = field(default_factory=list)

    def take(self, fact: ChairAppointed | ChairEnded, position: int) -> None:
        """Remember an appointment or its end."""
        match fact:
            case ChairAppointed():
                is_independent = fact.independence_basis is not None
                self.all.append(ChairTenure(fact.chair, fact.first, fact.last, is_independent, position))
            case ChairEnded():
                for tenure in self.all:
                    if tenure.chair == fact.chair and tenure.last is None:
                        tenure.last, tenure.ended = fact.last, position

    def on(self, day: date) -> ChairTenure | None:
        """Return the tenure on a day; None: the chair is vacant."""
        return next((tenure for tenure in self.all if tenure.covers(day)), None)

    def chairs(self, actor: str, day: date) -> bool:
        """Return True if the actor chairs on that day."""
        return any(tenure.chair == actor and tenure.covers(day) for tenure in self.all)


class RolesHeld(Struct):
    """Every grant of a role."""

    grants: dict[str, list[tuple[str, datetime, datetime | None]]] = field(default_factory=dict)
    """Actor → the role, its first instant, and the instant from which it no longer holds."""

    def take(self, fact: RoleGranted | RoleRevoked, at: datetime) -> None:
        """Remember a grant or its end."""
        known = self.grants.setdefault(fact.actor, [])
        match fact:
            case RoleGranted():
                known.append((fact.role.value, fact.from_ or at, fact.until))
            case RoleRevoked():
                self.grants[fact.actor] = [
                    (role, first, at if role == fact.role.value and (until is None or until > at) else until)
                    for role, first, until in known
                ]

    def holds(self, actor: str, role: Role, at: datetime) -> bool:
        """Return True if the actor holds the role at that instant."""
        return any(
            name == role.value and first <= at and (until is None or at < until)
            for name, first, until in self.grants.get(actor, ())
        )
