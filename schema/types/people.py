"""Who takes part, in which roles and by which tokens; record-keeping, and time lines. Imports the views."""

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
    section,
    shown,
    value,
    whole,
)


@shown(people.ACTOR, filters={"kind": Filter(ActorKind, "A person or a system.")})
class Actor(RowObject):
    """Somebody, or a system, that acts. Their name is not in the ledger."""

    actor = value("Their id.", ID)
    kind = value("A person or a system.", ActorKind)
    post = value("Their post.")
    position = POSITION


@shown(
    people.HOLDING,
    filters={
        "actor": Filter(ID, "Who holds it."),
        "role": Filter(Role, "The role."),
        "held": Filter(bool, "Whether it is held at the instant of `on`."),
    },
)
class Holding(Recorded):
    """A role held from an instant until another."""

    actor = value("Who holds it.", ID)
    role = value("The role.", Role)
    from_at = value("From when.")
    until_at = value("Until when; null: until it is revoked.")
    held = value("Whether it is held at the instant of `on`.")
    revoked_at = value("When it was revoked.")
    revoked_position = value("The position of the entry that revoked it.")
    revoked_reason = value("Why; null once it was erased.")


@shown(
    people.TOKEN, filters={"actor": Filter(ID, "Whose it is."), "live": Filter(bool, "Whether it opens anything.")}
)
class Token(Recorded):
    """An API token's public facts; the token itself is nowhere."""

    token = value("Its public id.", ID)
    actor = value("Whose it is.", ID)
    role = value("The role that it acts in.", Role)
    source = value("The one source that it may record from.")
    facts = value("The facts that it may record; none named: all of its role's.")
    issued_at = value("When it was issued.")
    until_at = value("Until when it is valid.")
    live = value("Whether it opens anything at the instant of `on`.")
    revoked_at = value("When it was revoked.")
    revoked_position = value("The position of the entry that revoked it.")


@shown(people.INTEGRATION)
class Integration(Recorded):
    """A partner's system, and what it may record."""

    integration = value("Its id.", ID)
    actor = value("The actor that it is.", ID)
    source = value("The source that it records from.")
    facts = value("The facts that it may record.")
    revoked_at = value("When it was revoked.")
    revoked_position = value("The position of the entry that revoked it.")


@section("people")
class People(Section):
    """Who takes part, in which roles and by which tokens."""

    actors = many("Actor", "Everybody registered, in order.")
    roles = many("Holding", "The roles held, in order of granting.")
    tokens = many("Token", "The tokens issued, in order.")
    integrations = whole("Integration", "The systems registered, in order.")


@shown(records.ERASURE, filters={"awaited": Filter(bool, "Whether nobody has approved it.")})
class Erasure(Recorded):
    """A request to erase, and its fulfilment."""

    target = value("The position of the entry whose text or file is to go.")
    requested_at = value("When it was asked for.")
    requested_by = value("Who asked.")
    reason = value("Why; null once it was erased.")
    authority = value("Under which authority; null once it was erased.")
    erased_at = value("When it was erased.")
    erased_by = value("Who approved it.")
    erased_position = value("The position of the entry that erased it.")


@shown(records.PUBLICATION, filters={"subject": Filter(ID, "What was published.")})
class Publication(Recorded):
    """Something that was made public."""

    subject = value("What.", ID)
    published_at = value("When.")
    where = value("Where; null once it was erased.")
    shows = value("The position that it shows.")


@shown(records.AUDIT_FINDING, filters={"severity": Filter(Severity, "How grave it is.")})
class AuditFinding(Recorded):
    """What an auditor wrote down."""

    finding = value("Its id.", ID)
    recorded_at = value("When.")
    auditor = value("Who.")
    severity = value("How grave it is.", Severity)
    text = value("What; null once it was erased.")
    positions = value("The positions of the entries that it rests on.")


@shown(records.SIGNING_KEY)
class SigningKey(Recorded):
    """A key by which checkpoints are signed, from its entry on."""

    key = value("Its name.")
    rotated_at = value("When it took over.")
    public_key = value("The Ed25519 public key, 32 bytes in base64.")


@section("records")
class Records(Section):
    """Record-keeping itself."""

    erasures = many("Erasure", "The erasures asked for, in order.")
    publications = many("Publication", "What was published, in order.")
    audit_findings = many("AuditFinding", "The auditors' findings, in order.")
    signing_keys = whole("SigningKey", "The keys that sign or signed; the last one signs.")


@shown(
    timeline.MOMENT,
    filters={
        "subject": Filter(ID, "What it is about."),
        "kind": Filter(str, "The kind of thing, such as objective."),
        "fact": Filter(str, "The fact's name, such as ObjectiveAdded."),
        "actor": Filter(ID, "Who recorded it."),
        "occurred_from": Filter(datetime, "It happened at this instant or later."),
        "occurred_to": Filter(datetime, "It happened before this instant."),
    },
)
class Moment(RowObject):
    """An entry of a subject's timeline."""

    kind = value("The kind of thing that it is about, such as objective.")
    subject = value("What it is about.", ID)
    occurred_at = value("When it happened.")
    fact = value("The fact's name, such as ObjectiveAdded.")
    actor = value("Who recorded it.", ID)
    position = value("The position of the entry.")
    entry = entry("position", "The entry.")
