"""What stands in a form when it is first shown, beside what its address says: what is most often meant.

That it happened now, under its usual clause, with the next id; a correction begins from the entry, a grant from
what was asked for, so that only what differs is typed.
"""

import re
from collections.abc import Mapping
from typing import Any

from api.forms import dates
from api.forms.choices import next_id
from api.forms.fields import fields_of
from api.forms.parse import DATA, Typed
from api.forms.prefill import filled
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


async def begun(desk: FormRequest, said: Typed) -> dict[str, list[str]]:
    """What the form holds; `said`: what its address says, which goes before all else."""
    typed = {**_usual(desk), **filled(desk.fields, _as_it_stands(desk, said), desk.zone)}
    if desk.kind.struct is EntryCorrected:
        typed |= await _as_recorded(desk, _one(said, "position"))
    return {**typed, **{name: list(values) for name, values in said.items()}}


def _usual(desk: FormRequest) -> dict[str, list[str]]:
    clause = desk.kind.struct.clause
    parts = dates.instant_parts(desk.ledger.clock().replace(second=0, microsecond=0), desk.zone)
    typed = {f"time.{name}": [part] for name, part in zip((*dates.DAY_PARTS, "time"), parts, strict=True)}
    if clause in desk.state.notice.clauses:
        typed["clauses"] = [clause]
    for each in desk.fields:
        following = next_id(desk.state.lifecycles.get(each.names[0], ())) if each.begins and each.names else ""
        if following:
            typed[f"{DATA}.{each.key}"] = [following]
    return typed


def _as_it_stands(desk: FormRequest, said: Typed) -> Mapping[str, Any]:
    """The fields of the fact that are most often as the notice has them now."""
    state, struct = desk.state, desk.kind.struct
    if struct is AccessGranted and (access := state.access.requests.get(_one(said, "request"))) is not None:
        return {"from": access.from_.isoformat(), "until": access.until.isoformat()}
    if struct is ActionRebaselined and (action := state.actions.actions.get(_one(said, "action"))) is not None:
        return {"from": action.due.isoformat()}
    return {"position": state.position} if struct is AdviserReportIssued else {}


def _one(said: Typed, key: str) -> str:
    return next(iter(said.get(f"{DATA}.{key}", ())), "")


async def _as_recorded(desk: FormRequest, position: str) -> dict[str, list[str]]:
    """The entry at a position as the form of a correction holds it; nothing where the reader may not see it."""
    if not desk.visit.reads("entries") or not _NUMBER.fullmatch(position):
        return {}
    after = cursor(f"entries/{desk.visit.notice}", [int(position) - 1])
    notice = await ask(desk.request, desk.visit, "corrected", after=after)
    entry = next(iter(notice["entries"]["nodes"]), None)
    if entry is None or entry["position"] != int(position):
        return {}
    kind = STORED_TYPES[entry["type"]].kind
    if kind.name in UNCORRECTABLE or entry["type"] != kind.type:
        return {}
    data = entry["data"]
    for narrative in entry["narratives"]:
        put_at(data, narrative["path"], narrative["text"] or "")
    fields = filled(fields_of(kind.struct), data, desk.zone, f"{_REPLACEMENT}.data")
    return {f"{_REPLACEMENT}.type": [kind.type], **fields}
