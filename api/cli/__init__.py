"""Run the command line `ledger`.

Each command is a module of this package with a function `configure`, imported only when the command is called.
An error is one line on stderr: what is wrong and what to do. The exit status is 1 after a refusal or failure, 2
after wrong usage, and 130 after an interruption.
"""

import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = {
    "demo": "load a real notice with an invented history, check it, and serve it",
    "serve": "serve the HTTP interface",
    "project": "keep the views up to date in a separate process",
    "migrate": "migrate the database's schema to this version",
    "distribute": "distribute the ledger over a Citus cluster by notice, and migrate it",
    "notice": "check a notice pack, or record a notice from one",
    "append": "record facts from a file of CloudEvents, one on each line",
    "replay": "print the history of a notice in plain English",
    "report": "write the adviser's report for a period, or an issued one",
    "rebuild": "rebuild views from the entries, print the differences, and swap them in",
    "export": "write an auditor's bundle, which can be verified without the server",
    "verify": "recompute every hash of the record or of a bundle, and print the first difference",
    "people": "list, set or erase actors' names, which are not in the log",
    "token": "issue and revoke API tokens",
    "follow": "follow other ledgers read-only, and let others follow this one",
    "resume": "accept the loss of entries after a restored backup or a failover",
    "key": "create, print or rotate the key that signs checkpoints",
    "schema": "print the GraphQL schema, the facts, the rules of clauses, or the OpenAPI document",
}
"""One-line help of each command, by the name of its module."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:  # an interrupt may come while the modules are imported, too
        return int(import_module("api.cli.dispatch").dispatch(words))
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
