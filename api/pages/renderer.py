"""Templates, and the context that each receives: the frame of a page and its formatting functions.

The macros of govuk-frontend have an environment of their own, in which undefined names are empty. In a page's own
template an undefined name is an error.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache, partial
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api import formatting
from api.auth.sessions import FORM_FIELD, Session, Sessions
from api.forms.labels import of_people
from api.forms.tasks import button, task
from api.pages import static_files
from api.pages.page_clauses import clauses_in_words
from api.pages.page_request import PageRequest
from api.pages.security_headers import secured
from api.report.phrases import many
from ledger.domain import calendar
from ledger.domain.councils import councils
from ledger.domain.registry import STORED_TYPES, in_order
from ledger.domain.roles import matrix
from projections.narrate.sentence import NO_NAMES, natural_key, reason_with_names, with_name, zone_of
from schema.derive.connection import LARGEST

_COMPONENTS = (
    *("breadcrumbs", "button", "checkboxes", "date-input", "details", "error-summary", "fieldset", "file-upload"),
    *("generic-header", "input", "inset-text", "notification-banner", "pagination", "radios", "select"),
    *("service-navigation", "skip-link", "summary-list", "textarea", "warning-text"),
)


class Templates(Environment):
    """Environment of templates in which `one.update` is a field of that name, not a method of a dictionary."""

    def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401 - jinja2's signature
        """Return the value of `obj.attribute` in a template."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


class Section(Struct, frozen=True):
    """Section of a notice's pages, as the navigation lists it."""

    path: str
    title: str
    view: str | None
    """View that the section shows; None for the section of forms."""
    also: tuple[str, ...] = ()
    """Further paths whose pages belong to the section."""


SECTIONS = (
    Section("", "Overview", "notice"),
    Section("/plan", "Plan", "plan"),
    Section("/coverage", "Coverage", "coverage"),
    Section("/board", "Board", "board"),
    Section("/evidence", "Evidence", "evidence"),
    Section("/measures", "Measures", "measures"),
    Section("/reviews", "Reviews and access", "reviews", also=("/duties",)),
    Section("/views", "Views of staff and children", "engagement"),
    Section("/partners", "Partners", "partners"),
    Section("/reports", "Adviser's reports", "adviser", also=("/drafts", "/issued")),
    Section("/entries", "Entries", "entries"),
    Section("/replay", "History", "entries"),
    Section("/record", "Add or update", None),
)


