"""The scan of the ids and words that an entry itself contains, which nobody can erase."""

from collections.abc import Callable, Container, Iterable, Iterator
from functools import cache
from operator import attrgetter

import msgspec
from msgspec import Struct

from ledger.domain.areas.access import AccessUsed, AccessUseRefused
from ledger.domain.areas.evidence import EvidenceOpened
from ledger.domain.areas.people import RoleGranted, RoleRequested
from ledger.domain.areas.records import EntryCorrected
from ledger.domain.errors import Refusal
from ledger.domain.fact import Fact
from ledger.domain.fields import FieldPath, Json, field_paths
from ledger.domain.lifecycle import ACTOR
from ledger.domain.registry import KINDS, STORED_TYPES, values_at
from ledger.intake.personal_data import CONFIRMABLE, ID_TRACE, NAMES, advice, kinds_in, kinds_in_id

_MOST_CLEAN = 4_096
_LONGEST = 128
"""Maximum characters of a text that is scanned in an event refused for its shape."""
_ATTRIBUTES = ("id", "source", "subject", "clauses")
"""Attributes of an event that an entry contains as they are."""
_clean_words: set[str | None] = {None}
"""Words of entries in which the scan matched nothing, such as AMBER; the same words come again and again."""
_REPEATED = ("source", "subject", "clauses")
"""Attributes of an event that are often the same in the next event."""
_clean_ids: set[str | None] = {None}
"""Sources, subjects and clauses in which the scan matched nothing."""


class _EntryFields(Struct, frozen=True):
    """The fields of a fact of which an entry contains the text itself."""

    words: Callable[[Fact], tuple[str | None, ...]]
    """Function that returns the fact's own words."""
    only_words: bool
    """True if the fact has no words in a list or an object, and no new ids."""
    paths: tuple[tuple[tuple[str, ...], bool], ...]
    """Path of each field, and whether the field is an id."""


@cache
def _entry_fields(struct: type[Fact]) -> _EntryFields:
    paths = [(leaf, not leaf.is_code) for leaf in field_paths(struct) if _has_text(struct, leaf)]
    names = [leaf.attributes[0] for leaf, is_id in paths if not is_id and len(leaf.attributes) == 1]
    words: Callable[[Fact], tuple[str | None, ...]] = (
        attrgetter(*names) if len(names) > 1 else lambda fact: tuple(getattr(fact, name) for name in names)
    )
    flat = len(names) == len(paths) and all(leaf.hint is str for leaf, _ in paths)
    return _EntryFields(
        words, flat and struct is not EntryCorrected, tuple((leaf.keys, is_id) for leaf, is_id in paths)
    )


def _has_text(struct: type[Fact], leaf: FieldPath) -> bool:
    """Return whether a field may bring text to the record. The id of a thing recorded before does not."""
    if leaf.hint is not str:
        return leaf.is_code and struct is not EntryCorrected
    if struct in (AccessUsed, AccessUseRefused, EvidenceOpened):  # the service names what was recorded before
        return False
    begins = struct.begins and leaf.attributes == (struct.about,)
    grants = struct in (RoleRequested, RoleGranted) and leaf.kind == ACTOR
    return leaf.kind is None or not leaf.known or begins or grants


def in_entry(
    key: str, source: str, subject: str | None, clauses: str | None, fact: Fact, confirm: str | None
) -> Iterable[Refusal]:
    """Return the refusals for personal data in the ids and words that an entry itself contains.

    Nobody can erase such text. Most events need no search: their ids have no trace of a number, and their words
    were searched before.
    """
    fields = _entry_fields(type(fact))
    if (
        ID_TRACE.search(key) is None
        and "dot" not in key
        and source in _clean_ids
        and subject in _clean_ids
        and clauses in _clean_ids
        and fields.only_words
        and _clean_words.issuperset(fields.words(fact))
    ):
        return ()
    confirmed = (confirm or "").split()
    attributes = {"id": key, "source": source, "subject": subject, "clauses": clauses}
    return [
        *(refusal for name, text in attributes.items() if text for refusal in _in_id(text, name)),
        *_in_data(type(fact), msgspec.to_builtins(fact), "data", confirmed),
    ]


def in_refused(event: dict[str, Json]) -> Iterator[Refusal]:
    """Yield the refusals for personal data in an event that is refused for its shape.

    Its author then sees all faults at once. Values of a wrong type or length have a refusal already.
    """
    name, confirmed = event.get("type"), str(event.get("confirm", "")).split()
    for attribute in _ATTRIBUTES:
        yield from (refusal for text in _short(event.get(attribute)) for refusal in _in_id(text, attribute))
    stored_type = STORED_TYPES.get(name) if isinstance(name, str) else None
    if stored_type is None or stored_type.kind is None:
        return
    for path, is_id in _entry_fields(stored_type.kind.struct).paths:
        for place, value in values_at(event.get("data"), path, "data"):
            for text in _short(value):
                yield from _in_id(text, place) if is_id else _in_words(text, place, confirmed)


def _short(value: Json) -> Iterator[str]:
    if isinstance(value, str) and len(value) <= _LONGEST:
        yield value


def _in_data(struct: type[Fact], data: Json, where: str, confirmed: Container[str]) -> Iterator[Refusal]:
    """Yield the refusals for a fact's own ids and words; those of a correction's replacement too."""
    for path, is_id in _entry_fields(struct).paths:
        for place, value in values_at(data, path, where):
            for text in _texts(value):
                yield from _in_id(text, place) if is_id else _in_words(text, place, confirmed)
    replacement = data.get("replacement") if struct is EntryCorrected else None
    if replacement is not None:
        replaced = KINDS[replacement["type"]].struct
        yield from _in_data(replaced, replacement["data"], f"{where}.replacement.data", confirmed)


def _texts(value: Json) -> Iterator[str]:
    """Yield the texts of decoded JSON, the keys of its objects included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value:
            yield from _texts(item)
        for item in value.values() if isinstance(value, dict) else ():
            yield from _texts(item)


def _in_id(text: str, path: str) -> Iterator[Refusal]:
    if text in _clean_ids:
        return
    kinds = kinds_in_id(text) if ID_TRACE.search(text) or "dot" in text else ()
    if not kinds and path in _REPEATED:
        _remember(text, _clean_ids)
    for kind in kinds:
        message = f"the id seems to contain {NAMES[kind]}, and nobody can erase it from an entry"
        yield Refusal("PERSONAL_DATA", f"{message}; choose another id", path)


def _in_words(text: str, path: str, confirmed: Container[str]) -> Iterator[Refusal]:
    if text in _clean_words:
        return
    kinds = kinds_in(text)
    if not kinds:
        _remember(text, _clean_words)
    for kind in kinds:
        message = f"the text seems to contain {NAMES[kind]}, and nobody can erase it from an entry"
        if kind not in CONFIRMABLE:
            yield Refusal("PERSONAL_DATA", f"{message}; leave it out", path)
        elif kind.value not in confirmed:
            yield Refusal("CONFIRM_PERSONAL_DATA", f"{message}; {advice(kind)}", path)


def _remember(text: str, clean: set[str | None]) -> None:
    if len(clean) >= _MOST_CLEAN:
        clean.clear()
        clean.add(None)
    clean.add(text)
