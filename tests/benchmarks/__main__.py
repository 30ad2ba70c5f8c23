"""Run groups of measurements and merge their figures into bench.json: `make bench ONLY=append`."""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from types import ModuleType

from ledger.embedded import EmbeddedPostgres
from tests.benchmarks import append, eventsourcing, graphql, intake, national, proof, scale, views
from tests.ledger.embedded.tools import make_place

GROUPS: dict[str, ModuleType] = {
    "append": append,
    "eventsourcing": eventsourcing,
    "graphql": graphql,
    "intake": intake,
    "national": national,
    "proof": proof,
    "scale": scale,
    "views": views,
}
RESULTS = Path(__file__).resolve().parents[2] / "bench.json"


def say(line: str) -> None:
    """Print progress on stderr."""
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Measure the chosen groups on a server of their own, with full durability."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("--only", choices=sorted(GROUPS), help="one group")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default 5, at least 3)")
    chosen = parser.parse_args()
    figures = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in [chosen.only] if chosen.only else GROUPS:
        say(f"measuring {name} …")
        with make_place() as place, EmbeddedPostgres(place) as server:
            figures.update(asyncio.run(GROUPS[name].measure(server.start(), max(3, chosen.rounds), say)))
    RESULTS.write_text(json.dumps(dict(sorted(figures.items())), indent=2) + "\n")
    say(f"written to {RESULTS.name}")


main()
