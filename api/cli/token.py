"""`ledger token`: credentials for people and systems, shown once."""

from argparse import Namespace

from api.cli.common import OPERATOR, Misused, Parser, database, instant, role, run, say, sentence, show
from ledger.append import tokens
from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.errors import LedgerError
from ledger.domain.registry import find_kind


def configure(parser: Parser) -> None:
    """Adds the command's arguments."""
    actions = parser.add_subparsers(required=True, metavar="issue or revoke", parser_class=Parser)
    meaning = "issue a token, and give its holder the role if they lack it"
    issue = actions.add_parser("issue", help=meaning, description=sentence(meaning))
    issue.add_argument("--role", required=True, type=role, help="the role it is for, such as adviser")
    issue.add_argument("--notice", required=True, metavar="N", help="the notice it opens")
    issue.add_argument("--actor", metavar="ID", help="who holds it; without this, the role's name")
    issue.add_argument("--source", metavar="S", help="the one source it may record from")
    issue.add_argument(
        "--fact", action="append", default=[], metavar="T", help="a fact it may record; repeat it for several"
    )
    issue.add_argument("--until", type=instant, metavar="TIME", help="when it expires")
    issue.set_defaults(run=_issue)
    meaning = "revoke a token, at once"
    revoke = actions.add_parser("revoke", help=meaning, description=sentence(meaning))
    revoke.add_argument("token", metavar="ID", help="the token's public id, as it was shown when issued")
    revoke.add_argument("--notice", required=True, metavar="N", help="the notice it opens")
    revoke.add_argument("--reason", required=True, metavar="TEXT", help="why, in a sentence; it is recorded")
    revoke.set_defaults(run=_revoke)
    for command in (issue, revoke):
        command.takes_json()


def _issue(arguments: Namespace) -> int:
    actor = arguments.actor or arguments.role.value.lower().replace("_", "-")
    bounds = tokens.TokenScope(
        actor=actor,
        role=arguments.role,
        source=arguments.source,
        facts=[_fact_type(name) for name in arguments.fact],
        until=arguments.until,
    )
    issued = run(_issued(arguments.notice, bounds))
    if arguments.json:
        show(issued)
        return 0
    also = f", and gave them the role of {arguments.role.meaning}" if issued.role_granted else ""
    say(f"Issued token {issued.token} to {actor} in entry {issued.position}{also}.")
    say("This is the only time that it is shown:")
    print(issued.secret)
    return 0


def _fact_type(name: str) -> str:
    kind = find_kind(name)
    if kind is None:
        raise LedgerError(f"no fact is called {name}; see them all with ledger schema facts")
    return kind.type


async def _issued(notice: str, bounds: tokens.TokenScope) -> tokens.IssuedToken:
    async with database() as url, Writer(url) as writer:
        return await tokens.issue(url, writer, notice, bounds, OPERATOR)


def _revoke(arguments: Namespace) -> int:
    if arguments.token.startswith(tokens.PREFIX):
        raise Misused("name the token by its public id, as it was shown when issued; never by the token itself")
    receipt = run(_revoked(arguments.notice, arguments.token, arguments.reason))
    if arguments.json:
        show(receipt)
    else:
        print(f"Token {arguments.token} opens nothing any more, since entry {receipt.position}.")
    return 0


async def _revoked(notice: str, token: str, reason: str) -> Receipt:
    async with database() as url, Writer(url) as writer:
        return await tokens.revoke(writer, notice, token, reason, OPERATOR)
