"""Test every role, fact and view, by every path, against `ledger/roles.toml`; no path discloses a small cell."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import httpx
import psycopg
import pytest
from graphql import GraphQLObjectType, get_named_type
from psycopg import sql
from strawberry.utils.str_converters import to_camel_case

import schema
from ledger.domain.registry import KINDS, STORED_TYPES
from ledger.domain.roles import Role, matrix
from schema.derive.declaration import SECTIONS, TYPES
from schema.limits import ROOT_FIELDS
from tests.api.everybody import EACH_ROLE, GRANTABLE, actor_of, reads
from tests.api.http.test_feed import following
from tests.api.service import BATCH, NOTICE, STRUCTURED, Service, begin, event, run

pytestmark = pytest.mark.database
ENTRIES = f"/ledgers/{NOTICE}/entries"
ALONE = "EntryCorrected"


@cache
def examples() -> dict[str, dict[str, Any]]:
    """Return an event of each fact, from the invented history."""
    events: dict[str, dict[str, Any]] = {}
    lines = files("ledger").joinpath("packs/tameside-2022.ndjson").read_text("utf-8").splitlines()
    for one in map(json.loads, lines):
        example = {name: one[name] for name in ("specversion", "type", "data", "confirm") if name in one}
        for place, earlier in one.get("demorefers", {}).items():
            example["data"][place] = [1] if isinstance(earlier, list) else 1  # any earlier entry will do here
        events.setdefault(STORED_TYPES[one["type"]].kind.name, example)
    issued = {
        "kind": "IMPROVEMENT_NOTICE",
        "council": "E08000008",
        "issuer": "DfE",
        "issuedOn": "2022-07-05",
        "title": "An improvement notice",
        "trigger": "A visit",
        "packDigest": "A" * 43 + "=",
    }
    events["NoticeIssued"] = event("notice.NoticeIssued", issued)
    loss = {"size": 3661, "rootHash": "A" * 43 + "=", "resumedAt": 3525}
    events["LossAccepted"] = event("records.LossAccepted", loss)
    events["AreaRegistered"] = event("notice.AreaRegistered", {"area": "9z", "title": "Leaders"})
    assert set(events) == {kind.name for kind in KINDS.values()}
    return events


def by_matrix(refusals: list[dict[str, Any]]) -> bool:
    """Return True if the matrix does not let the role record the fact."""
    return any(one["code"] == "FORBIDDEN" and "may not record" in one["message"] for one in refusals)


def expected(role: Role) -> dict[str, bool]:
    return {kind.name: matrix().may_record(role, kind.name) for kind in KINDS.values()}


@EACH_ROLE
def test_the_intake_takes_what_the_matrix_allows(everybody: Service, role: Role) -> None:
    names = [name for name in examples() if name != ALONE]
    actor = actor_of(role)
    batch = [examples()[name] | {"id": f"intake-{name}", "source": actor} for name in names]
    with everybody.client(actor) as client:
        answers = client.post(ENTRIES, json=batch, headers={"Content-Type": BATCH}).json()
        single = examples()[ALONE] | {"id": "intake-alone", "source": actor}
        alone = client.post(ENTRIES, json=single, headers={"Content-Type": STRUCTURED}).json()
    allowed = {name: not by_matrix(one.get("errors", [])) for name, one in zip(names, answers, strict=True)}
    assert {**allowed, ALONE: not by_matrix(alone.get("errors", []))} == expected(role)


@EACH_ROLE
def test_mutations_take_what_the_matrix_allows(everybody: Service, role: Role) -> None:
    kinds = list(KINDS.values())
    allowed: dict[str, bool] = {}
    with everybody.client(actor_of(role)) as client:
        for start in range(0, len(kinds), 20):
            some = kinds[start : start + 20]
            acts = [kind.struct.act for kind in some]
            declared = ", ".join(f"${act}: {act[0].upper()}{act[1:]}Input!" for act in acts)
            fields = " ".join(f"{act}(input: ${act}) {{ refusals {{ code message }} }}" for act in acts)
            mutation_input = {
                kind.struct.act: {
                    "notice": NOTICE,
                    "id": f"graphql-{kind.name}",
                    "source": actor_of(role),
                    "data": examples()[kind.name]["data"],
                }
                for kind in some
            }
            query = {"query": f"mutation({declared}) {{ {fields} }}", "variables": mutation_input}
            answer = client.post("/graphql", json=query).json()
            assert "errors" not in answer, answer["errors"]
            for kind in some:
                allowed[kind.name] = not by_matrix(answer["data"][kind.struct.act]["refusals"])
    assert allowed == expected(role)


def views_by_path() -> dict[str, set[str]]:
    """Return each list of a notice and its sections, with the views that its readers need.

    The schema gives the lists, so a new one is tested too.
    """
    notice = schema.build()._schema.type_map["Notice"]
    assert isinstance(notice, GraphQLObjectType)
    views_of = {"entries { __typename }": {"entries"}}
    for name, field in notice.fields.items():
        of = str(get_named_type(field.type)).removesuffix("Connection")
        if of in TYPES:
            views_of[f"{name} {{ __typename }}"] = {TYPES[of].relation.view}
        elif of in SECTIONS:
            view, lists = SECTIONS[of].view, SECTIONS[of].lists
            for each, spec in lists.items():
                views_of[f"{name} {{ {to_camel_case(each)} {{ __typename }} }}"] = {
                    view,
                    TYPES[spec.of].relation.view,
                }
    return views_of


def codes_by_path(client: httpx.Client, paths: list[str]) -> dict[str, list[str]]:
    """Return the codes of the errors of each path of a notice. A request has as many as the schema allows."""
    codes: dict[str, list[str]] = {path: [] for path in paths}
    for start in range(0, len(paths), ROOT_FIELDS):
        some = paths[start : start + ROOT_FIELDS]
        fields = " ".join(f'p{n}: notice(id: "{NOTICE}") {{ {path} }}' for n, path in enumerate(some))
        answer = client.post("/graphql", json={"query": f"{{ {fields} }}"}).json()
        assert answer["data"].keys() == {f"p{n}" for n in range(len(some))}
        for error in answer.get("errors", []):
            codes[some[int(error["path"][0].removeprefix("p"))]].append(error["extensions"]["code"])
    return codes


@EACH_ROLE
def test_graphql_shows_the_views_that_the_matrix_allows(everybody: Service, role: Role) -> None:
    paths = views_by_path()
    assert set().union(*paths.values()) == set(matrix().reads)
    with everybody.client(actor_of(role)) as client:
        codes = codes_by_path(client, list(paths))
    for path, views in paths.items():
        if not reads(role, "notice"):
            assert codes[path] == ["NOT_FOUND"], path
        elif all(view == "entries" or reads(role, view) for view in views):  # unseen entries are withheld
            assert codes[path] == [], path
        else:
            assert codes[path] == ["FORBIDDEN"], path


@EACH_ROLE
def test_log_feed_and_graphql_show_entries_as_the_matrix_allows(everybody: Service, role: Role) -> None:
    token = everybody.notice.tokens[actor_of(role)]
    query = (
        f'{{ notice(id: "{NOTICE}") {{ entries(first: 3) {{ nodes {{ position withheld data leafHash }} }} }} }}'
    )
    with everybody.client(actor_of(role)) as client:
        log = client.get(ENTRIES, params={"limit": 3})
        feed = client.get(ENTRIES, headers={"Accept": "text/event-stream"}) if log.status_code == 403 else None
        answer = client.post("/graphql", json={"query": query}).json()
    if not reads(role, "notice"):
        assert feed is not None
        assert (log.json()["code"], feed.json()["code"]) == ("FORBIDDEN", "FORBIDDEN")
        assert answer["data"] is None or answer["data"]["notice"] is None
        return
    with following(everybody.url, token) as events:
        feed_entries = [next(events)[2] for _ in range(3)]
    assert feed_entries == log.text.splitlines()
    nodes = answer["data"]["notice"]["entries"]["nodes"]
    for line, node in zip(map(json.loads, feed_entries), nodes, strict=True):
        if reads(role, "entries"):
            assert line["specversion"] == "1.0"
            assert (node["withheld"], node["data"]) == (False, line["data"])
        else:
            assert line == {"position": line["position"], "leafHash": node["leafHash"], "withheld": True}
            assert (node["withheld"], node["data"]) == (True, None)


def test_whoever_sees_measures_without_their_small_cells_sees_no_raw_entry() -> None:
    """Check a reading's entry, its timeline and every list of entries, which all contain the figures."""
    for view, roles in matrix().redacted.items():
        assert roles <= matrix().reads[view], view
        for raw in ("entries", "timeline"):
            assert roles.isdisjoint(matrix().reads[raw]), (view, raw)
    hidden = matrix().redacted["measures"] | (set(GRANTABLE) - matrix().reads["measures"])
    assert hidden & matrix().reads["entries"] <= {Role.RECORDS_OFFICER, Role.DATA_PROTECTION_OFFICER}