@cache
def environment() -> Environment:
    """Return the environment of the templates."""
    govuk = Environment(
        loader=PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates = Templates(
        loader=PackageLoader("api.pages"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    for name in _COMPONENTS:
        macro = "govuk" + "".join(part.capitalize() for part in name.split("-"))
        template = govuk.get_template(f"govuk_frontend_jinja/components/{name}/macro.html")
        templates.globals[macro] = getattr(template.module, macro)
    templates.globals |= {
        "asset": static_files.address,
        "tag": formatting.tag,
        "prose": formatting.prose,
        "body_name": _body_name,
        "clauses_in_words": clauses_in_words,
        "facts": sorted(((name, formatting.fact(name)) for name in matrix().records), key=itemgetter(1)),
        "many": many,
        "FORM_FIELD": FORM_FIELD,
    }
    templates.filters |= {
        "plain": formatting.plain,
        "plain_list": formatting.plain_list,
        "day": formatting.day,
        "number": formatting.number,
        "size": formatting.size,
        "listed": formatting.listed,
        "labelled": formatting.labelled,
        "fact": formatting.fact,
        "of_people": of_people,
        "task": task,
        "named": with_name,
        "lines": formatting.lines,
        "button": button,
        "preset": _preset,
        "pairs": formatting.pairs,
        "as_options": formatting.as_options,
        "excerpt": formatting.excerpt,
        "narratives": _narratives,
        "naturally": _naturally,
        "reference": _reference,
        "field_name": formatting.field_name,
        "pretty": formatting.pretty,
    }
    templates.tests["contains"] = lambda items, item: item in items
    return templates


def page(
    request: Request,
    template: str,
    context: Mapping[str, Any],
    *,
    page_request: PageRequest | None = None,
    session: Session | None = None,
    status: int = 200,
) -> Response:
    """Render a page.

    With a `page_request`, `context` must contain the `notice` with the fields of the fragment `Frame`.
    """
    sessions: Sessions = request.app.state.sessions()
    session = page_request.visitor.session if page_request is not None else session
    zone = zone_of(context["notice"]["zone"]) if page_request is not None else calendar.ENGLAND
    frame = _frame(request, page_request, zone) | {
        "session": session,
        "form_token": sessions.form_token(session),
        "is_cut": page_request is not None and has_full_list(context["notice"]),
    }
    html = environment().get_template(template).render({**frame, **context})
    return secured(request, HTMLResponse(html, status))


def plain_page(request: Request, template: str, context: Mapping[str, Any], status: int) -> Response:
    """Render a page without a session or a notice, which the service can do before it is open."""
    frame = _frame(request, None, calendar.ENGLAND) | {"session": None, "form_token": None, "is_cut": False}
    html = environment().get_template(template).render({**frame, **context})
    return secured(request, HTMLResponse(html, status))


def _frame(request: Request, page_request: PageRequest | None, zone: ZoneInfo) -> dict[str, Any]:
    frame: dict[str, Any] = {
        "page_request": page_request,
        "here": request.url.path,
        "when": partial(formatting.when, zone=zone),
        "entry": partial(_entry, page_request),
        **naming(NO_NAMES if page_request is None else page_request.names),
    }
    return frame if page_request is None else frame | _notice_frame(request, page_request, zone)


def has_full_list(data: object) -> bool:
    """Return whether a list in a query's result has the largest size, so that it may be cut."""
    if isinstance(data, Mapping):
        return len(data.get("nodes") or ()) >= LARGEST or any(map(has_full_list, data.values()))
    return isinstance(data, list) and any(map(has_full_list, data))


def naming(names: Mapping[str, str]) -> dict[str, Any]:
    """Return the functions of templates that display actors with their names."""
    return {"person": partial(with_name, names=names), "reason": partial(reason_with_names, names=names)}


def _notice_frame(request: Request, page_request: PageRequest, zone: ZoneInfo) -> dict[str, Any]:
    path = request.url.path.removeprefix(f"/notices/{page_request.notice}")
    return {
        "to": page_request.address,
        "with_parameters": partial(page_request.with_parameters, request.url.path),
        "today": partial(_today, zone),
        "roles": formatting.listed(role.meaning for role in page_request.roles),
        "longest": LARGEST,
        "sections": [
            {
                "text": section.title,
                "href": page_request.address(section.path),
                "current": path == section.path,
                "active": section.path != ""
                and (f"{path}/").startswith(tuple(f"{part}/" for part in (section.path, *section.also))),
            }
            for section in SECTIONS
            if _is_visible(page_request, section)
        ],
    }


def _is_visible(page_request: PageRequest, section: Section) -> bool:
    """Return whether the reader may use a section of the notice."""
    if section.view is None:
        return any(page_request.records(fact) for fact in matrix().records)
    return page_request.reads(section.view) or (section.view == "reviews" and page_request.reads("access"))


def _today(zone: ZoneInfo, instant: str) -> str:
    """Return the date of an instant in the form that a date field accepts."""
    return datetime.fromisoformat(instant).astimezone(zone).date().isoformat()


def _entry(page_request: PageRequest | None, position: int | None, label: str | None = None) -> Markup:
    """Return a link to an entry, or its label alone without access to entries; empty for no position."""
    if position is None:
        return Markup("")
    text = label or f"entry\N{NO-BREAK SPACE}{position}"
    if page_request is None or not page_request.reads("entries"):
        return Markup("{}").format(text)
    return Markup('<a class="govuk-link" href="{}">{}</a>').format(
        page_request.address(f"/entries/{position}"), text
    )


def _preset(values: Mapping[str, str]) -> dict[str, str]:
    """Return address parameters that fill a form's fields with these values."""
    return {f"data.{name}": value for name, value in values.items()}


def _narratives(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return an entry's narratives in the order of its fact's fields."""
    by_path = {one["path"]: one for one in entry["narratives"]}
    return [by_path[path] for path in in_order(STORED_TYPES[entry["type"]].kind, by_path)]


def _reference(entry: Mapping[str, Any]) -> str | None:
    """Return the id of the thing that an entry is about: its subject, or the field that its fact declares."""
    struct = STORED_TYPES[entry["type"]].kind.struct
    names = dict(zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True))
    declared = entry["data"].get(names[struct.about]) if struct.about else None
    return entry["subject"] or (declared if isinstance(declared, str) else None)


def _naturally(rows: Iterable[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
    """Return rows in the order of a field's values, with the numbers in them by value: 5b, 11."""
    return sorted(rows, key=lambda row: natural_key(row[name]))


def _body_name(notice: Mapping[str, str | None]) -> str:
    """Return the name of the body that a notice was issued to, or its code if no name is known."""
    code = notice["council"] or ""
    known = councils().get(code)
    return known.name if known is not None else notice["body"] or code
