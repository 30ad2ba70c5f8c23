"""People, roles and tokens; record-keeping and timelines. Imports the views."""

from datetime import datetime

from ledger.domain.areas.people import ActorKind
from ledger.domain.areas.records import Severity
from ledger.domain.roles import Role
from projections.views import people, records, timeline
from schema.derive.declaration import (
    ID,
    POSITION,
    Filter,
    Recorded,
    RowObject,
    Section,
    entry,
    many,
    object_type,
    section,
    short_list,
    value,
)


@object_type(people.ACTOR, filters={"kind": Filter(ActorKind, "Person or system.")})
class Actor(RowObject):
    """Person or system that acts. The ledger does not contain their name."""

    actor = value("Actor id.", ID)
    kind = value("Person or system.", ActorKind)
    post = value("Post.")
    position = POSITION


@object_type(
    people.HOLDING,
    filters={
        "actor": Filter(ID, "Actor id of the holder."),
        "role": Filter(Role, "Role."),
        "held": Filter(bool, "True if the actor has the role at the instant of `on`."),
    },
)
class Holding(Recorded):
    """Role of an actor for a period."""

    actor = value("Actor id of the holder.", ID)
    role = value("Role.", Role)
    from_at = value("Instant at which it begins.")
    until_at = value("Instant at which it ends; null if it lasts until revoked.")
    held = value("True if the actor has the role at the instant of `on`.")
    revoked_at = value("Instant of the revocation.")
    revoked_position = value("Position of the entry that revoked it.")
    revoked_reason = value("Reason; null if erased.")


@object_type(
    people.TOKEN,
    filters={"actor": Filter(ID, "Actor id of its owner."), "live": Filter(bool, "True if it is valid.")},
)
class Token(Recorded):
    """Public facts of an API token; the token itself is not stored."""

    token = value("Public id.", ID)
    actor = value("Actor id of its owner.", ID)
    role = value("Role of its owner when using it.", Role)
    source = value("The only source that it may record from.")
    facts = value("Facts that it may record; if empty, all facts of its role.")
    issued_at = value("Instant at which it was issued.")
    until_at = value("Instant at which it expires.")
    live = value("True if it is valid at the instant of `on`.")
    revoked_at = value("Instant of the revocation.")
    revoked_position = value("Position of the entry that revoked it.")


@object_type(people.INTEGRATION)
class Integration(Recorded):
    """A partner's system, with the facts that it may record."""

    integration = value("Id.", ID)
    actor = value("Actor id of the system.", ID)
    source = value("Source that it records from.")
    facts = value("Facts that it may record.")
    revoked_at = value("Instant of the revocation.")
    revoked_position = value("Position of the entry that revoked it.")


@section("people")
class People(Section):
    """People and systems with a role, and their tokens."""

    actors = many("Actor", "Registered actors, in order.")
    roles = many("Holding", "Roles granted, in order.")
    tokens = many("Token", "Tokens issued, in order.")
    integrations = short_list("Integration", "Registered systems, in order.")


@object_type(records.ERASURE, filters={"awaited": Filter(bool, "True if it awaits approval.")})
class Erasure(Recorded):
    """Request for erasure, and its fulfilment."""

    target = value("Position of the entry whose narratives or file are to be erased.")
    requested_at = value("Instant of the request.")
    requested_by = value("Actor id of the requester.")
    reason = value("Reason; null if erased.")
    authority = value("Legal authority; null if erased.")
    erased_at = value("Instant of the erasure.")
    erased_by = value("Actor id of the approver.")
    erased_position = value("Position of the entry that erased it.")


@object_type(records.PUBLICATION, filters={"subject": Filter(ID, "Id of what was published.")})
class Publication(Recorded):
    """Publication."""

    subject = value("Id of what was published.", ID)
    published_at = value("Instant at which it happened.")
    where = value("Place of publication; null if erased.")
    shows = value("Position of the ledger that it presents.")


@object_type(records.AUDIT_FINDING, filters={"severity": Filter(Severity, "Severity.")})
class AuditFinding(Recorded):
    """Finding of an auditor."""

    finding = value("Id.", ID)
    recorded_at = value("Instant at which it happened.")
    auditor = value("Actor id of the person.")
    severity = value("Severity.", Severity)
    text = value("Narrative; null if erased.")
    positions = value("Positions of the entries behind it.")


@object_type(records.SIGNING_KEY)
class SigningKey(Recorded):
    """Key that signs checkpoints from its entry on."""

    key = value("Name.")
    rotated_at = value("Instant from which it signs.")
    public_key = value("Ed25519 public key: 32 bytes in base64.")


@section("records")
class Records(Section):
    """Record-keeping."""

    erasures = many("Erasure", "Requests for erasure, in order.")
    publications = many("Publication", "Publications, in order.")
    audit_findings = many("AuditFinding", "Findings of auditors, in order.")
    signing_keys = short_list("SigningKey", "Signing keys, in order; the last one is current.")


@object_type(
    timeline.MOMENT,
    filters={
        "subject": Filter(ID, "Subject."),
        "kind": Filter(str, "Kind of subject, such as objective."),
        "fact": Filter(str, "Name of the fact, such as ObjectiveAdded."),
        "actor": Filter(ID, "Actor id of its recorder."),
        "occurred_from": Filter(datetime, "Start of the period in which it happened, inclusive."),
        "occurred_to": Filter(datetime, "End of the period in which it happened, exclusive."),
    },
)
class Moment(RowObject):
    """Entry of a subject's timeline."""

    kind = value("Kind of subject, such as objective.")
    subject = value("Subject.", ID)
    occurred_at = value("Instant at which it happened.")
    fact = value("Name of the fact, such as ObjectiveAdded.")
    actor = value("Actor id of its recorder.", ID)
    position = value("Position of the entry.")
    entry = entry("position", "Entry.")
