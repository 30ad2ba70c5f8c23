"""Fields of a fact's form: labels, hints and kinds of control. Pure.

The fields are generated from the declarations in `ledger.domain.areas`. So a new field of a fact appears on its
form at once.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum, auto
from functools import cache
from typing import Any, get_args, get_origin

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import FieldInfo

from api import formatting
from api.forms.labels import FIRST_IDS, LABELS, UNEXPLAINED, hint_of, label_of
from ledger.domain.areas.access import AccessKind
from ledger.domain.areas.evidence import Classification, EvidenceSubmitted
from ledger.domain.areas.measures import Unit
from ledger.domain.areas.notice import Modality, Outcome
from ledger.domain.areas.people import TokenIssued
from ledger.domain.areas.records import UNCORRECTABLE, Replacement, Severity
from ledger.domain.fact import ClauseNumber, Count, Day, Fact, FactType, Id, Instant, Narrative, WordList
from ledger.domain.fields import hints_of, unwrap
from ledger.domain.registry import KINDS
from ledger.intake.personal_data import CONFIRMABLE, PersonalData
from schema.types.enums import meanings_of


class Control(Enum):
    """Kind of control for a value."""

    LINE = auto()
    """Line for an identifier or a code."""
    TEXT = auto()
    """Text area for a narrative."""
    WHOLE = auto()
    NUMBER = auto()
    YES_NO = auto()
    WORD = auto()
    """Choice of one value from a closed list."""
    DAY = auto()
    INSTANT = auto()
    GROUP = auto()
    """Group of fields."""
    PARAMETERS = auto()
    """Parameters of a rule: names with values of several kinds."""
    FACT = auto()
    """Another fact, whose type is chosen first."""


COMPOSITE = frozenset({Control.DAY, Control.INSTANT, Control.GROUP, Control.PARAMETERS})
"""Controls with several inputs. In a list of such controls, the inputs' names contain the row number."""


class Choice(Struct, frozen=True):
    """An option: its value and its label."""

    value: str
    label: str
    hint: str = ""
    """Meaning of the option, where its label alone does not say enough."""


class Field(Struct, frozen=True, kw_only=True):
    """Description of one field of a fact's form."""

    key: str
    """Name of the field in the event's data."""
    label: str
    hint: str = ""
    control: Control
    required: bool = True
    many: bool = False
    """True if the field is a list."""
    least: int = 0
    """Minimum number of items, for a list."""
    nullable: bool = False
    """True if an absent list and an empty list differ."""
    options: tuple[Choice, ...] = ()
    references: tuple[str, ...] = ()
    """Kinds of thing to which the field refers, as in `Choices`."""
    closed: bool = False
    """True if the field accepts only the ids of existing things."""
    about: bool = False
    """True if the field names the subject of the fact."""
    begins: bool = False
    """True if the fact creates its subject, so the id is new."""
    first: str | None = None
    """Reference to propose for the first thing of a kind, for example O1; None for no proposal."""
    example: str = ""
    """Sentence with an example of a reference, or empty. The hint has it unless a list or a proposal says more."""
    fields: tuple["Field", ...] = ()


