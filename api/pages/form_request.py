"""Request for a fact's form: its fields, its options, and the state that it starts from."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request

from api import formatting, schema_client
from api.forms.choices import (
    ABOUT,
    Choices,
    available_subjects,
    choices,
    referenced_kinds,
    selection,
    with_clauses,
)
from api.forms.fields import ENVELOPE, Choice, Control, Field, fields_of
from api.forms.parse import DATA, Inputs
from api.forms.submission import source_of
from api.forms.tasks import task
from api.pages.page_request import PageRequest, ask, page_request_of
from api.pages.time_control import TimePoint
from api.services import Ledger
from ledger.domain.areas.evidence import EvidenceSubmitted
from ledger.domain.authorisation import authorise
from ledger.domain.errors import Refusal, Refused
from ledger.domain.registry import KINDS, Kind, find_kind
from ledger.domain.roles import Role
from ledger.domain.state import State
from projections.narrate.sentence import zone_of
from schema.context import Context


class FormRequest(Struct):
    """Request for the form of a fact."""

    request: Request
    page_request: PageRequest
    kind: Kind
    state: State
    role: str
    zone: ZoneInfo
    notice: dict[str, Any]
    fields: tuple[Field, ...]
    choices: Choices
    limit: int | None
    """Bytes of the largest document; None if the fact has no document."""

    @property
    def needs_time(self) -> bool:
        """True if the notice is closed to the fact unless an earlier time is entered."""
        struct = self.kind.struct
        return self.state.notice.closed is not None and not struct.outlives and struct.stated_day is None

    @property
    def ledger(self) -> Ledger:
        """Parts of the server process, such as the writer and the reader."""
        ledger: Ledger = self.request.app.state.ledger
        return ledger


async def request_now(request: Request) -> PageRequest:
    """Return the page request at the present, because no fact is recorded in the past.

    Raise the errors of `page_request_of`.
    """
    return await page_request_of(request, TimePoint())


async def recording_request(request: Request) -> PageRequest:
    """Return the page request at the present, for a page that records facts of the notice.

    Raises:
        SignInNeeded: Nobody is signed in.
        Refused: The reader may not read the notice, or the notice is a copy, in which nothing is recorded.
    """
    page_request = await request_now(request)
    ledger: Ledger = request.app.state.ledger
    ledger.follow.refuse_copy(page_request.notice)
    return page_request


async def form_request_of(request: Request) -> FormRequest:
    """Return the request for the form of the fact in the address.

    Raises:
        SignInNeeded: Nobody is signed in.
        Refused: The reader may not read the notice or record the fact, or the notice is a copy.
        HTTPException: The fact is unknown, or a query failed.
        Unavailable: The database cannot be reached.
    """
    page_request = await recording_request(request)
    ledger: Ledger = request.app.state.ledger
    kind = kind_of(request)
    state = await ledger.writer.state(page_request.notice)
    credential = page_request.visitor.viewer.credential
    source = source_of(state, credential)
    actor = authorise(state, credential, kind.name, kind.type, source, ledger.clock())
    if isinstance(actor, Refusal):
        raise not_allowed(actor, kind, page_request)
    upload = kind.struct is EvidenceSubmitted
    fields = fields_of(kind.struct, derived=True)
    notice = await ask(request, page_request, "record")
    options = await _choices(request, page_request, kind, fields, state)
    limit = ledger.evidence.files.limit if upload else None
    zone = zone_of(notice["zone"])
    return FormRequest(
        request, page_request, kind, state, Role(actor.role).meaning, zone, notice, fields, options, limit
    )


def not_allowed(refusal: Refusal, kind: Kind, page_request: PageRequest) -> Refused:
    """Return the exception for a reader who may not record a fact, with the fact's task or name in words."""
    if not page_request.records(kind.name):
        title = task(kind.name)
        return Refused.because(refusal.code, page_request.cannot(f"{title[:1].lower()}{title[1:]}"))
    name = f"“{formatting.fact(kind.name)}”"
    return Refused.because(refusal.code, refusal.message.replace(kind.type, name).replace(kind.name, name))


async def add_choices_of_fact(form_request: FormRequest, inputs: Inputs) -> None:
    """Add the options for the fields of a fact that the inputs select within the form, as a correction does."""
    for field in form_request.fields:
        selected = next(iter(inputs.get(f"{DATA}.{field.key}.type", ())), "")
        if field.control is Control.FACT and selected in KINDS:
            request, page_request, state = form_request.request, form_request.page_request, form_request.state
            fields = fields_of(KINDS[selected].struct)
            options = await _choices(request, page_request, None, fields, state)
            form_request.choices = {**options, **form_request.choices}


async def _choices(
    request: Request, page_request: PageRequest, kind: Kind | None, fields: Sequence[Field], state: State
) -> Choices:
    """Return the options of a form, as the reader may see them now.

    The options for the subject of a fact are limited to those that `kind` accepts; None limits nothing.
    """
    ledger: Ledger = request.app.state.ledger
    kinds = referenced_kinds((*fields, *ENVELOPE))
    fields_of_notice = selection(kinds, page_request.roles)
    context = Context(ledger.reader, ledger.writer.append, page_request.visitor.viewer, sign=ledger.log.checkpoint)
    document = f"query Choices($notice: ID!) {{ notice(id: $notice) {{ zone {fields_of_notice} }} }}"
    answer: Mapping[str, Any] = await schema_client.ask(context, document, {"notice": page_request.notice})
    notice = answer["notice"]
    options = choices(notice, kinds, page_request.names, zone_of(notice["zone"]))
    options = with_clauses(options, kinds, state)
    actor = page_request.visitor.session.actor
    options.setdefault("actor", (Choice(actor, f"{actor}: you"),))
    options["actor"] = _named_actors(options["actor"], page_request.names)
    about = next((field for field in fields if field.about), None)
    if kind is not None and about is not None and about.references[0] in options:
        options[ABOUT] = available_subjects(
            kind.struct, about.references[0], options[about.references[0]], state, actor
        )
    return options


def _named_actors(actors: Sequence[Choice], names: Mapping[str, str]) -> tuple[Choice, ...]:
    """Return the options for actors with their names in the directory, then the directory's other people."""
    known = {choice.value for choice in actors}
    others = [Choice(actor, actor) for actor in names if actor not in known]
    return tuple(
        Choice(choice.value, f"{names[choice.value]}, {choice.label}") if choice.value in names else choice
        for choice in (*actors, *others)
    )


def kind_of(request: Request) -> Kind:
    """Return the fact that the address names.

    Raises:
        HTTPException: 404 for an unknown fact.
    """
    name = request.path_params["fact"]
    kind = find_kind(name)
    if kind is None or kind.name != name:
        raise HTTPException(404, f"no form {name[:80]!r}; choose one on the page “Add or update”")
    return kind
