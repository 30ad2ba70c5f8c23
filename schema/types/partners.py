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
    one,
    section,
    shown,
    value,
    whole,
)
from schema.derive.node import Node
from schema.types.enums import ContributionStanding, EscalationState, TenureEnd

_PARTNER = {"partner": Filter(ID, "The partner.")}


@shown(partners.PARTNER, node="partner")
class Partner(Recorded, Node):
    """An organisation that takes part (clause 2), and how its contributions stand on the day of `on`."""

    partner = value("Its id.", ID)
    organisation = value("Its name; null once it was erased.")
    section11 = value("Whether section 11 of the Children Act 2004 binds it.")
    lead = value("Who answers for it.")
    delivered = value("How many contributions came in time.")
    late = value("How many came after their date.")
    missed = value("How many were recorded as missed.")
    overdue = value("How many are past their date and have not come.")
    awaited = value("How many are still to come.")
    contributions = whole("Contribution", "What it promised, by date.", by="partner", key="partner")
    concerns = whole("ContributionConcern", "Concerns about what it contributes.", by="partner", key="partner")
    updates = whole("PartnerUpdate", "The updates that the board asked it for.", by="partner", key="partner")


@shown(
    partners.CONTRIBUTION,
    filters=_PARTNER
    | {
        "objective": Filter(ID, "The objective that it serves."),
        "standing": Filter(ContributionStanding, "How it stands."),
        "owner": Filter(str, "Who answers for it."),
        "due_before": Filter(date, "It is due before this day."),
    },
)
class Contribution(Recorded):
    """Something that a partner promised."""

    contribution = value("Its id.", ID)
    partner = value("The partner.", ID)
    what = value("What; null once it was erased.")
    owner = value("Who answers for it.")
    due = value("The day by which it is due.")
    standing = value("How it stands on the day of `on`.", ContributionStanding)
    objective = value("The objective that it serves.", ID)
    committed_at = value("When it was promised.")
    received_on = value("The day on which it came.")
    received_position = value("The position of the entry that says so.")
    note = value("What was said of it; null once it was erased.")
    evidence = NAMED_EVIDENCE
    missed_position = value("The position of the entry that says that it was missed.")
    missed_reason = value("Why; null once it was erased.")


@shown(partners.CONTRIBUTION_CONCERN, filters=_PARTNER)
class ContributionConcern(Recorded):
    """A concern about what a partner contributes."""

    partner = value("The partner.", ID)
    contribution = value("The contribution.", ID)
    raised_at = value("When it was raised.")
    concern = value("What; null once it was erased.")


@shown(
    partners.PARTNER_UPDATE,
    filters=_PARTNER
    | {
        "awaited": Filter(bool, "Whether it has not come."),
        "overdue": Filter(bool, "Whether it has not come and is past its date."),
        "due_before": Filter(date, "It is due before this day."),
    },
)
class PartnerUpdate(Recorded):
    """An update that the board asked a partner for."""

    update = value("Its id.", ID)
    partner = value("The partner.", ID)
    topic = value("On what; null once it was erased.")
    commissioned_at = value("When it was asked for.")
    due = value("The day by which it is due.")
    overdue = value("Whether it has not come and is past its date, on the day of `on`.")
    received_on = value("The day on which it came.")
    received_position = value("The position of the entry that says so.")
    summary = value("What it says; null once it was erased.")
    evidence = NAMED_EVIDENCE


@section("partners")
class Partners(Section):
    """The partners, and what they contribute (clause 2)."""

    partners = whole("Partner", "The partners in the order in which they were registered.")
    contributions = many("Contribution", "What they promised, by date.")
    concerns = many("ContributionConcern", "The concerns about what they contribute.")
    updates = many("PartnerUpdate", "The updates that the board asked them for, by date.")


@shown(adviser.TENURE, filters={"in_post": Filter(bool, "Whether they are in post on the day of `on`.")})
class Tenure(Recorded):
    """A time in the post of adviser (clause 3)."""

    appointment = value("Its id.", ID)
    adviser = value("Who.")
    first = value("The first day; both days are included.")
    last = value("The last day; null: until they are released or replaced.")
    in_post = value("Whether they are in post on the day of `on`.")
    terms = value("What the appointment asks; null once it was erased.")
    ended = value("How it ended; null: it has not.", TenureEnd)
    ended_position = value("The position of the entry that ended it.")
    reason = value("Why it ended; null once it was erased.")


