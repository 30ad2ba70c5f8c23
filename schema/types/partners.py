"""The partners, the adviser and the ministers' side. Imports the views."""

from datetime import date

from ledger.domain.areas.reports import AreaJudgement
from projections.views import adviser, escalation, partners
from schema.derive.declaration import (
    ID,
    NAMED_EVIDENCE,
    PERIOD,
    POSITION,
    Filter,
    Recorded,
    RowObject,
    Section,
    entry,
    many,
    object_type,
    one,
    section,
    short_list,
    value,
)
from schema.derive.node import Node
from schema.types.enums import ContributionStanding, EscalationState, TenureEnd

_PARTNER = {"partner": Filter(ID, "Id of the partner.")}


@object_type(partners.PARTNER, node="partner")
class Partner(Recorded, Node):
    """Partner organisation (clause 2), with the status of its contributions on the day of `on`."""

    partner = value("Id.", ID)
    organisation = value("Name; null if erased.")
    section11 = value("True if section 11 of the Children Act 2004 binds it.")
    lead = value("Actor id of its owner.")
    delivered = value("Number of contributions delivered in time.")
    late = value("Number of contributions delivered late.")
    missed = value("Number of contributions recorded as missed.")
    overdue = value("Number of contributions overdue.")
    awaited = value("Number of contributions awaited.")
    contributions = short_list("Contribution", "Promised contributions, by due date.", by="partner", key="partner")
    concerns = short_list("ContributionConcern", "Concerns about its contributions.", by="partner", key="partner")
    updates = short_list(
        "PartnerUpdate", "Updates that the board commissioned from it.", by="partner", key="partner"
    )


@object_type(
    partners.CONTRIBUTION,
    filters=_PARTNER
    | {
        "objective": Filter(ID, "Id of the objective that it serves."),
        "standing": Filter(ContributionStanding, "Status."),
        "owner": Filter(str, "Actor id of its owner."),
        "due_before": Filter(date, "End of the period in which it is due, exclusive."),
    },
)
class Contribution(Recorded):
    """Contribution promised by a partner."""

    contribution = value("Id.", ID)
    partner = value("Id of the partner.", ID)
    what = value("Narrative; null if erased.")
    owner = value("Actor id of its owner.")
    due = value("Due date.")
    standing = value("Status on the day of `on`.", ContributionStanding)
    objective = value("Id of the objective that it serves.", ID)
    committed_at = value("Instant at which it was promised.")
    received_on = value("Date of delivery.")
    received_position = value("Position of the entry that records the delivery.")
    note = value("Note on the delivery; null if erased.")
    evidence = NAMED_EVIDENCE
    missed_position = value("Position of the entry that records it as missed.")
    missed_reason = value("Reason why it was missed; null if erased.")


@object_type(partners.CONTRIBUTION_CONCERN, filters=_PARTNER)
class ContributionConcern(Recorded):
    """Concern about a partner's contributions."""

    partner = value("Id of the partner.", ID)
    contribution = value("Id of the contribution.", ID)
    raised_at = value("Instant at which it was raised.")
    concern = value("Narrative; null if erased.")


@object_type(
    partners.PARTNER_UPDATE,
    filters=_PARTNER
    | {
        "awaited": Filter(bool, "True if it has not arrived."),
        "overdue": Filter(bool, "True if it has not arrived and its due date has passed."),
        "due_before": Filter(date, "End of the period in which it is due, exclusive."),
    },
)
class PartnerUpdate(Recorded):
    """Update that the board commissioned from a partner."""

    update = value("Id.", ID)
    partner = value("Id of the partner.", ID)
    topic = value("Topic; null if erased.")
    commissioned_at = value("Instant of the request.")
    due = value("Due date.")
    overdue = value("True if it has not arrived and its due date has passed on the day of `on`.")
    received_on = value("Date of delivery.")
    received_position = value("Position of the entry that records the delivery.")
    summary = value("Summary; null if erased.")
    evidence = NAMED_EVIDENCE


@section("partners")
class Partners(Section):
    """Partners and their contributions (clause 2)."""

    partners = short_list("Partner", "Partners, in order of registration.")
    contributions = many("Contribution", "Promised contributions, by due date.")
    concerns = many("ContributionConcern", "Concerns about their contributions.")
    updates = many("PartnerUpdate", "Updates commissioned by the board, by due date.")


