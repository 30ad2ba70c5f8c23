"""Templates, and what each of them is given: the frame of a page, and the words in which it speaks.

The macros of govuk-frontend live in an environment of their own, which takes what is left out for empty; a page's
own template may name nothing that is not there.
"""

from collections.abc import Mapping
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
from api.pages import static_files
from api.pages.page_request import PageRequest
from api.pages.security_headers import secured
from api.report.phrases import many
from ledger.domain import calendar
from ledger.domain.councils import councils
from ledger.domain.roles import matrix
from projections.narrate.sentence import zone_of

_COMPONENTS = (
    *("breadcrumbs", "button", "checkboxes", "date-input", "details", "error-summary", "fieldset", "file-upload"),
    *("generic-header", "input", "inset-text", "notification-banner", "pagination", "radios", "select"),
    *("service-navigation", "skip-link", "summary-list", "textarea", "warning-text"),
)


class Templates(Environment):
    """An environment in which `one.update` is the answer's field of that name, and no method of a dictionary."""

    def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401 - jinja2's signature
        """What a template means by a name after a dot."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


class Section(Struct, frozen=True):
    """A part of a notice in its navigation."""

    path: str
    title: str
    view: str | None
    """The view without which it has nothing to show; None: it is for those who record."""
    also: tuple[str, ...] = ()
    """Further addresses that belong to it."""


SECTIONS = (
    Section("", "At a glance", "notice"),
    Section("/plan", "Plan", "plan"),
    Section("/coverage", "Coverage", "coverage"),
    Section("/board", "Board", "board"),
    Section("/evidence", "Evidence", "evidence"),
    Section("/measures", "Measures", "measures"),
    Section("/reviews", "Reviews and access", "reviews"),
    Section("/views", "Views of staff and children", "engagement"),
    Section("/partners", "Partners", "partners"),
    Section("/reports", "Adviser's reports", "adviser", also=("/drafts", "/issued")),
    Section("/entries", "Entries", "entries"),
    Section("/replay", "Replay", "entries"),
    Section("/record", "Record", None),
)


@cache
def environment() -> Environment:
    """The templates."""
    govuk = Environment(
        loader=PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made = Templates(
        loader=PackageLoader("api.pages"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    for name in _COMPONENTS:
        macro = "govuk" + "".join(part.capitalize() for part in name.split("-"))
        template = govuk.get_template(f"govuk_frontend_jinja/components/{name}/macro.html")
        made.globals[macro] = getattr(template.module, macro)
    made.globals |= {
        "asset": static_files.address,
        "tag": formatting.tag,
        "prose": formatting.prose,
        "council": _council,
        "facts": sorted(((name, formatting.fact(name)) for name in matrix().records), key=itemgetter(1)),
        "many": many,
        "FORM_FIELD": FORM_FIELD,
    }
    made.filters |= {
        "plain": formatting.plain,
        "day": formatting.day,
        "number": formatting.number,
        "size": formatting.size,
        "listed": formatting.listed,
        "labelled": formatting.labelled,
        "fact": formatting.fact,
        "typed": _typed,
        "pairs": formatting.pairs,
        "as_options": formatting.as_options,
        "excerpt": formatting.excerpt,
        "field_name": formatting.field_name,
        "pretty": formatting.pretty,
    }
    made.tests["contains"] = lambda items, item: item in items
    return made


def page(
    request: Request,
    template: str,
    given: Mapping[str, Any],
    *,
    visit: PageRequest | None = None,
    session: Session | None = None,
    status: int = 200,
) -> Response:
    """A page; of a notice where there is a `visit`: `given` then has the `notice`, as `Frame` shows it."""
    sessions: Sessions = request.app.state.sessions()
    session = visit.visitor.session if visit is not None else session
    zone = zone_of(given["notice"]["zone"]) if visit is not None else calendar.ENGLAND
    frame: dict[str, Any] = {
        "session": session,
        "form_token": sessions.form_token(session),
        "visit": visit,
        "here": request.url.path,
        "when": partial(formatting.when, zone=zone),
        "entry": partial(_entry, visit),
    }
    if visit is not None:
        frame |= _of_a_notice(request, visit, zone)
    html = environment().get_template(template).render({**frame, **given})
    return secured(request, HTMLResponse(html, status))


def _of_a_notice(request: Request, visit: PageRequest, zone: ZoneInfo) -> dict[str, Any]:
    path = request.url.path.removeprefix(f"/notices/{visit.notice}")
    return {
        "to": visit.address,
        "again": partial(visit.again, request.url.path),
        "today": partial(_today, zone),
        "roles": formatting.listed(role.meaning for role in visit.roles),
        "sections": [
            {
                "text": section.title,
                "href": visit.address(section.path),
                "current": path == section.path,
                "active": section.path != ""
                and (f"{path}/").startswith(tuple(f"{each}/" for each in (section.path, *section.also))),
            }
            for section in SECTIONS
            if _is_for(visit, section)
        ],
    }


def _is_for(visit: PageRequest, section: Section) -> bool:
    """Whether the visitor finds anything there."""
    if section.view is None:
        return any(visit.records(fact) for fact in matrix().records)
    return visit.reads(section.view) or (section.view == "reviews" and visit.reads("access"))


def _today(zone: ZoneInfo, instant: str) -> str:
    """The day of an instant, as a field for a day takes it."""
    return datetime.fromisoformat(instant).astimezone(zone).date().isoformat()


def _entry(visit: PageRequest | None, position: int | None, words_of_it: str | None = None) -> Markup:
    """A link to an entry; its number alone for whoever may not read entries."""
    if position is None:
        return Markup("")
    shown = words_of_it or f"entry\N{NO-BREAK SPACE}{position}"
    if visit is None or not visit.reads("entries"):
        return Markup("{}").format(shown)
    return Markup('<a class="govuk-link" href="{}">{}</a>').format(visit.address(f"/entries/{position}"), shown)


def _typed(given: Mapping[str, str]) -> dict[str, str]:
    """What a fact's fields are to hold, as its form's address says it."""
    return {f"data.{name}": value for name, value in given.items()}


def _council(code: str) -> str:
    """The name of the council of that code; the code where it is not known."""
    found = councils().get(code)
    return found.name if found is not None else code