@shown(adviser.ADVISER_VACANCY)
class AdviserVacancy(RowObject):
    """Days on which nobody advised; both days are included."""

    first = value("The first day.")
    last = value("The last day; null: it goes on.")


@shown(adviser.UNREPORTED)
class Unreported(RowObject):
    """Days between the first report's period and the last one's that no report covers; both days are included."""

    first = value("The first day.")
    last = value("The last day; null: it goes on.")


@shown(adviser.ADVISER_REPORT, node="report", filters=PERIOD)
class AdviserReport(Recorded, Node):
    """A report of the adviser to ministers (clause 12), pinned to a position of the ledger."""

    report = value("Its id.", ID)
    adviser = value("Who reports.")
    issued_at = value("When it was issued.")
    first = value("The first day of its period.")
    last = value("The last day of its period.")
    other = value("What else it says; null once it was erased.")
    query = value("The query that its figures come from; null once it was erased.")
    pinned = value("The position at which its figures were read, and can be read again.")
    areas = whole("AreaReport", "What it says of areas.", by="report", key="report")
    requirements = whole(
        "RequirementReport", "What it says of the notice's requirements.", by="report", key="report"
    )


@shown(adviser.AREA_REPORT, filters={"area": Filter(ID, "The area."), "judgement": Filter(AreaJudgement, "What.")})
class AreaReport(RowObject):
    """What the adviser's report says of an area."""

    report = value("The report.", ID)
    area = value("The area.", ID)
    judgement = value("Progress, or concern.", AreaJudgement)
    text = value("In words; null once it was erased.")
    position = POSITION


@shown(adviser.REQUIREMENT_REPORT)
class RequirementReport(RowObject):
    """What the adviser's report says of a requirement of the notice."""

    report = value("The report.", ID)
    number = value("The clause.")
    text = value("In words; null once it was erased.")
    position = POSITION


@section("adviser")
class Adviser(Section):
    """Who advises and who did (clause 3), and what the adviser's reports cover (clause 12)."""

    current = one("Tenure", "Who advises on the day of `on`; null: nobody.", where={"in_post": True})
    tenures = whole("Tenure", "Everybody's time in post, in order of their first days.")
    vacancies = whole("AdviserVacancy", "The days on which nobody advised, up to `on`.")
    unreported = whole("Unreported", "The days that no report covers.")
    areas = many("AreaReport", "What the reports say of areas, over time.")


@shown(escalation.CONCERN)
class Concern(Recorded):
    """A concern of the ministers' side."""

    concern = value("Its id.", ID)
    raised_at = value("When it was raised.")
    text = value("What; null once it was erased.")
    areas = value("The areas that it is about.", ID)


@shown(escalation.INTERVENTION)
class Intervention(Recorded):
    """A decision of ministers to intervene (clause 13)."""

    intervention = value("Its id.", ID)
    decided_at = value("When it was decided.")
    power = value("The power that it is made under.")
    decision = value("What was decided; null once it was erased.")
    concerns = value("The concerns that it answers.", ID)
    takes_effect_on = value("The day from which it binds.")
    ended_at = value("When it ended.")
    ended_position = value("The position of the entry that ended it.")
    ended_reason = value("Why it ended; null once it was erased.")
    becomes = value("What followed.")


@shown(escalation.STEP)
class EscalationStep(RowObject):
    """A state that the notice came to, and the entry that brought it there."""

    state = value("The state.", EscalationState)
    reached_at = value("When.", name="at")
    subject = value("The concern or the intervention; empty for the notice itself.")
    position = value("The position of the entry that brought it there.")
    entry = entry("position", "The entry that brought it there.")


@section("escalation")
class Escalation(Section):
    """What led to intervention, step by step (clause 13); the ledger never infers it."""

    concerns = whole("Concern", "The concerns raised, in order.")
    interventions = whole("Intervention", "The interventions decided on, in order.")
    steps = whole("EscalationStep", "What led where; the last one's state is the notice's.")
