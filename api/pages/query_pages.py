"""Pages that show the result of one query: an address, with a query and a template of the same name."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.pages import page_data, renderer
from api.pages.page_request import PageRequest, ask, page_request_of

Shape = Callable[[PageRequest, Mapping[str, Any]], Mapping[str, Any]]


def _no_data(_page_request: PageRequest, _notice: Mapping[str, Any]) -> Mapping[str, Any]:
    return {}


class Page(Struct, frozen=True):
    """Page of a notice that shows the result of one query."""

    path: str
    """Path below `/notices/{notice}`; names in braces are variables of the query."""
    name: str
    """Name of the page's query and of its template."""
    shape: Shape = _no_data


PAGES = (
    Page("/plan", "plan"),
    Page("/plan/{objective:path}", "objective", page_data.objective),
    Page("/coverage", "coverage"),
    Page("/board", "board", page_data.board),
    Page("/evidence", "evidence"),
    Page("/measures", "measures", page_data.measures),
    Page("/measures/{measure:path}", "measure", page_data.measure),
    Page("/duties", "duties"),
    Page("/views", "views"),
    Page("/partners", "partners"),
    Page("/reports", "reports", page_data.reports),
    Page("/reports/{report:path}", "report", page_data.report),
    Page("/entries", "entries"),
    Page("/about/{subject:path}", "about", page_data.about),
)


def routes() -> list[Route]:
    """Return the routes of the pages."""
    return [Route(f"/notices/{{notice}}{page.path}", _endpoint(page), methods=["GET"]) for page in PAGES]


def _endpoint(page: Page) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        page_request = await page_request_of(request)
        notice = await ask(request, page_request, page.name, **page_request.about)
        context = {"notice": notice, **page.shape(page_request, notice)}
        return renderer.page(request, f"{page.name}.html", context, page_request=page_request)

    return endpoint
