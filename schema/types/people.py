"""People, roles and tokens; record-keeping and timelines. Imports the views."""

from projections.views import people, records, timeline
from schema.derive.declaration import (
    Filter,
    Recorded,
    RowObject,
    Section,
    entry,
    many,
    object_type,
    of_row,
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
    led = short_list("Partner", "Partner organisations that they lead.", by="lead", key="actor")
    submitted = many("Evidence", "Documents that they submitted.", by="actor")
    requests = many("Access", "Requests for access on their behalf.", by="grantee", key="actor")
    timeline = many("Moment", "Entries that they recorded.", by="actor")


@object_type(people.HOLDING, filters=of_row("actor", "role", "held"))
class Holding(Recorded):
    """Role of an actor for a period."""


@object_type(
    people.ROLE_REQUEST,
    filters={**of_row("actor", "role"), "open": Filter(bool, "True if it has not been granted.")},
)
class RoleRequest(Recorded):
    """Request for a role that takes two people, and the grant that followed."""


@object_type(people.TOKEN, filters=of_row("actor", "live"))
class Token(Recorded):
    """Public facts of an API token; the token itself is not stored."""


@object_type(people.INTEGRATION)
class Integration(Recorded):
    """A partner's system, with the facts that it may record."""


@section("people", "People and systems with a role. FORBIDDEN to roles that do not read it.")
class People(Section):
    """People and systems with a role, and their tokens."""

    actors = many("Actor", "Registered actors, in order.")
    roles = many("Holding", "Roles granted, in order.")
    role_requests = many("RoleRequest", "Requests for roles, in order.")
    tokens = many("Token", "Tokens issued, in order.")
    integrations = short_list("Integration", "Registered systems, in order.")


@object_type(records.ERASURE, filters={"awaited": Filter(bool, "True if it awaits approval.")})
class Erasure(Recorded):
    """Request for erasure, and its fulfilment."""


@object_type(records.PUBLICATION, filters=of_row("subject"))
class Publication(Recorded):
    """Publication."""


@object_type(records.AUDIT_FINDING, filters=of_row("severity"))
class AuditFinding(Recorded):
    """Finding of an auditor."""


@object_type(records.LOSS)
class Loss(Recorded):
    """Loss of entries in the database, after which recording resumed."""


@object_type(records.SIGNING_KEY)
class SigningKey(Recorded):
    """Key that signs checkpoints from its entry on."""


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
