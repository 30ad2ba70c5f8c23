"""People, roles and tokens; record-keeping and timelines. Imports the views."""

from typing import Any

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


def _of_actor(of: str, by: str, description: str) -> Any:  # noqa: ANN401 - of any type
    """Declare a list of the rows that meet the condition `by` for the actor's id."""
    return many(of, description, by=by, key="actor")


def _few_of_actor(of: str, by: str, description: str) -> Any:  # noqa: ANN401 - of any type
    """Declare a short list of the rows that meet the condition `by` for the actor's id."""
    return short_list(of, description, by=by, key="actor")


@object_type(people.ACTOR, node="actor", filters=of_row("kind", "registered"))
class Actor(RowObject, Node):
    """Person, system or organisation that an entry names. The ledger does not contain their name."""

    roles = many("Holding", "Roles granted to them, in order.", by="actor")
    role_requests = _of_actor("RoleRequest", "actor", "Requests for a role for them.")
    requested_roles = _of_actor("RoleRequest", "requested_by", "Requests for a role that they made.")
    tokens = many("Token", "Tokens issued to them, in order.", by="actor")
    integrations = _few_of_actor("Integration", "actor", "Registrations of theirs as a partner's system.")
    objectives = _of_actor("Objective", "owner", "Objectives that they own.")
    actions = _of_actor("Action", "owner", "Actions that they own, alone or with others.")
    co_owned_actions = _of_actor("Action", "co_owner", "Actions of other owners that they own too.")
    contributions = _of_actor("Contribution", "owner", "Contributions that they own.")
    board_actions = _of_actor("BoardAction", "owner", "Actions of the board's log that they own.")
    risks = _of_actor("Risk", "owner", "Risks that they own.")
    dependencies = _of_actor("Dependency", "owner", "Dependencies that they own.")
    progress = _of_actor("Progress", "actor", "Progress that they recorded.")
    highlights = _of_actor("Highlight", "actor", "Reports of slow progress that they made.")
    rebaselines = _few_of_actor("Rebaseline", "approver", "Changes of due dates that they approved.")
    briefings = _of_actor("Briefing", "leader", "Briefings at which they were briefed.")
    recommendations = _of_actor("Recommendation", "by", "Recommendations that they made to the council.")
    led = _few_of_actor("Partner", "lead", "Partner organisations that they lead.")
    chaired = _few_of_actor("Chair", "chair", "Times in which they chair a board.")
    memberships = _of_actor("Member", "member", "Times in which they are members of a board.")
    interests = _of_actor("Interest", "actor", "Interests that they declared.")
    packs = _few_of_actor("Pack", "recipient", "Papers circulated to them.")
    attended = _of_actor("Meeting", "attendee", "Meetings that they attended.")
    apologies = _of_actor("Meeting", "absentee", "Meetings for which they sent apologies.")
    submitted = many("Evidence", "Documents that they submitted.", by="actor")
    assessments = _few_of_actor("Assessment", "assessor", "Judgements of theirs on documents.")
    requests = _of_actor("Access", "grantee", "Requests for access on their behalf.")
    requested_access = _of_actor("Access", "requested_by", "Requests for access that they made.")
    decided_access = _of_actor("Access", "decided_by", "Requests for access that they granted or refused.")
    uses = _of_actor("Use", "grantee", "Uses that they made of their access.")
    diagnostics = _of_actor("Diagnostic", "provider", "Diagnostics that they provide.")
    appointments = _few_of_actor("Tenure", "adviser", "Times in which they are the adviser.")
    adviser_reports = _of_actor("AdviserReport", "adviser", "Their reports as the adviser.")
    posts = _few_of_actor("PostTenure", "holder", "Times in which they hold a post that the notice asks for.")
    judgements = _of_actor("ClauseAssessment", "by", "Judgements of theirs on clauses.")
    instructions = _of_actor("Instruction", "by", "Instructions that they gave to the council.")
    consents = _of_actor("Consent", "by", "Consents that they gave.")
    cooperation = _of_actor("Cooperation", "by", "Reports of theirs on the council's co-operation.")
    requested_erasures = _of_actor("Erasure", "requested_by", "Erasures that they requested.")
    approved_erasures = _of_actor("Erasure", "erased_by", "Erasures that they approved.")
    audit_findings = _of_actor("AuditFinding", "auditor", "Findings that they recorded as the auditor.")
    accepted_losses = _few_of_actor("Loss", "accepted_by", "Losses of entries that they accepted.")
    timeline = many("Moment", "Entries that they recorded, once for each subject.", by="actor")


row_type(people.HOLDING, "actor", "role", "held")
row_type(people.ROLE_REQUEST, "actor", "role", filters={"open": Filter(bool, "True if it has not been granted.")})
row_type(people.TOKEN, "actor", "live")


@section("people", "People and systems that entries name. FORBIDDEN to roles that do not read it.")
class People(Section):
    """People and systems that entries name, with their roles and tokens."""

    actors = many(
        "Actor", "Everyone whom an entry names, by id. Without `entries`, everyone with a registration or role."
    )
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
    """Erasures, publications, audit findings, losses of entries, and signing keys."""

    erasures = many("Erasure", "Requests for erasure, in order.")
    publications = many("Publication", "Publications, in order.")
    audit_findings = many("AuditFinding", "Findings of auditors, in order.")
    losses = short_list("Loss", "Losses of entries, in order.")
    signing_keys = short_list("SigningKey", "Signing keys, in order; the last one is current.")


@object_type(timeline.MOMENT, filters=of_row("subject", "kind", "fact", "actor"))
class Moment(RowObject):
    """Entry of a subject's timeline."""

    entry = entry("position", "Entry.")
