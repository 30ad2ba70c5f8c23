"""The partners, the adviser and the ministers' side. Imports the views and `ledger`."""

from ledger.domain.areas.reviews import AreaJudgement
from projections.views import adviser, escalation, partners
from schema.derive.declaration import (
    PERIOD,
    Filter,
    Recorded,
    RowObject,
    Section,
    entry,
    many,
    node,
    object_type,
    of_row,
    one,
    row_type,
    section,
    short_list,
    value,
)
from schema.derive.node import Node


@object_type(partners.PARTNER, node="partner")
class Partner(Recorded, Node):
    """Partner organisation, with the number of its contributions by status on the day of `on`."""

    actions = many("Action", "Actions that it carries out.", by="partner")
    contributions = short_list("Contribution", "Promised contributions, by due date.", by="partner")
    concerns = short_list("ContributionConcern", "Concerns about its contributions.", by="partner")
    updates = short_list("PartnerUpdate", "Updates that the board commissioned from it.", by="partner")


@object_type(partners.CONTRIBUTION, filters=of_row("partner", "objective", "standing", "owner"))
class Contribution(Recorded):
    """Contribution promised by a partner."""


@object_type(partners.CONTRIBUTION_CONCERN, filters=of_row("partner"))
class ContributionConcern(Recorded):
    """Concern about a partner's contributions."""

    contribution_node = node("Contribution", "contribution")


@object_type(
    partners.PARTNER_UPDATE,
    filters={**of_row("partner"), "awaited": Filter(bool, "True if it has not arrived."), **of_row("overdue")},
)
class PartnerUpdate(Recorded):
    """Update that the board commissioned from a partner."""


@section("partners", "The partners. FORBIDDEN to roles that do not read it.")
class Partners(Section):
    """Partners and their contributions."""

    partners = short_list("Partner", "Partners, in order of registration.")
    contributions = many("Contribution", "Promised contributions, by due date.")
    concerns = many("ContributionConcern", "Concerns about their contributions.")
    updates = many("PartnerUpdate", "Updates commissioned by the board, by due date.")


row_type(adviser.TENURE, "in_post")


@object_type(adviser.ADVISER_VACANCY, part=True)
class AdviserVacancy(RowObject):
    """Period without an adviser, its first and last day included."""

    first = value("First day.")
    last = value("Last day; null if it continues.")


@object_type(adviser.UNREPORTED, part=True)
class Unreported(RowObject):
    """Period between the first and the last report that no report covers, its first and last day included."""

    first = value("First day.")
    last = value("Last day; null if it continues.")


@object_type(adviser.ADVISER_REPORT, node="report", filters=PERIOD)
class AdviserReport(Recorded, Node):
    """The adviser's report to ministers, pinned to a position of the ledger."""

    areas = short_list("AreaReport", "Sections on areas.", by="report")
    requirements = short_list("RequirementReport", "Sections on the notice's requirements.", by="report")


@object_type(
    adviser.AREA_REPORT, filters={**of_row("area"), "judgement": Filter(AreaJudgement, "Judgement of the area.")}
)
class AreaReport(RowObject):
    """Section of the adviser's report on an area."""

    report_node = node("AdviserReport", "report")


@object_type(adviser.REQUIREMENT_REPORT)
class RequirementReport(RowObject):
    """Section of the adviser's report on a requirement of the notice."""

    report_node = node("AdviserReport", "report")


@section("adviser", "The adviser. FORBIDDEN to roles that do not read it.")
class Adviser(Section):
    """Present and former advisers, and the coverage of the adviser's reports."""

    current = one("Tenure", "Adviser on the day of `on`; null if nobody.", where={"in_post": True})
    tenures = short_list("Tenure", "All advisers, by first day.")
    vacancies = short_list("AdviserVacancy", "Periods without an adviser, up to `on`.")
    unreported = short_list("Unreported", "Periods that no report covers.")
    areas = many("AreaReport", "Sections of the reports on areas, over time.")


row_type(
    escalation.INTERVENTION,
    concern_nodes=short_list("Concern", "Concerns that it answers.", by="concern", key="concerns"),
)


@object_type(escalation.STEP)
class EscalationStep(RowObject):
    """Step of the escalation, with the entry behind it."""

    reached_at = value(name="at")
    entry = entry("position", "Entry behind the step.")


@section("escalation", "Escalation to intervention. FORBIDDEN to roles that do not read it.")
class Escalation(Section):
    """Escalation to intervention, step by step, as recorded; the ledger infers no step."""

    concerns = short_list("Concern", "The concerns raised, in order.")
    interventions = short_list("Intervention", "The interventions decided on, in order.")
    steps = short_list("EscalationStep", "Steps of the escalation; the last one has the current stage.")
