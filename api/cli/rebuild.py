"""Rebuild views next to the live views, print the differences, and replace the live views: `ledger rebuild`."""

from argparse import Namespace

from api.cli.common import Misused, Parser, database, database_with, run, say, show
from api.cli.progress import progress
from projections.engine.rebuild import Rebuild, ViewRebuild, rebuild
from projections.engine.view import View
from projections.views.registry import ALL


def configure(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument("views", nargs="*", metavar="VIEW", help="view to rebuild; without one, all")
    parser.add_argument("--notice", metavar="NOTICE", help="notice to rebuild; without it, all")
    parser.runs(_rebuild)


def _rebuild(arguments: Namespace) -> int:
    known = {view.name: view for view in ALL}
    for name in arguments.views:
        if name not in known:
            raise Misused(f"no view {name!r}; the views are {', '.join(known)}")
    chosen = list(dict.fromkeys(arguments.views)) or list(known)
    try:
        result = run(_rebuild_views([known[name] for name in chosen], arguments.notice))
    except KeyboardInterrupt:
        say("Interrupted: the views are unchanged.")
        return 130
    if arguments.json:
        show(result)
    else:
        for line in summary(result):
            print(line)
    failed = [view for view in result.views if view.failure is not None]
    for view in failed:
        say(f"ledger: {view.failure}; the previous tables remain in use")
    return 1 if failed else 0


async def _rebuild_views(views: list[View], notice: str | None) -> Rebuild:
    async with database() if notice is None else database_with(notice) as url:
        with progress("rebuilding") as report:
            return await rebuild(url, views, notice=notice, progress=report, compare=True)


def summary(result: Rebuild) -> list[str]:
    """Return the lines of a rebuild's result: the views, the rate and the differences."""
    rate = result.entries / result.seconds if result.seconds else 0
    swapped = [view for view in result.views if view.failure is None]
    plural = "view" if len(swapped) == 1 else "views"
    entries = "entry" if result.entries == 1 else "entries"
    first = f"{len(swapped)} {plural} rebuilt from {result.entries:,} {entries} in {result.seconds:.1f} s"
    lines = [f"{first} ({rate:,.0f} a second)."]
    differing = [line for view in swapped for line in _differences(view)]
    return [*lines, *(differing or ["No differences from the tables in use."] if swapped else [])]


def _differences(view: ViewRebuild) -> list[str]:
    return [
        f"  {view.view} of {divergence.notice}, table {divergence.table}: {divergence.missing:,} rows missing "
        f"and {divergence.surplus:,} wrong, from position {divergence.position} on"
        for divergence in view.divergences
    ]
