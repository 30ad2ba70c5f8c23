"""Initial inputs of a form: the time, the next reference, and values already recorded.

A correction starts from the entry and a grant from its request, so only the differences are typed.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from api.forms import dates
from api.forms.choices import next_id
from api.forms.fields import Field, fields_of
from api.forms.labels import FIRST_IDS
from api.forms.parse import DATA, Inputs
from api.forms.prefill import prefill
from api.pages.form_request import FormRequest
from api.pages.page_request import ask
from ledger.domain.areas.access import AccessGranted
from ledger.domain.areas.actions import ActionRebaselined
from ledger.domain.areas.records import UNCORRECTABLE, EntryCorrected
from ledger.domain.areas.reports import AdviserReportIssued
from ledger.domain.registry import STORED_TYPES, put_at
from schema.derive.connection import cursor

_REPLACEMENT = f"{DATA}.replacement"
_NUMBER = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)


async def initial_inputs(form_request: FormRequest, preset: Inputs) -> dict[str, list[str]]:
    """Return the initial inputs of a form; the inputs in its address, `preset`, take precedence."""
    inputs = {
        **_usual_inputs(form_request),
        **prefill(form_request.fields, _current_values(form_request, preset), form_request.zone),
    }
    if form_request.kind.struct is EntryCorrected:
        inputs |= await _corrected_entry(form_request, _preset_value(preset, "position"))
    return {**inputs, **{name: list(values) for name, values in preset.items()}}


def _usual_inputs(form_request: FormRequest) -> dict[str, list[str]]:
    """Return inputs with the next reference, and with the present time unless the notice is closed to the fact."""
    closed = form_request.state.notice.closed is not None and not form_request.kind.struct.outlives
    inputs = {} if closed else _present(form_request)
    for field in form_request.fields:
        if field.first is not None:
            inputs[f"{DATA}.{field.key}"] = [next_id(_ids_like(form_request, field)) or field.first]
    return inputs


def _present(form_request: FormRequest) -> dict[str, list[str]]:
    """Return the inputs of the present time, to the minute."""
    parts = dates.instant_parts(form_request.ledger.clock().replace(second=0, microsecond=0), form_request.zone)
    return {f"time.{name}": [part] for name, part in zip(dates.INSTANT_PARTS, parts, strict=True)}


def _ids_like(form_request: FormRequest, field: Field) -> Iterable[str]:
    """Return the recorded ids of the kind of thing that a field creates.

    Where several facts create such ids, only ids that begin like this fact's first id are returned.
    """
    ids = form_request.state.lifecycles.get(field.references[0], ())
    if form_request.kind.name not in FIRST_IDS or field.first is None:
        return ids
    beginning = field.first.rstrip("0123456789")
    return [id_ for id_ in ids if id_.rstrip("0123456789") == beginning]


def _current_values(form_request: FormRequest, preset: Inputs) -> Mapping[str, Any]:
    """Return recorded values from which fields start, such as an action's present due date.

    For most facts the result is empty.
    """
    state, struct = form_request.state, form_request.kind.struct
    if (
        struct is AccessGranted
        and (access := state.access.requests.get(_preset_value(preset, "request"))) is not None
    ):
        return {"from": access.from_.isoformat(), "until": access.until.isoformat()}
    if (
        struct is ActionRebaselined
        and (action := state.actions.actions.get(_preset_value(preset, "action"))) is not None
    ):
        return {"from": action.due.isoformat()}
    return {"position": state.position} if struct is AdviserReportIssued else {}


def _preset_value(preset: Inputs, key: str) -> str:
    return next(iter(preset.get(f"{DATA}.{key}", ())), "")


async def _corrected_entry(form_request: FormRequest, position: str) -> dict[str, list[str]]:
    """Return the inputs of a correction, from the entry at a position.

    The result is empty without an entry that the reader may read, or if nobody may correct the entry.
    """
    if not form_request.page_request.reads("entries") or not _NUMBER.fullmatch(position):
        return {}
    after = cursor(f"entries/{form_request.page_request.notice}", [int(position) - 1])
    notice = await ask(form_request.request, form_request.page_request, "corrected", after=after)
    entry = next(iter(notice["entries"]["nodes"]), None)
    if entry is None or entry["position"] != int(position):
        return {}
    kind = STORED_TYPES[entry["type"]].kind
    if kind.name in UNCORRECTABLE:
        return {}
    data = entry["data"]
    for step in STORED_TYPES[entry["type"]].steps:
        data = step(data)
    for narrative in entry["narratives"]:
        put_at(data, narrative["path"], narrative["text"] or "")
    replacement = prefill(fields_of(kind.struct), data, form_request.zone, f"{_REPLACEMENT}.data")
    return {f"{_REPLACEMENT}.type": [kind.type], **replacement}
