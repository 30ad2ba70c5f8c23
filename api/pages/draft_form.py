"""Inputs and controls of the form of a report's draft. Pure."""

from collections.abc import Mapping, Sequence

from msgspec import structs

from api.forms.controls import FormControl
from api.forms.fields import Choice
from api.pages.form_input import first_input
from api.report.draft import reported_areas
from api.report.model import AreaSummary, Requirement
from api.report.phrases import status, text_or_erasure
from ledger.domain.areas.reviews import AreaJudgement
from ledger.mutable.drafts import AreaDraft, Draft, RequirementDraft

_JUDGEMENTS = (
    Choice(AreaJudgement.PROGRESS.value, "Progress"),
    Choice(AreaJudgement.CONCERN.value, "Concern"),
)


def updated(draft: Draft, inputs: Mapping[str, Sequence[str]]) -> Draft:
    """Return the draft with the form's inputs."""
    areas = tuple(
        AreaDraft(
            area=each.area,
            ended=each.ended,
            judgement=first_input(inputs, f"area.{each.area}.judgement"),
            text=_text(inputs, f"area.{each.area}.text"),
        )
        for each in draft.areas
    )
    requirements = tuple(
        RequirementDraft(number=each.number, text=_text(inputs, f"requirement.{each.number}"))
        for each in draft.requirements
    )
    return structs.replace(
        draft,
        report=first_input(inputs, "report").strip(),
        areas=areas,
        requirements=requirements,
        other=_text(inputs, "other"),
        confirm=tuple(inputs.get("confirm", ())),
    )


def _text(inputs: Mapping[str, Sequence[str]], name: str) -> str:
    return first_input(inputs, name).replace("\r\n", "\n")


def controls_of(
    draft: Draft, areas: Sequence[AreaSummary], requirements: Sequence[Requirement]
) -> list[FormControl]:
    """Return the controls of a draft's form.

    Among them are a judgement and a narrative for each area, and a narrative for each clause.
    """
    titles = {area.area: text_or_erasure(area.title, area.title_erased_by) for area in areas}
    label = "Report reference"
    controls = [
        FormControl(
            widget="line", path="data.report", name="report", label=label, full_label=label, value=draft.report
        )
    ]
    reported = {area.area: index for index, area in enumerate(reported_areas(draft))}
    for area in draft.areas:
        label = f"area {area.area}"
        path = f"data.perArea[{reported[area.area]}]" if area.area in reported else f"area.{area.area}"
        controls += [
            FormControl(
                widget="radios",
                path=f"{path}.judgement",
                name=f"area.{area.area}.judgement",
                label=f"Judgement of {label}",
                full_label=f"Judgement of {label}",
                hint=titles.get(area.area, ""),
                required=not area.ended,
                options=_JUDGEMENTS,
                value=area.judgement,
            ),
            FormControl(
                widget="text",
                path=f"{path}.text",
                name=f"area.{area.area}.text",
                label=f"Assessment of {label}",
                full_label=f"Assessment of {label}",
                value=area.text,
                rows=8,
                required=not area.ended,
            ),
        ]
    controls += _requirements(draft, requirements)
    controls.append(
        FormControl(
            widget="text",
            path="data.other",
            name="other",
            label="Other matters",
            full_label="Other matters",
            value=draft.other,
            rows=4,
            required=False,
        )
    )
    return controls


def _requirements(draft: Draft, requirements: Sequence[Requirement]) -> list[FormControl]:
    """Return a control for each clause, with its status as a hint.

    The number in a refusal's path counts only clauses with a narrative. If no clause has a narrative, the refusal
    leads to the first clause.
    """
    is_any_written = any(requirement.text.strip() for requirement in draft.requirements)
    lines = {line.clause: line for line in requirements}
    controls: list[FormControl] = []
    written = 0
    for requirement in draft.requirements:
        line = lines.get(requirement.number)
        hint = "" if line is None else f"{status(line.status)} at the end of the period. {line.reason}"
        path = f"requirement.{requirement.number}" if controls or is_any_written else "data.requirements"
        if requirement.text.strip():
            path, written = f"data.requirements[{written}].text", written + 1
        label = f"Clause {requirement.number}"
        controls.append(
            FormControl(
                widget="text",
                path=path,
                name=f"requirement.{requirement.number}",
                label=label,
                full_label=label,
                hint=hint,
                value=requirement.text,
                rows=2,
                required=False,
            )
        )
    return controls