PARAMETER_FORMS = {"number": "A whole number", "switch": "Yes or no", "word": "A code", "words": "A list of codes"}
"""Label of each kind of value of a rule's parameter, by code."""
PARAMETER = (
    Field(key="name", label="Name", control=Control.LINE),
    Field(
        key="form",
        label="Kind of value",
        control=Control.WORD,
        options=tuple(Choice(form, label) for form, label in PARAMETER_FORMS.items()),
    ),
    Field(key="value", label="Value", hint="Separate the items of a list with commas.", control=Control.LINE),
)
"""Fields of one parameter of a rule."""
EXPLAINED = frozenset({AccessKind, Classification, Modality, Outcome, Severity, Unit})
"""Lists of words whose options have their meanings as hints."""
_EXAMPLES = {
    Control.DAY: "For example, 27 3 2023.",
    Control.INSTANT: "For example, 27 3 2023 and 14:30. Use the 24-hour clock.",
}
"""Examples of dates and times, for hints."""
ENVELOPE = (
    Field(
        key="time",
        label="When it happened",
        hint=_EXAMPLES[Control.INSTANT],
        control=Control.INSTANT,
        required=False,
    ),
    Field(
        key="clauses",
        label="Clauses",
        control=Control.LINE,
        required=False,
        many=True,
        references=("clause",),
        closed=True,
    ),
    Field(
        key="confirm",
        label="This is not personal data",
        hint="Select a kind only if the match identifies no child, family, carer or member of staff.",
        control=Control.WORD,
        required=False,
        many=True,
        options=tuple(Choice(kind.value, label_of(kind.meaning)) for kind in PersonalData if kind in CONFIRMABLE),
    ),
)
"""Form fields for an event's time, clauses and confirmations, next to its data."""
_REFERENCES_BY_NAME: dict[str, tuple[str, ...]] = {
    "owner": ("actor",),
    "number": ("clause",),
    "measures": ("measure",),
    "supports": ("objective", "measure", "decision"),
    "relates_to": ("objective", "area", "decision"),
    "RiskRaised.relates_to": ("objective", "area", "action"),
    "subject": ("report", "plan-version", "evidence"),
    "activity_rating": ("activity rating",),
    "impact_rating": ("impact rating",),
    "ActReported.matter": ("matter",),
    "ConsentGiven.matter": ("matter",),
    "EvidenceErased.request": ("erasure",),
    "NarrativeErased.request": ("erasure",),
    "PostFilled.post": ("post",),
    "PostVacated.post": ("post",),
    "RoleGranted.request": ("role request",),
    "ClauseRegistered.rule": ("rule",),
}
"""Kinds of thing that fields refer to, where a field's type names no kind.

A key is the name of a field, or the names of a fact and its field.
"""
_CLOSED = frozenset({"activity rating", "impact rating", "erasure", "role request", "rule"})
"""Kinds in `_REFERENCES_BY_NAME` whose fields accept existing things only."""
_GENERIC_HINTS = {get_args(each)[1].description for each in (Count, Day, Instant, Id)}
"""Descriptions of types whose meaning the control, or an error, already conveys."""
_DERIVED: Mapping[type[Struct], tuple[str, ...]] = {
    EvidenceSubmitted: ("digest", "mediaType", "size", "stored"),
    TokenIssued: ("token",),
}
"""Fields that the service derives when a form is recorded, by fact."""
_NEW = frozenset({"ClauseRegistered.number"})
"""Fields for new references that no lifecycle follows."""
_PATTERNS = {
    get_args(ClauseNumber)[1].pattern: "clause",
    get_args(FactType)[1].pattern: "fact type",
}


@cache
def fields_of(struct: type[Struct], *, derived: bool = False) -> tuple[Field, ...]:
    """Return the fields of a fact's form, in the order of its struct.

    Args:
        struct: The fact's class.
        derived: True to leave out the fields that the service derives.
    """
    hints = hints_of(struct)
    omitted = _DERIVED.get(struct, ()) if derived else ()
    return tuple(
        _field(struct, info, hints[info.name])
        for info in msgspec.structs.fields(struct)
        if info.encode_name not in omitted
    )


def _field(struct: type[Struct], info: FieldInfo, hint: object) -> Field:
    field_type = unwrap(hint)
    many = field_type.origin is list
    item = unwrap(field_type.arguments[0]) if many else field_type
    bare = item.type
    annotation = _annotation([*item.metas, *field_type.metas] if many else field_type.metas)
    required = info.required
    about = issubclass(struct, Fact) and struct.about == info.name
    control = _control(bare)
    begins = about and issubclass(struct, Fact) and struct.begins
    description = annotation.description or (
        _first_sentence(bare) if control in (Control.WORD, Control.GROUP) else ""
    )
    references, closed = _references(struct, info.name, annotation)
    label = (
        LABELS.get(f"{struct.__name__}.{info.encode_name}") or LABELS.get(info.encode_name) or label_of(info.name)
    )
    if (info.encode_name in UNEXPLAINED or description in _things()) and not begins:
        description = ""
    first = FIRST_IDS.get(struct.__name__) or FIRST_IDS.get(references[0]) if begins else None
    if first is not None:
        label, description = "Reference", ""
    reference = first or (FIRST_IDS.get(references[0]) if references and not begins else None)
    example = f"For example, {reference}." if reference else ""
    written = "" if begins or closed else example
    hint = f"{hint_of(description, info.default, label)} {written or _EXAMPLES.get(control, '')}".strip()
    return Field(
        key=info.encode_name,
        label=label,
        hint=hint,
        control=control,
        required=required,
        many=many or control is Control.PARAMETERS,
        least=annotation.least,
        nullable=many and field_type.optional,
        options=_options(bare, control),
        references=references,
        closed=closed,
        about=about,
        begins=begins,
        first=first,
        example=example,
        fields=fields_of(bare) if control is Control.GROUP else PARAMETER if control is Control.PARAMETERS else (),
    )


