"""The parts of a fact: its field types, its base class and its narratives. Imports msgspec only.

A fact is one frozen Struct. A string in a fact is an enum value or matches a pattern, as an Id or a Code does.
Free text is always a Narrative, so the entry holds a salted digest of the text only.
"""

from collections.abc import Callable
from datetime import date, datetime
from enum import Enum
from inspect import get_annotations
from typing import Annotated, Any, ClassVar, get_origin

from msgspec import Meta, Struct

# `$` would match before a trailing newline in Python; this form has one meaning in Python and JSON Schema.
END = r"(?![\s\S])"


def text_matching(pattern: str, description: str, **extra: str) -> Meta:
    """Return the metadata of a string field that matches `pattern` from end to end; programs read `extra`."""
    return Meta(pattern=f"^{pattern}{END}", description=description, extra=extra or None)


ID_PATTERN = r"[A-Za-z0-9:._/-]{1,128}"
Id = Annotated[str, text_matching(ID_PATTERN, "An identifier: letters, digits and : . _ / -, at most 128.")]
CODE_PATTERN = r"[A-Za-z0-9][A-Za-z0-9 .:_/+%-]{0,63}"
_CODE = "A code: letters, digits, spaces and . : _ / + % -, at most 64."
Code = Annotated[str, text_matching(CODE_PATTERN, _CODE)]
CodeBesideList = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        description=_CODE,
        extra_json_schema={"pattern": f"^{CODE_PATTERN}{END}"},
    ),
]
"""A Code in a union with a list or an object; `admit` checks its pattern.

msgspec 0.22 frees a union of a patterned string and a list incorrectly, and the process dies.
"""
ClauseNumber = Annotated[
    str, text_matching(r"[A-Za-z0-9][A-Za-z0-9.()-]{0,15}", "A clause of the notice, such as 5b.")
]
Digest = Annotated[str, text_matching(r"[A-Za-z0-9+/]{43}=", "A SHA-256 digest in base64, 44 characters.")]
MediaType = Annotated[
    str,
    text_matching(r"[a-z]+/[A-Za-z0-9.+-]{1,100}", "A media type, such as application/pdf."),
]
FactType = Annotated[
    str,
    text_matching(r"improvement-ledger\.[a-z]+\.[A-Za-z]+\.v[0-9]+", "A fact's type name, with its version."),
]
OnsCode = Annotated[
    str,
    text_matching(r"[EWSN][0-9]{8}", "The Office for National Statistics code of an area, such as E08000008."),
]
Count = Annotated[int, Meta(ge=0, le=2**53 - 1, description="A whole number, zero or more.")]
Position = Annotated[int, Meta(ge=1, le=2**31 - 1, description="The position of an entry in this ledger.")]
Instant = Annotated[datetime, Meta(tz=True, description="An instant with its offset (RFC 3339).")]
YEARS = range(1900, 2200)
"""Years in which a day or an instant may lie."""
Day = Annotated[date, Meta(description="A calendar day (ISO 8601).")]


Figure = Annotated[
    float, Meta(ge=-1e12, le=1e12, description="A number, whole or not, in the unit named with it.")
]


def reference(kind: str, description: str, *, known: bool = True) -> Meta:
    """Return the metadata of an Id that names a thing of `kind`; the timeline by subject depends on such fields.

    Args:
        kind: Kind of thing, such as `objective`.
        description: Description of the field.
        known: True to require an earlier fact that began the thing, unless this fact begins it.
    """
    return text_matching(ID_PATTERN, description, **({"ref": kind} if known else {"ref": kind, "later": "yes"}))


class Period(Struct, frozen=True, gc=False, forbid_unknown_fields=True, rename="camel"):
    """A period, with its first and its last day included."""

    first: Day
    last: Day


