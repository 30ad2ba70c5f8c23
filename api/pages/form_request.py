"""Somebody at the form of a fact: what it asks, what it offers, and what stands in it at first."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request

from api import schema_client
from api.forms.choices import ABOUT, Choices, choices, kinds_named, open_to, selection
from api.forms.fields import ENVELOPE, Choice, Field, fields_of
from api.forms.submission import source_of
from api.pages.page_request import PageRequest, ask, visit_of
from api.pages.time_control import TimePoint
from api.services import Ledger
from ledger.domain.areas.evidence import EvidenceSubmitted
from ledger.domain.areas.people import authorise
from ledger.domain.errors import Refusal, Refused
from ledger.domain.registry import Kind, find_kind
from ledger.domain.roles import Role
from ledger.domain.state import State
from projections.narrate.sentence import zone_of
from schema.context import Context


class FormRequest(Struct):
    """Somebody at the form of a fact."""

    request: Request
    visit: PageRequest
    kind: Kind
    state: State
    role: str
    zone: ZoneInfo
    notice: dict[str, Any]
    fields: tuple[Field, ...]
    choices: Choices
    limit: int | None
    """The size of the largest document, where one comes with the fact."""

    @property
    def ledger(self) -> Ledger:
        """The parts of the service."""
        ledger: Ledger = self.request.app.state.ledger
        return ledger


async def visit_now(request: Request) -> PageRequest:
    """The visit of a request, as things stand now whatever the address says: nothing is recorded in the past."""
    return await visit_of(request, TimePoint())


async def desk_of(request: Request) -> FormRequest:
    """The form that is asked for; raises Refused where the reader may not record that fact, and HTTPException."""
    visit = await visit_now(request)
    ledger: Ledger = request.app.state.ledger
    kind = kind_of(request)
    state = await ledger.writer.state(visit.notice)
    credential = visit.visitor.viewer.credential
    source = source_of(state, credential)
    who = authorise(state, credential, kind.name, kind.type, source, ledger.clock())
    if isinstance(who, Refusal):
        raise Refused((who,))
    upload = kind.struct is EvidenceSubmitted
    fields = fields_of(kind.struct, upload=upload)
    notice = await ask(request, visit, "record")
    offered = await _choices(request, visit, kind, fields, state)
    limit = ledger.evidence.files.limit if upload else None
    zone = zone_of(notice["zone"])
    return FormRequest(request, visit, kind, state, Role(who.role).meaning, zone, notice, fields, offered, limit)


async def _choices(
    request: Request, visit: PageRequest, kind: Kind, fields: Sequence[Field], state: State
) -> Choices:
    """What the form offers where it names things of the notice, as the reader may see them now."""
    ledger: Ledger = request.app.state.ledger
    kinds = kinds_named((*fields, *ENVELOPE))
    asked = selection(kinds, visit.roles)
    context = Context(ledger.reader, ledger.writer.append, visit.visitor.viewer, sign=ledger.log.checkpoint)
    document = f"query Choices($notice: ID!) {{ notice(id: $notice) {{ id {asked} }} }}"
    answer: Mapping[str, Any] = await schema_client.ask(context, document, {"notice": visit.notice})
    found = choices(answer["notice"], kinds)
    me = visit.visitor.session.actor
    found.setdefault("actor", (Choice(me, f"{me}: yourself"),))
    about = next((each for each in fields if each.about), None)
    if about is not None and about.names[0] in found:
        found[ABOUT] = open_to(kind.struct, about.names[0], found[about.names[0]], state, me)
    return found


def kind_of(request: Request) -> Kind:
    """The fact that the address names; raises HTTPException (404)."""
    name = request.path_params["fact"]
    kind = find_kind(name)
    if kind is None or kind.name != name:
        raise HTTPException(404, f"there is no fact {name[:80]!r}; see what may be recorded")
    return kind