@object_type(adviser.TENURE, filters={"in_post": Filter(bool, "True if they are in post on the day of `on`.")})
class Tenure(Recorded):
    """Period of one adviser in post (clause 3)."""

    appointment = value("Id.", ID)
    adviser = value("Actor id of the person.")
    first = value("First day; the period includes both days.")
    last = value("Last day; null if the adviser is in post.")
    in_post = value("True if they are in post on the day of `on`.")
    terms = value("Terms of the appointment; null if erased.")
    ended = value("End of the period in post; null if it continues.", TenureEnd)
    ended_position = value("Position of the entry that ended it.")
    reason = value("Reason for the end; null if erased.")


@object_type(adviser.ADVISER_VACANCY)
class AdviserVacancy(RowObject):
    """Period without an adviser; it includes both days."""

    first = value("First day.")
    last = value("Last day; null if it continues.")


@object_type(adviser.UNREPORTED)
class Unreported(RowObject):
    """Period between the first and the last report that no report covers; it includes both days."""

    first = value("First day.")
    last = value("Last day; null if it continues.")


@object_type(adviser.ADVISER_REPORT, node="report", filters=PERIOD)
class AdviserReport(Recorded, Node):
    """The adviser's report to ministers (clause 12), pinned to a position of the ledger."""

    report = value("Id.", ID)
    adviser = value("Actor id of the adviser.")
    issued_at = value("Instant at which it was issued.")
    first = value("First day of its period.")
    last = value("Last day of its period.")
    other = value("Other remarks; null if erased.")
    query = value("Query behind its figures; null if erased.")
    pinned = value("Position at which its figures were read, and can be read again.")
    areas = short_list("AreaReport", "Sections on areas.", by="report", key="report")
    requirements = short_list(
        "RequirementReport", "Sections on the notice's requirements.", by="report", key="report"
    )


@object_type(
    adviser.AREA_REPORT,
    filters={"area": Filter(ID, "Id of the area."), "judgement": Filter(AreaJudgement, "Judgement.")},
)
class AreaReport(RowObject):
    """Section of the adviser's report on an area."""

    report = value("Id of the report.", ID)
    area = value("Id of the area.", ID)
    judgement = value("Progress or concern.", AreaJudgement)
    text = value("Narrative; null if erased.")
    position = POSITION


@object_type(adviser.REQUIREMENT_REPORT)
class RequirementReport(RowObject):
    """Section of the adviser's report on a requirement of the notice."""

    report = value("Id of the report.", ID)
    number = value("Number of the clause.")
    text = value("Narrative; null if erased.")
    position = POSITION


@section("adviser")
class Adviser(Section):
    """Present and former advisers (clause 3), and the coverage of the adviser's reports (clause 12)."""

    current = one("Tenure", "Adviser on the day of `on`; null if nobody.", where={"in_post": True})
    tenures = short_list("Tenure", "All advisers, by first day.")
    vacancies = short_list("AdviserVacancy", "Periods without an adviser, up to `on`.")
    unreported = short_list("Unreported", "Periods that no report covers.")
    areas = many("AreaReport", "Sections of the reports on areas, over time.")


@object_type(escalation.CONCERN)
class Concern(Recorded):
    """Concern raised on behalf of ministers."""

    concern = value("Id.", ID)
    raised_at = value("Instant at which it was raised.")
    text = value("Narrative; null if erased.")
    areas = value("Ids of the areas that it concerns.", ID)


@object_type(escalation.INTERVENTION)
class Intervention(Recorded):
    """Decision of ministers to intervene (clause 13)."""

    intervention = value("Id.", ID)
    decided_at = value("Instant of the decision.")
    power = value("Legal power.")
    decision = value("Outcome of the decision; null if erased.")
    concerns = value("Ids of the concerns that it answers.", ID)
    takes_effect_on = value("Date from which it has effect.")
    ended_at = value("Instant at which it ended.")
    ended_position = value("Position of the entry that ended it.")
    ended_reason = value("Reason for the end; null if erased.")
    becomes = value("Arrangement that followed.")


@object_type(escalation.STEP)
class EscalationStep(RowObject):
    """Step of the escalation, with the entry behind it."""

    state = value("Stage of the escalation.", EscalationState)
    reached_at = value("Instant at which it happened.", name="at")
    subject = value("Id of the concern or intervention; empty for the notice itself.")
    position = value("Position of the entry behind the step.")
    entry = entry("position", "Entry behind the step.")


@section("escalation")
class Escalation(Section):
    """Escalation to intervention, step by step, as recorded (clause 13); the ledger infers none of it."""

    concerns = short_list("Concern", "The concerns raised, in order.")
    interventions = short_list("Intervention", "The interventions decided on, in order.")
    steps = short_list("EscalationStep", "Steps of the escalation; the last one has the current stage.")
