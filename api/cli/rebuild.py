"""`ledger rebuild`: folds views anew beside the live ones, says what differs, and takes the new ones into use."""

from argparse import Namespace

from api.cli.common import Misused, Parser, database, run, say, show
from api.cli.progress import progress
from projections.engine.rebuild import Rebuild, Rebuilt, rebuild
from projections.engine.view import View
from projections.views.registry import ALL


def configure(parser: Parser) -> None:
    """Adds the command's arguments."""
    parser.add_argument("views", nargs="*", metavar="VIEW", help="the views; without them, all")
    parser.add_argument("--notice", metavar="NOTICE", help="the notice; without it, all of them")
    parser.takes_json()
    parser.set_defaults(run=_rebuild)


def _rebuild(arguments: Namespace) -> int:
    known = {view.name: view for view in ALL}
    for name in arguments.views:
        if name not in known:
            raise Misused(f"there is no view {name!r}; the views are {', '.join(known)}")
    chosen = list(dict.fromkeys(arguments.views)) or list(known)
    try:
        done = run(_done([known[name] for name in chosen], arguments.notice))
    except KeyboardInterrupt:
        say("Interrupted: the views are as they were.")
        return 130
    if arguments.json:
        show(done)
    else:
        for line in told(done):
            print(line)
    failed = [view for view in done.views if view.failure is not None]
    for view in failed:
        say(f"ledger: {view.failure}; what was built before stays in use")
    return 1 if failed else 0


async def _done(views: list[View], notice: str | None) -> Rebuild:
    async with database() as url:
        with progress("rebuilding") as told_of:
            return await rebuild(url, views, notice=notice, told=told_of, compare=True)


def told(done: Rebuild) -> list[str]:
    """What was rebuilt, how fast, and what differed."""
    rate = done.entries / done.seconds if done.seconds else 0
    swapped = [view for view in done.views if view.failure is None]
    plural = "view" if len(swapped) == 1 else "views"
    entries = "entry" if done.entries == 1 else "entries"
    first = f"{len(swapped)} {plural} rebuilt from {done.entries:,} {entries} in {done.seconds:.1f} s"
    lines = [f"{first} ({rate:,.0f} a second)."]
    differing = [line for view in swapped for line in _differences(view)]
    return [*lines, *(differing or ["Nothing differed from what was in use."] if swapped else [])]


def _differences(view: Rebuilt) -> list[str]:
    return [
        f"  {view.view} of {found.notice}, the table {found.table}: {found.missing:,} rows were missing "
        f"and {found.surplus:,} wrong, from position {found.position} on"
        for found in view.divergences
    ]
