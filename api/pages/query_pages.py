"""The pages that show what a query answers: an address, a query and a template of one name, and a shape."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.pages import page_data, renderer
from api.pages.page_request import PageRequest, ask, visit_of

Shape = Callable[[PageRequest, Mapping[str, Any]], Mapping[str, Any]]


def _nothing_more(_visit: PageRequest, _notice: Mapping[str, Any]) -> Mapping[str, Any]:
    return {}


class Page(Struct, frozen=True):
    """A page of a notice."""

    path: str
    """Below `/notices/{notice}`; what it names in braces are variables of the query."""
    name: str
    """Of its query and its template."""
    shape: Shape = _nothing_more


PAGES = (
    Page("", "glance", page_data.glance),
    Page("/plan", "plan"),
    Page("/plan/{objective:path}", "objective", page_data.objective),
    Page("/coverage", "coverage"),
    Page("/board", "board", page_data.board),
    Page("/evidence", "evidence"),
    Page("/measures", "measures", page_data.measures),
    Page("/measures/{measure:path}", "measure", page_data.measure),
    Page("/reviews", "reviews"),
    Page("/views", "views"),
    Page("/partners", "partners"),
    Page("/reports", "reports", page_data.reports),
    Page("/reports/{report:path}", "report", page_data.report),
    Page("/entries", "entries"),
    Page("/about/{subject:path}", "about", page_data.about),
)


def routes() -> list[Route]:
    """Their routes."""
    return [Route(f"/notices/{{notice}}{page.path}", _shows(page), methods=["GET"]) for page in PAGES]


def _shows(page: Page) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        visit = await visit_of(request)
        notice = await ask(request, visit, page.name, **visit.about)
        given = {"notice": notice, **page.shape(visit, notice)}
        return renderer.page(request, f"{page.name}.html", given, visit=visit)

    return endpoint
