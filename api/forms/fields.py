"""What a form asks for a fact: its fields with their labels, hints and kinds of control. Pure.

Generated from the declarations in `ledger.domain.areas`, so that a new field of a fact is on its form at once.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum, auto
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, Meta, Struct
from msgspec.structs import FieldInfo

from api import formatting as words
from ledger.domain.areas.evidence import EvidenceSubmitted
from ledger.domain.areas.records import UNCORRECTABLE, Replacement
from ledger.domain.fact import ClauseNumber, Day, Fact, FactType, Id, Instant, Narrative, WordList
from ledger.domain.fields import unwrap
from ledger.domain.registry import KINDS
from ledger.intake.personal_data import CONFIRMABLE, PersonalData


class Control(Enum):
    """The kind of control by which a value is given."""

    LINE = auto()
    """One line of text: an identifier or a code."""
    TEXT = auto()
    """Free text."""
    WHOLE = auto()
    NUMBER = auto()
    YES_NO = auto()
    WORD = auto()
    """One of a closed list."""
    DAY = auto()
    INSTANT = auto()
    GROUP = auto()
    """Fields of its own."""
    PARAMETERS = auto()
    """Names with values of several kinds."""
    FACT = auto()
    """Another fact, of a type chosen first."""


COMPOSITE = frozenset({Control.DAY, Control.INSTANT, Control.GROUP, Control.PARAMETERS})
"""What takes several inputs, so that the items of a list are numbered in their names."""


def label_of(name: str) -> str:
    """A name of the code's as it is read: `independence_basis` is Independence basis."""
    words = name.strip("_").replace("_", " ")
    return words[:1].upper() + words[1:]


class Choice(Struct, frozen=True):
    """A value that may be chosen, and how it reads."""

    value: str
    label: str


class Field(Struct, frozen=True, kw_only=True):
    """What is asked for one field of a fact."""

    key: str
    """Its name in the event's data."""
    label: str
    hint: str = ""
    control: Control
    required: bool = True
    many: bool = False
    """Whether it is a list."""
    least: int = 0
    """The least number of its items."""
    nullable: bool = False
    """Whether no list and an empty one differ."""
    words: tuple[Choice, ...] = ()
    names: tuple[str, ...] = ()
    """The kinds of thing that it names; see `choices`."""
    closed: bool = False
    """Whether only what was recorded before may be named."""
    about: bool = False
    """Whether it names what the fact is about."""
    begins: bool = False
    """Whether that begins with the fact, so that it is a new id."""
    fields: tuple["Field", ...] = ()


PARAMETER_FORMS = {"number": "A whole number", "switch": "Yes or no", "word": "A word", "words": "A list of words"}
"""The kinds of value that a parameter of a rule may have, as they are sent and as they are read."""
PARAMETER = (
    Field(key="name", label="Name", control=Control.LINE),
    Field(
        key="form",
        label="Kind of value",
        control=Control.WORD,
        words=tuple(Choice(form, words) for form, words in PARAMETER_FORMS.items()),
    ),
    Field(key="value", label="Value", hint="Words of a list stand between commas.", control=Control.LINE),
)
"""What is asked for a parameter."""
ENVELOPE = (
    Field(
        key="time",
        label="When it happened",
        hint="The time is that of a 24-hour clock, in the time zone of the notice.",
        control=Control.INSTANT,
        required=False,
    ),
    Field(
        key="clauses",
        label="Clauses of the notice that it answers",
        control=Control.LINE,
        required=False,
        many=True,
        names=("clause",),
        closed=True,
    ),
    Field(
        key="confirm",
        label="What seems to be personal data and is not",
        hint="Tick a kind only if what was found tells nothing of any child, family, carer or member of staff.",
        control=Control.WORD,
        required=False,
        many=True,
        words=tuple(Choice(kind.value, label_of(kind.meaning)) for kind in PersonalData if kind in CONFIRMABLE),
    ),
)
"""What is asked of an event beside its fact."""
_NAMED: dict[str, tuple[str, ...]] = {
    "owner": ("actor",),
    "number": ("clause",),
    "measures": ("measure",),
    "supports": ("objective", "measure", "decision"),
    "relates_to": ("objective", "area", "decision"),
    "subject": ("report", "plan-version", "evidence"),
    "activity_rating": ("activity rating",),
    "impact_rating": ("impact rating",),
}
"""What fields name whose type, an id or a code of any kind, does not say it."""
_SHOWN_BY_ITS_CONTROL = {get_args(each)[1].description for each in (Day, Instant, Id)}
"""What a type says of every value of it, where its control shows that, or a fault will tell it."""
_ON_ARRIVAL: Mapping[type[Struct], tuple[str, ...]] = {EvidenceSubmitted: ("digest", "mediaType", "size")}
"""What a fact holds that its document tells, so that nobody is asked."""
_PATTERNS = {
    get_args(ClauseNumber)[1].pattern: "clause",
    get_args(FactType)[1].pattern: "fact type",
}


