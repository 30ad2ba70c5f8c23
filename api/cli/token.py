"""Issue and revoke API tokens, which are displayed once: `ledger token`."""

from argparse import Namespace

from api.cli.common import (
    OPERATOR,
    Misused,
    Parser,
    database_with,
    instant,
    open_writer,
    role,
    run,
    say,
    show,
    show_result,
)
from ledger.append import tokens
from ledger.append.receipt import Receipt
from ledger.domain.errors import LedgerError
from ledger.domain.registry import find_kind


def configure(parser: Parser) -> None:
    """Add the command's arguments."""
    issue, revoke = parser.add_actions(
        issue=("issue a token, and grant its holder the role if they lack it", _issue),
        revoke=("revoke a token immediately", _revoke),
    )
    issue.add_argument("--role", required=True, type=role, help="role of the token, for example adviser")
    issue.add_argument("--notice", required=True, metavar="N", help="notice of the token")
    issue.add_argument("--actor", metavar="ID", help="actor who holds the token; by default the role's name")
    issue.add_argument(
        "--register",
        action="store_true",
        help="register the holder, although a similar actor is known",
    )
    issue.add_argument("--source", metavar="S", help="only source that the token may record from")
    issue.add_argument(
        "--fact",
        action="append",
        default=[],
        metavar="T",
        help="fact that the token may record; repeat the option for several",
    )
    issue.add_argument("--until", type=instant, metavar="TIME", help="time at which the token expires")
    revoke.add_argument("token", metavar="ID", help="public id of the token, as printed when issued")
    revoke.add_argument("--notice", required=True, metavar="N", help="notice of the token")
    revoke.add_argument("--reason", required=True, metavar="TEXT", help="reason in one sentence; it is recorded")


def _issue(arguments: Namespace) -> int:
    by_role = arguments.role.value.lower().replace("_", "-")
    actor = by_role if arguments.actor is None else arguments.actor
    scope = tokens.TokenScope(
        actor=actor,
        role=arguments.role,
        source=arguments.source,
        facts=[_fact_type(name) for name in arguments.fact],
        until=arguments.until,
        register=arguments.register,
    )
    issued = run(_issue_token(arguments.notice, scope))
    if arguments.json:
        show(issued)
        return 0
    role_notice = f", and granted them the role of {arguments.role.meaning}" if issued.role_granted else ""
    say(f"Issued token {issued.token} to {actor} in entry {issued.position}{role_notice}.")
    say("The token is displayed only once:")
    print(issued.secret)
    return 0


def _fact_type(name: str) -> str:
    kind = find_kind(name)
    if kind is None:
        raise LedgerError(f"no fact {name!r}; list all facts with ledger schema facts")
    return kind.type


async def _issue_token(notice: str, scope: tokens.TokenScope) -> tokens.IssuedToken:
    async with database_with(notice) as url, await open_writer(url) as writer:
        return await tokens.issue(url, writer, notice, scope, OPERATOR)


def _revoke(arguments: Namespace) -> int:
    if arguments.token.startswith(tokens.PREFIX):
        raise Misused("name the token by its public id, as printed when issued; never by the token itself")
    receipt = run(_revoke_token(arguments.notice, arguments.token, arguments.reason))
    return show_result(arguments, receipt, f"Token {arguments.token} is revoked, in entry {receipt.position}.")


async def _revoke_token(notice: str, token: str, reason: str) -> Receipt:
    async with database_with(notice) as url, await open_writer(url) as writer:
        return await tokens.revoke(writer, notice, token, reason, OPERATOR)