class _Annotation(Struct, frozen=True):
    """Annotations of a field and of its items, taken together."""

    description: str = ""
    least: int = 0
    """Smallest number of items or characters."""
    pattern: str | None = None
    extra: dict[str, Any] = {}


def _annotation(metas: Sequence[Meta]) -> _Annotation:
    """Return several annotations merged into one; a later annotation overrides an earlier one."""
    described = [meta.description for meta in metas if meta.description not in {None, *_GENERIC_HINTS}]
    return _Annotation(
        description=next(reversed([text for text in described if text]), ""),
        least=next((meta.min_length for meta in reversed(metas) if meta.min_length), 0),
        pattern=next((meta.pattern for meta in reversed(metas) if meta.pattern), None),
        extra=next((meta.extra for meta in reversed(metas) if meta.extra), {}),
    )


@cache
def _things() -> frozenset[str]:
    """Return the descriptions of references to things. A list of the existing things already conveys them."""
    begun = [kind.struct for kind in KINDS.values() if kind.struct.begins]
    return frozenset(_annotation(unwrap(hints_of(struct)[struct.about]).metas).description for struct in begun)


_CONTROLS = {
    str: Control.LINE,
    int: Control.WHOLE,
    float: Control.NUMBER,
    bool: Control.YES_NO,
    date: Control.DAY,
    datetime: Control.INSTANT,
    Narrative: Control.TEXT,
    Replacement: Control.FACT,
}


def _control(bare: Any) -> Control:  # noqa: ANN401 - a class, or the alias of a dict
    if get_origin(bare) is dict:
        return Control.PARAMETERS
    if bare in _CONTROLS:
        return _CONTROLS[bare]
    if issubclass(bare, WordList):
        return Control.WORD
    if issubclass(bare, Struct):
        return Control.GROUP
    raise TypeError(f"no control for fields of type {bare!r}; add one to api.forms.fields")


def _references(struct: type[Struct], name: str, annotation: _Annotation) -> tuple[tuple[str, ...], bool]:
    """Return the kinds of thing that a field refers to, and whether only existing things may be named."""
    extra = annotation.extra
    if "ref" in extra:
        return (extra["ref"],), "later" not in extra
    if f"{struct.__name__}.{name}" in _NEW:
        return (), False
    if annotation.pattern in _PATTERNS:
        return (_PATTERNS[annotation.pattern],), True
    kinds = _REFERENCES_BY_NAME.get(f"{struct.__name__}.{name}") or _REFERENCES_BY_NAME.get(name, ())
    return kinds, not _CLOSED.isdisjoint(kinds)


def _options(bare: Any, control: Control) -> tuple[Choice, ...]:  # noqa: ANN401 - a class, as of `_control`
    if control is Control.WORD:
        hints = meanings_of(bare) if bare in EXPLAINED else {}
        return tuple(Choice(str(word.value), label_of(word.meaning), hints.get(word.name, "")) for word in bare)
    if control is Control.FACT:
        return tuple(
            Choice(kind.type, formatting.fact(kind.name))
            for kind in KINDS.values()
            if kind.name not in UNCORRECTABLE
        )
    return ()


def _first_sentence(declaration: type) -> str:
    return (declaration.__doc__ or "").strip().partition("\n\n")[0].replace("\n    ", " ")
