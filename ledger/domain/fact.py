"""What a fact is made of. Imports msgspec only, like everything in `ledger.domain.areas`.

A fact is one frozen Struct. Every string in it is an Id, a Code, an Enum or a Narrative: text that a person
wrote is always a Narrative, which the entry holds as a salted digest only.
"""

from collections.abc import Callable
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

END = r"(?![\s\S])"  # `$` would let a trailing newline through in Python; this reads alike in JSON Schema


def text_matching(pattern: str, description: str, **extra: str) -> Meta:
    """The metadata of a string field that matches `pattern` from end to end; `extra` is for programs."""
    return Meta(pattern=f"^{pattern}{END}", description=description, extra=extra or None)


ID_PATTERN = r"[A-Za-z0-9:._/-]{1,128}"
Id = Annotated[str, text_matching(ID_PATTERN, "An identifier: letters, digits and : . _ / -, at most 128.")]
CODE_PATTERN = r"[A-Za-z0-9][A-Za-z0-9 .:_/+%-]{0,63}"
_CODE = "A word of a list that the plan or the field keeps."
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
"""A Code in a union with a list or an object; `admit` has to hold it to the pattern.

msgspec 0.22 frees a union of a patterned text and a list wrongly, and the process dies.
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
    text_matching(r"[EWSN][0-9]{8}", "The Office for National Statistics' code of an area, such as E08000008."),
]
Count = Annotated[int, Meta(ge=0, le=2**53 - 1, description="A whole number, zero or more.")]
Position = Annotated[int, Meta(ge=1, le=2**31 - 1, description="The position of an entry in this ledger.")]
Instant = Annotated[datetime, Meta(tz=True, description="An instant with its offset (RFC 3339).")]
YEARS = range(1900, 2200)
"""Years in which a day or an instant may lie."""
Day = Annotated[date, Meta(description="A calendar day (ISO 8601).")]


Figure = Annotated[
    float, Meta(ge=-1e12, le=1e12, description="A number, whole or not, in the unit that stands beside it.")
]


def reference(kind: str, description: str, *, known: bool = True) -> Meta:
    """The metadata of an Id that names a thing of `kind`; the timeline by subject is built on these.

    Unless `known` is False, a fact that begins the thing must have been recorded before.
    """
    return text_matching(ID_PATTERN, description, **({"ref": kind} if known else {"ref": kind, "later": "yes"}))


class Period(Struct, frozen=True, gc=False, forbid_unknown_fields=True, rename="camel"):
    """The days that something covers, both included."""

    first: Day
    last: Day


class Narrative(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Free text, kept beside the entry and bound to it: SHA-256 over its 32-byte salt, then its UTF-8 bytes.

    Clients send the text itself (at most 1 MB); the entry holds this digest, so that the text and the salt
    can be erased under a recorded decision while every proof still holds.
    """

    sha256: Digest


Upcast = Callable[[dict[str, Any]], dict[str, Any]]
"""Makes the data of one version of a fact into the next one's; free text stays where it stands."""


class Fact(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """Something that happened, named in the past tense; the payload of an entry."""

    act: ClassVar[str]
    """The name of the mutation that records it, such as `addObjective`."""
    version: ClassVar[int] = 1
    """The last part of its type name; a change that old readers would misread is a new version."""
    earlier: ClassVar[tuple[Upcast, ...]] = ()
    """For each version before this one, from the first: what makes its data into that of the next. Entries keep
    the bytes that they were recorded with, so this is done whenever one is read."""
    clause: ClassVar[str] = ""
    """The clause of the notice (in the project's own numbering of `docs/facts.md`) that it answers."""
    about: ClassVar[str] = ""
    """The field that names what it is about; that thing must be there, and not have ended."""
    begins: ClassVar[bool] = False
    """Whether what it is about begins with it, under an id that nothing of the kind has had."""
    ends: ClassVar[str] = ""
    """How what it is about ends with it, such as `closed`."""
    once: ClassVar[bool] = False
    """Whether it is recorded once at most of the same thing."""
    needs: ClassVar[str] = ""
    """The fact about the same thing that comes before it."""
    outlives: ClassVar[bool] = False
    """Whether it may be said of what has ended, or after the notice was closed."""


class WordList(Enum):
    """A closed list of words of the field; the value is what stands in the entry."""

    @property
    def meaning(self) -> str:
        """The word as it is read aloud."""
        return str(self.value).replace("_", " ").lower()


class When(Struct, frozen=True):
    """The two times of an entry: when the fact happened, and when the ledger recorded it."""

    occurred_at: datetime
    recorded_at: datetime


class Who(Struct, frozen=True):
    """Who records: the actor, the role in which they act, and the credential's bounds where it has any."""

    actor: str
    role: str