@cache
def fields_of(struct: type[Struct], *, upload: bool = False) -> tuple[Field, ...]:
    """The fields of a fact's form, in the order of its struct; `upload`: its document comes with the form."""
    hints = get_type_hints(struct, include_extras=True)
    left = _ON_ARRIVAL.get(struct, ()) if upload else ()
    return tuple(
        _field(struct, info, hints[info.name])
        for info in msgspec.structs.fields(struct)
        if info.encode_name not in left
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
    said = annotation.description or (_first_sentence(bare) if control in (Control.WORD, Control.GROUP) else "")
    if begins:
        said = f"An id that nothing of the kind has had. {said}"
    names, closed = _names(info.name, annotation)
    return Field(
        key=info.encode_name,
        label=label_of(info.name),
        hint=said if info.default in (NODEFAULT, None) else f"{said.rstrip('.')}; {info.default}, if left blank.",
        control=control,
        required=required,
        many=many or control is Control.PARAMETERS,
        least=annotation.least,
        nullable=many and field_type.optional,
        words=_words(bare, control),
        names=names,
        closed=closed,
        about=about,
        begins=begins,
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
    """Return the annotations as one; a later one overrides an earlier one."""
    described = [meta.description for meta in metas if meta.description not in {None, *_SHOWN_BY_ITS_CONTROL}]
    return _Annotation(
        description=next(reversed([text for text in described if text]), ""),
        least=next((meta.min_length for meta in reversed(metas) if meta.min_length), 0),
        pattern=next((meta.pattern for meta in reversed(metas) if meta.pattern), None),
        extra=next((meta.extra for meta in reversed(metas) if meta.extra), {}),
    )


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


def _control(bare: Any) -> Control:  # noqa: ANN401 - a class, or a dict's alias, which is none
    if get_origin(bare) is dict:
        return Control.PARAMETERS
    if bare in _CONTROLS:
        return _CONTROLS[bare]
    if issubclass(bare, WordList):
        return Control.WORD
    if issubclass(bare, Struct):
        return Control.GROUP
    raise TypeError(f"a fact holds {bare!r}, for which there is no control; declare one in api.forms.fields")


def _names(name: str, annotation: _Annotation) -> tuple[tuple[str, ...], bool]:
    """The kinds of thing that a field names, and whether it may name none that was not recorded."""
    extra = annotation.extra
    if "ref" in extra:
        return (extra["ref"],), "later" not in extra
    if annotation.pattern in _PATTERNS:
        return (_PATTERNS[annotation.pattern],), False
    return _NAMED.get(name, ()), name.endswith("_rating")


def _words(bare: Any, control: Control) -> tuple[Choice, ...]:  # noqa: ANN401 - a class, as of `_control`
    if control is Control.WORD:
        return tuple(Choice(str(word.value), label_of(word.meaning)) for word in bare)
    if control is Control.FACT:
        return tuple(
            Choice(kind.type, words.fact(kind.name)) for kind in KINDS.values() if kind.name not in UNCORRECTABLE
        )
    return ()


def _first_sentence(documented: type) -> str:
    return (documented.__doc__ or "").strip().partition("\n\n")[0].replace("\n    ", " ")
