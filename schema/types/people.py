"""People, roles and tokens; record-keeping and timelines. Imports the views."""

from projections.views import people, records, timeline
from schema.derive.declaration import (
    Filter,
    RowObject,
    Section,
    entry,
    many,
    object_type,
    of_row,
    row_type,
    section,
    short_list,
)
from schema.derive.node import Node


@object_type(people.ACTOR, node="actor", filters=of_row("kind"))
class Actor(RowObject, Node):
    """Person or system that acts. The ledger does not contain their name."""

    roles = many("Holding", "Roles granted to them, in order.", by="actor")
    tokens = many("Token", "Tokens issued to them, in order.", by="actor")
    objectives = many("Objective", "Objectives that they own.", by="owner", key="actor")
    actions = many("Action", "Actions that they own.", by="owner", key="actor")
    contributions = many("Contribution", "Contributions that they own.", by="owner", key="actor")
    board_actions = many("BoardAction", "Actions of the board's log that they own.", by="owner", key="actor")
    risks = many("Risk", "Risks that they own.", by="owner", key="actor")
    dependencies = many("Dependency", "Dependencies that they own.", by="owner", key="actor")
    led = short_list("Partner", "Partner organisations that they lead.", by="lead", key="actor")
    submitted = many("Evidence", "Documents that they submitted.", by="actor")
    requests = many("Access", "Requests for access on their behalf.", by="grantee", key="actor")
    timeline = many("Moment", "Entries that they recorded.", by="actor")


row_type(people.HOLDING, "actor", "role", "held")
row_type(people.ROLE_REQUEST, "actor", "role", filters={"open": Filter(bool, "True if it has not been granted.")})
row_type(people.TOKEN, "actor", "live")


@section("people", "People and systems with a role. FORBIDDEN to roles that do not read it.")
class People(Section):
    """People and systems with a role, and their tokens."""

    actors = many("Actor", "Registered actors, in order.")
    roles = many("Holding", "Roles granted, in order.")
    role_requests = many("RoleRequest", "Requests for roles, in order.")
    tokens = many("Token", "Tokens issued, in order.")
    integrations = short_list("Integration", "Registered systems, in order.")


row_type(records.ERASURE, filters={"awaited": Filter(bool, "True if it awaits approval.")})
row_type(records.PUBLICATION, "subject")
row_type(records.AUDIT_FINDING, "severity")


@section(
    "records",
    "Record-keeping: erasures, publications, audit findings, keys. FORBIDDEN to roles that do not read it.",
)
class Records(Section):
    """Record-keeping."""

    erasures = many("Erasure", "Requests for erasure, in order.")
    publications = many("Publication", "Publications, in order.")
    audit_findings = many("AuditFinding", "Findings of auditors, in order.")
    losses = short_list("Loss", "Losses of entries, in order.")
    signing_keys = short_list("SigningKey", "Signing keys, in order; the last one is current.")


@object_type(timeline.MOMENT, filters=of_row("subject", "kind", "fact", "actor"))
class Moment(RowObject):
    """Entry of a subject's timeline."""

    entry = entry("position", "Entry.")