class Narrative(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Free text, stored outside the entry and bound to it by a salted digest.

    The digest is SHA-256 over the 32-byte salt and the UTF-8 bytes. Clients send the text itself, at most
    1,048,576 bytes. Text and salt can be erased under a recorded decision while every proof still holds.
    """

    sha256: Digest


class StatedDay(Struct, frozen=True, gc=False):
    """The field of a fact that states on which day the fact happened."""

    field: str
    from_start: bool = False
    """True if the fact holds from the start of that day; False if it happened during that day."""
    at_latest: bool = False
    """True if the fact may be announced before that day; an earlier time of the event then counts."""


class Sentence(Struct, frozen=True, gc=False):
    """A fact in plain words, from which the history is made.

    `{title}` is a field of the fact, and `{quorate?quorate|not quorate}` chooses between two wordings. A part in
    square brackets is left out if one of its fields is empty.
    """

    sentence: str
    settles: tuple[tuple[str, str, str], ...] = ()
    """Values that hold from the fact on, as templates: subject, aspect and value (objective O1, due, {due})."""
    decision: bool = False
    """True if the fact records a decision that a person took for others."""


Upcast = Callable[[dict[str, Any]], dict[str, Any]]
"""A function that turns one version's data into the next version's; narratives stay in place."""


def unversioned(fact_type: str) -> str:
    """Return a fact's type name without its version: rights to record a fact hold for all of its versions."""
    return fact_type.rpartition(".v")[0]


class Fact(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """An event of the domain, named in the past tense; the payload of an entry."""

    act: ClassVar[str]
    """Name of the mutation that records the fact, such as `addObjective`."""
    sentence: ClassVar[Sentence]
    """The fact in plain words."""
    version: ClassVar[int] = 1
    """Number at the end of the fact's type name; a change that old readers would misread needs a new number."""
    earlier: ClassVar[tuple[Upcast, ...]] = ()
    """Functions that upcast each earlier version's data to the next version, oldest first.

    Entries keep their recorded bytes, so the functions run whenever an older entry is read.
    """
    stated_day: ClassVar[StatedDay | None] = None
    """Field that states the day on which the fact happened; `ledger.domain.entry.occurred` reads the field."""
    about: ClassVar[str]
    """Field that names the fact's subject; empty if the fact has no subject.

    By default, the first field if it is a reference with `known`. The subject must exist and must not have ended,
    unless `begins`, `outlives` or `reopens` is true.
    """
    begins: ClassVar[bool] = False
    """True if the fact begins its subject, under an unused id."""
    ends: ClassVar[str] = ""
    """State in which the fact leaves its subject, such as `closed`; empty if the subject continues."""
    reopens: ClassVar[bool] = False
    """True if the fact's subject, which has ended, continues from the fact on."""
    once: ClassVar[bool] = False
    """True if the fact is recorded at most once for each subject."""
    needs: ClassVar[str] = ""
    """Name of the fact about the same subject that must come first; empty if no fact must."""
    outlives: ClassVar[bool] = False
    """True if the fact may be recorded after its subject ended, or after the notice was closed."""

    def __init_subclass__(cls) -> None:
        """Set `about` to its default if the class does not state `about`."""
        if "about" not in vars(cls):
            cls.about = _subject_field(get_annotations(cls))


def _subject_field(annotations: dict[str, Any]) -> str:
    """Return the first field's name if the field is a reference with `known`, else an empty string."""
    for name, hint in annotations.items():
        if get_origin(hint) is not ClassVar:
            extras: list[dict[str, str]] = [meta.extra for meta in getattr(hint, "__metadata__", ()) if meta.extra]
            return name if extras and "later" not in extras[-1] else ""
    return ""


class WordList(Enum):
    """A closed list of values; an entry holds the value of a member."""

    __hash__ = object.__hash__  # each value exists once, and Enum's own hash runs in Python

    @property
    def meaning(self) -> str:
        """The value in words, for people."""
        return str(self.value).replace("_", " ").lower()


class When(Struct, frozen=True):
    """The two times of an entry: the reported time, by default that of recording, and the time of recording."""

    occurred_at: datetime
    recorded_at: datetime


class Who(Struct, frozen=True):
    """The recorder: an actor, and the role in which the actor records."""

    actor: str
    role: str
