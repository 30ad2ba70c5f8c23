"""Provide a person in each role that can be granted, for tests that cover them all."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ledger.domain.roles import Role, matrix
from tests.api.service import NOTICE, Notice, Service, begin, event, issue, record, run
from tests.databases import copied_database

GRANTABLE = [role for role in Role if role not in (Role.OPERATOR, Role.SERVICE, Role.PUBLIC)]
EACH_ROLE = pytest.mark.parametrize("role", GRANTABLE, ids=lambda role: role.value)
READING = {
    "measure": "M1",
    "period": {"first": "2022-07-01", "last": "2022-07-31"},
    "numerator": 3,
    "denominator": 40,
    "system": "case system",
    "extractedAt": "2022-08-02T09:00:00Z",
}
"""A reading with a small count."""
SEEN = f'{{ notice(id: "{NOTICE}") {{ id plan {{ __typename }} }} }}'


def actor_of(role: Role) -> str:
    return f"holder-{role.value.lower()}"


def reads(role: Role, view: str) -> bool:
    return role in matrix().reads[view]


@contextmanager
def peopled(template: str) -> Iterator[Service]:
    """Run a service with a person in each role that can be granted, and a measure with a small reading."""
    with copied_database(template, "views_template") as url:
        run(begin(url))
        granted = [
            event("people.RoleGranted", {"actor": actor_of(role), "role": role.value}, "operator")
            for role in GRANTABLE
        ]
        measure = {"measure": "M1", "title": "Seen alone", "unit": "PERCENT", "direction": "HIGHER_IS_BETTER"}
        figures = [
            event("measures.MeasureDefined", measure, "operator"),
            event("measures.MeasureReadingReported", READING, "operator"),
        ]
        run(record(url, NOTICE, [*granted, *figures]))
        tokens = {actor_of(role): run(issue(url, NOTICE, actor_of(role), role.value)) for role in GRANTABLE}
        with Service(url, Notice(NOTICE, tokens)) as running:
            with running.client(actor_of(Role.ADVISER)) as client:
                while client.post("/graphql", json={"query": SEEN}).json()["data"] is None:
                    pass
            yield running