def readable(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    return connection.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('ledger', 'views') "
        "AND has_table_privilege('ledger_reader', format('%I.%I', schemaname, tablename), 'SELECT')"
    ).fetchall()


def test_a_reader_that_names_no_notice_sees_no_row_of_any_table(everybody: Service) -> None:
    """Check the database's policies, the second protection if a query forgets its notice."""
    run(begin(everybody.database, "second"))
    with psycopg.connect(everybody.database) as connection:
        tables = readable(connection)
        assert {("ledger", "entries"), ("ledger", "narratives"), ("views", "holdings")} <= set(tables)
        connection.execute("SET LOCAL ROLE ledger_reader")

        def notices(space: str, table: str) -> set[str]:
            query = sql.SQL("SELECT DISTINCT notice FROM {}").format(sql.Identifier(space, table))
            return {notice for (notice,) in connection.execute(query)}

        assert {table: notices(*table) for table in tables} == {table: set() for table in tables}
        connection.execute("SET LOCAL ledger.notices = 'second'")
        connection.execute("SET LOCAL ledger.position = '2'")
        for table in tables:
            assert notices(*table) <= {"second"}, table
        assert notices("ledger", "entries") == {"second"}


def test_no_role_of_the_service_may_pass_by_what_it_is_for(everybody: Service) -> None:
    with psycopg.connect(everybody.database) as connection:
        roles = connection.execute(
            "SELECT rolname, rolbypassrls, rolcanlogin, rolsuper FROM pg_roles WHERE rolname ~ '^ledger_'"
        ).fetchall()
    assert {name: tuple(rest) for name, *rest in roles} == {
        "ledger_owner": (False, False, False),
        "ledger_writer": (True, False, False),
        "ledger_projector": (True, False, False),
        "ledger_reader": (False, False, False),
        "ledger_guest": (False, False, False),
        "ledger_follower": (False, False, False),
    }
