"""The pages that show what a query answers: an address, a query and a template of one name, and a shape."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.pages import rendering, shapes
from api.pages.visit import Visit, ask, visit_of

Shape = Callable[[Visit, Mapping[str, Any]], Mapping[str, Any]]


def _nothing_more(_visit: Visit, _notice: Mapping[str, Any]) -> Mapping[str, Any]:
    return {}


class Page(Struct, frozen=True):
    """A page of a notice."""

    path: str
    """Below `/notices/{notice}`; what it names in braces are variables of the query."""
    name: str
    """Of its query and its template."""
    shape: Shape = _nothing_more


PAGES = (
    Page("", "glance", shapes.glance),
    Page("/plan", "plan"),
    Page("/plan/{objective:path}", "objective", shapes.objective),
    Page("/coverage", "coverage"),
    Page("/board", "board", shapes.board),
    Page("/evidence", "evidence"),
    Page("/measures", "measures", shapes.measures),
    Page("/measures/{measure:path}", "measure", shapes.measure),
    Page("/reviews", "reviews"),
    Page("/views", "views"),
    Page("/partners", "partners"),
    Page("/reports", "reports", shapes.reports),
    Page("/reports/{report:path}", "report", shapes.report),
    Page("/entries", "entries"),
    Page("/about/{subject:path}", "about", shapes.about),
)


def routes() -> list[Route]:
    """Their routes."""
    return [Route(f"/notices/{{notice}}{page.path}", _shows(page), methods=["GET"]) for page in PAGES]


def _shows(page: Page) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        visit = await visit_of(request)
        notice = await ask(request, visit, page.name, **visit.about)
        given = {"notice": notice, **page.shape(visit, notice)}
        return rendering.page(request, f"{page.name}.html", given, visit=visit)

    return endpoint
