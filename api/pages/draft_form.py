"""What the form of a draft asks, and what was typed into it. Pure."""

from collections.abc import Mapping, Sequence

from msgspec import structs

from api.forms.controls import FormControl
from api.forms.fields import Choice
from api.pages.form_input import one
from api.report.draft import spoken_of
from api.report.model import AreaWords, Requirement
from api.report.phrases import said_or_erased, status
from ledger.domain.areas.reports import AreaJudgement
from ledger.mutable.drafts import AreaDraft, Draft, RequirementDraft

_JUDGEMENTS = (
    Choice(AreaJudgement.PROGRESS.value, "Progress"),
    Choice(AreaJudgement.CONCERN.value, "Concern"),
)


def filled(draft: Draft, typed: Mapping[str, Sequence[str]]) -> Draft:
    """The draft with what was typed."""
    areas = tuple(
        AreaDraft(
            area=each.area,
            ended=each.ended,
            judgement=one(typed, f"area.{each.area}.judgement"),
            text=_text(typed, f"area.{each.area}.text"),
        )
        for each in draft.areas
    )
    requirements = tuple(
        RequirementDraft(number=each.number, text=_text(typed, f"requirement.{each.number}"))
        for each in draft.requirements
    )
    return structs.replace(
        draft,
        report=one(typed, "report").strip(),
        areas=areas,
        requirements=requirements,
        other=_text(typed, "other"),
        confirm=tuple(typed.get("confirm", ())),
    )


def _text(typed: Mapping[str, Sequence[str]], name: str) -> str:
    return one(typed, name).replace("\r\n", "\n")


def controls_of(
    draft: Draft, areas: Sequence[AreaWords], requirements: Sequence[Requirement]
) -> list[FormControl]:
    """What the adviser writes: of each area a judgement and why; of requirements what there is to say."""
    titles = {area.area: said_or_erased(area.title, area.title_erased_by) for area in areas}
    label = "Id of the report"
    found = [
        FormControl(as_="line", place="data.report", name="report", label=label, called=label, value=draft.report)
    ]
    spoken = {area.area: index for index, area in enumerate(spoken_of(draft))}
    for area in draft.areas:
        label = f"Area {area.area}"
        place = f"data.perArea[{spoken[area.area]}]" if area.area in spoken else f"area.{area.area}"
        found += [
            FormControl(
                as_="radios",
                place=f"{place}.judgement",
                name=f"area.{area.area}.judgement",
                label=f"{label}: progress or concern?",
                called=label,
                hint=titles.get(area.area, ""),
                required=not area.ended,
                words=_JUDGEMENTS,
                value=area.judgement,
            ),
            FormControl(
                as_="text",
                place=f"{place}.text",
                name=f"area.{area.area}.text",
                label=f"{label}: what you saw, and why",
                called=f"{label}, what you saw",
                value=area.text,
                rows=8,
                required=not area.ended,
            ),
        ]
    found += _requirements(draft, requirements)
    found.append(
        FormControl(
            as_="text",
            place="data.other",
            name="other",
            label="Other matters",
            called="Other matters",
            value=draft.other,
            rows=4,
            required=False,
        )
    )
    return found


def _requirements(draft: Draft, requirements: Sequence[Requirement]) -> list[FormControl]:
    """A text for each clause, with how it stands; a refusal counts only those that say something."""
    lines = {line.clause: line for line in requirements}
    found = []
    sent = 0
    for requirement in draft.requirements:
        line = lines.get(requirement.number)
        stands = "" if line is None else f"{status(line.status)} at the end of the period. {line.reason}"
        place = f"requirement.{requirement.number}"
        if requirement.text.strip():
            place, sent = f"data.requirements[{sent}].text", sent + 1
        label = f"Clause {requirement.number}"
        found.append(
            FormControl(
                as_="text",
                place=place,
                name=f"requirement.{requirement.number}",
                label=label,
                called=label,
                hint=stands,
                value=requirement.text,
                rows=2,
                required=False,
            )
        )
    return found
