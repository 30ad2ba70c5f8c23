"""Every list, filter, order and group, and the object of every id, compared with plain Python over all rows.

The rows are random, so that hardly a list is empty. `tests.schema.compiled.every_list` says what is expected.
"""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise, repeat
from typing import Any

import pytest

from ledger.domain.roles import Role
from tests.schema.compiled.documents import NOTICE, Request
from tests.schema.compiled.every_list import Key, List, Lists, Row, as_list, figures, groups, only, ordered
from tests.schema.compiled.random_rows import AT, fill
from tests.schema.compiled.test_compiled import Both, both

__all__ = ["both"]
ON = "2023-04-05T12:00:00Z"
NUMBERS = "{ count min max sum mean }"
DAYS = "{ count first last }"
BACK = {
    "Access.use": "request=request",
    "Action.parts": "action=partOf",
    "Actor.acceptedLosses": "actor=acceptedBy",
    "Actor.actions": "actor=owner",
    "Actor.adviserReports": "actor=adviser",
    "Actor.apologies": "actor=apologies",
    "Actor.appointments": "actor=adviser",
    "Actor.approvedErasures": "actor=erasedBy",
    "Actor.attended": "actor=attendance",
    "Actor.auditFindings": "actor=auditor",
    "Actor.boardActions": "actor=owner",
    "Actor.briefings": "actor=leaders",
    "Actor.chaired": "actor=chair",
    "Actor.coOwnedActions": "actor=coOwners",
    "Actor.consents": "actor=by",
    "Actor.contributions": "actor=owner",
    "Actor.cooperation": "actor=by",
    "Actor.decidedAccess": "actor=decidedBy",
    "Actor.dependencies": "actor=owner",
    "Actor.diagnostics": "actor=provider",
    "Actor.highlights": "actor=actor",
    "Actor.instructions": "actor=by",
    "Actor.integrations": "actor=actor",
    "Actor.interests": "actor=actor",
    "Actor.judgements": "actor=by",
    "Actor.led": "actor=lead",
    "Actor.memberships": "actor=member",
    "Actor.objectives": "actor=owner",
    "Actor.posts": "actor=holder",
    "Actor.recommendations": "actor=by",
    "Actor.requestedAccess": "actor=requestedBy",
    "Actor.requestedErasures": "actor=requestedBy",
    "Actor.requestedRoles": "actor=requestedBy",
    "Actor.requests": "actor=grantee",
    "Actor.risks": "actor=owner",
    "Actor.roleRequests": "actor=actor",
    "Actor.roles": "actor=actor",
    "Actor.submitted": "actor=actor",
    "Actor.timeline": "actor=actor",
    "Actor.tokens": "actor=actor",
    "Actor.uses": "actor=grantee",
    "AdviserReport.areas": "report=report",
    "Area.decisions": "area=relatesTo",
    "Area.findings": "area=areas",
    "Area.objectives": "area=areas",
    "Area.reports": "area=area",
    "BoardReport.claims": "report=report",
    "BoardReport.recommendations": "report=report",
    "Clause.compliance": "number=clause",
    "Clause.interpretations": "number=number",
    "Clause.revisions": "number=number",
    "Diagnostic.access": "diagnostic=diagnostic",
    "Diagnostic.checklist": "diagnostic=diagnostic",
    "Evidence.claims": "evidence=evidence",
    "Evidence.decisions": "evidence=evidence",
    "Evidence.resting": "evidence=evidence",
    "Finding.recommendations": "finding=findings",
    "Gathering.considerations": "views=views",
    "Measure.objectives": "measure=measures",
    "Measure.parts": "measure=partOf",
    "Meeting.decisions": "meeting=meeting",
    "Meeting.reports": "meeting=meeting",
    "Objective.actions": "objective=objective",
    "Objective.decisions": "objective=relatesTo",
    "Objective.evidence": "objective=supports",
    "Objective.highlights": "objective=objective",
    "Objective.milestones": "objective=objective",
    "Partner.actions": "partner=partner",
    "Partner.concerns": "partner=partner",
    "Partner.contributions": "partner=partner",
    "Partner.updates": "partner=partner",
    "Review.access": "review=review",
    "Review.checklist": "review=review",
}
"""Lists that lead back: the field of the object, and the field of the rows that names it."""
FORTH = {
    "Action.documents": "evidence",
    "Action.whole": "partOf",
    "Basis.documents": "evidence",
    "Claim.documents": "evidence",
    "Decision.areas": "relatesTo",
    "Decision.documents": "evidence",
    "Decision.objectives": "relatesTo",
    "Decision.replacement": "replacedBy",
    "Evidence.objectives": "supports",
    "Evidence.successor": "supersededBy",
    "Measure.whole": "partOf",
    "Access.documentNodes": "documents",
    "Objective.measured": "measures",
    "Pack.documents": "evidence",
}
"""Fields that follow an id under another name than its own."""


@pytest.fixture(scope="module")
def lists(both: Both) -> Lists:
    """Return the lists of random rows."""
    fill(both.url)

    def ask(selection: str) -> tuple[Any, str | None]:
        document = f'{{ notice(id: "{NOTICE}", asOf: {{position: {AT}}}, on: "{ON}") {{ {selection} }} }}'
        answer, context = both.compiled(Request(document, {}), Role.OPERATOR)
        if answer is None:
            result, _ = both.resolved(Request(document, {}), Role.OPERATOR)
            assert result.errors, (context.answered_by, document)
            return None, result.errors[0].message
        return json.loads(answer)["data"]["notice"], None

    return Lists(both.schema._schema, ask)


@pytest.fixture(scope="module")
def whole(lists: Lists) -> dict[str, list[list[Row]]]:
    """Return the rows of each list, for each of its parents."""
    return {str(of): lists.rows(of) for of in lists.every}


Whole = dict[str, list[list[Row]]]


def filled(lists: Lists, whole: Whole) -> Iterator[List]:
    """Yield the lists that have rows."""
    return (of for of in lists.every if any(whole[str(of)]))


def first_of_type(lists: Lists, whole: Whole) -> Iterator[List]:
    """Yield a list with rows of each type."""
    return iter({of.of: of for of in reversed(list(filled(lists, whole)))}.values())


def test_hardly_a_list_is_empty(lists: Lists, whole: Whole) -> None:
    empty = {str(of) for of in lists.every} - {str(of) for of in filled(lists, whole)}
    assert empty <= {"Adviser.unreported", "Adviser.vacancies", "Claim.restsOn"}


def test_every_filter_and_its_negation_part_every_list(lists: Lists, whole: Whole) -> None:
    selective: Counter[tuple[str, str]] = Counter()
    known = set()
    for of in filled(lists, whole):
        rows = whole[str(of)]
        every = list(lists.conditions(of, (row for each in rows for row in each)))
        left = [each for each in every if (of.of, each[0]) not in selective]
        chosen = left or every[len(selective) % len(every) :][:1] if every else []
        arguments = [f"filter: {{{text}}}" for m, v, _ in chosen for text in (f"{m}: {v}", f"not: {{{m}: {v}}}")]
        fields = lists.identity(of.of)
        inner = " ".join(fields)
        read = lists.variants(of, arguments, f"nodes {{ {inner} }}" if of.is_paged else inner)
        for (member, value, accept), *both_ways in zip(chosen, read[::2], read[1::2], strict=True):
            known.add((of.of, member))
            if None in both_ways:
                continue
            some, others = ([each["nodes"] if of.is_paged else each for each in way or ()] for way in both_ways)
            for whole_list, accepted, rejected in zip(rows, some, others, strict=True):
                every_row = only(whole_list, fields)
                if accept is not None:
                    assert accepted == only(filter(accept, whole_list), fields), (str(of), member, value)
                assert rejected == [row for row in every_row if row not in accepted], (str(of), member, value)
                assert len(accepted) + len(rejected) == len(whole_list), (str(of), member, value)
            if any(some) and any(others):
                selective[of.of, member] += 1
    assert len(known - selective.keys()) < 35, known - selective.keys()


def test_every_order_of_every_list(lists: Lists, whole: Whole) -> None:
    words = {of.of: lists.words(f"{of.of}OrderField") for of in lists.every if of.is_paged}
    first = {str(of) for of in first_of_type(lists, whole)}
    compared = 0
    for of in filled(lists, whole):
        if not of.is_paged:
            continue
        single = [[(word, ("ASC", "DESC")[number % 2])] for number, word in enumerate(words[of.of])]
        double = [[(one, "DESC"), (other, "ASC")] for one, other in pairwise(words[of.of])]
        orders = single + double[::3] if str(of) in first else double[::9]
        named = [", ".join(f"{{field: {word}, direction: {way}}}" for word, way in order) for order in orders]
        fields = lists.identity(of.of)
        inner = f"nodes {{ {' '.join(fields)} }}"
        read = lists.variants(of, [f"orderBy: [{each}]" for each in named], inner)
        for order, answers in zip(orders, read, strict=True):
            sorts = [(words[of.of][word], way) for word, way in order]
            for rows, answer in zip(whole[str(of)], answers or [], strict=True):
                assert answer["nodes"] == only(ordered(rows, sorts), fields), (str(of), order)
        compared += len(orders)
    assert compared > 500


def test_pages_of_every_list_from_both_ends(lists: Lists, whole: Whole) -> None:
    for of in filled(lists, whole):
        if not of.is_paged or len(whole[str(of)]) > 1:
            continue
        fields = list(lists.words(f"{of.of}OrderField"))
        order = f"orderBy: [{{field: {fields[len(str(of)) % len(fields)]}, direction: DESC}}]"
        inner = "edges { cursor node { __typename } } pageInfo { hasNextPage hasPreviousPage }"
        every = _single(lists.variants(of, [order], inner)[0])
        cursors = [edge["cursor"] for edge in every["edges"]]
        assert len({*cursors}) == len(cursors) == len(whole[str(of)][0])
        a, z = len(cursors) // 3, 2 * len(cursors) // 3
        pages = {
            f'first: 2, after: "{cursors[a]}"': cursors[a + 1 :][:2],
            f'last: 2, before: "{cursors[z]}"': cursors[:z][-2:],
            f'first: 1000, after: "{cursors[a]}", before: "{cursors[z]}"': cursors[a + 1 : z],
            "first: 2": cursors[:2],
            "last: 2": cursors[-2:],
        }
        for (page, expected), answers in zip(
            pages.items(), lists.variants(of, [f"{order}, {page}" for page in pages], inner), strict=True
        ):
            answer = _single(answers)
            assert [edge["cursor"] for edge in answer["edges"]] == expected, (str(of), page)
            if "before" not in page and "first" in page:
                assert answer["pageInfo"]["hasNextPage"] == (bool(expected) and expected[-1] != cursors[-1])
            if "after" not in page and "last" in page:
                assert answer["pageInfo"]["hasPreviousPage"] == (bool(expected) and expected[0] != cursors[0])


def _single(answers: list[Any] | None) -> Any:
    assert answers is not None
    (answer,) = answers
    return answer


def test_every_key_and_figure_of_groups(lists: Lists, whole: Whole) -> None:
    compared = 0
    for of in first_of_type(lists, whole):
        if not of.is_paged:
            continue
        compared += _compare_groups(lists, of, whole[str(of)])
    assert compared > 1_000


def _compare_groups(lists: Lists, of: List, rows: list[list[Row]]) -> int:
    """Compare a list's groups by each key, and all figures of some of these; return the number of comparisons."""
    leaves, fields = lists.leaves(of.of), lists.words(f"{of.of}GroupField")
    members = _members(lists, of)
    keys: list[list[tuple[str, Key]]] = [[]]
    for word, field in fields.items():
        periods = ("DAY", "MONTH", "QUARTER", "YEAR") if leaves[field] in ("Date", "DateTime") else (None,)
        keys += [[(word, (field, period))] for period in periods]
    keys += [[*one, *other] for one, other in pairwise(keys[1:])][::6]
    compared = 0
    for start in range(0, len(keys), 12):
        part = keys[start : start + 12]
        texts = []
        for number, key in enumerate(part):
            by = ", ".join(f"{{field: {word}{f', period: {p}' if p else ''}}}" for word, (_, p) in key)
            chosen = _part(members, start + number)
            inner = " ".join(f"{alias}: {text}" for alias, (text, _, _) in chosen.items())
            texts.append(f"g{number}: groups(by: [{by}]) {{ keys count {inner} }}")
        (answers,) = lists.variants(of, [""] if not of.is_paged else ["first: 1"], " ".join(texts))
        for whole_list, answer in zip(rows, answers or [], strict=True):
            for number, key in enumerate(part):
                expected = groups(whole_list, [each for _, each in key])
                read = answer[f"g{number}"]
                assert {tuple(g["keys"]): g["count"] for g in read} == {k: len(v) for k, v in expected.items()}, (
                    str(of),
                    key,
                )
                assert len(read) == len(expected)
                for group in read:
                    for alias, (text, member, of_fields) in _part(members, start + number).items():
                        figure = figures(expected[tuple(group["keys"])], member, of_fields)
                        assert group[alias] == pytest.approx(figure), (str(of), key, text)
                        compared += 1
    return compared


def _part(members: dict[str, tuple[str, str, list[str]]], number: int) -> dict[str, tuple[str, str, list[str]]]:
    """Return two of the figures, others for each number."""
    aliases = list(members)
    return {alias: members[alias] for alias in (aliases[number * 2 :] + aliases)[:2]} if members else {}


def _members(lists: Lists, of: List) -> dict[str, tuple[str, str, list[str]]]:
    """Return the figures of a group: alias → text, member and fields."""
    number = lists.words(f"{of.of}NumberField")
    on = lists.words(f"{of.of}DayField")
    found = [(f"numbers(of: {word}) {NUMBERS}", "numbers", [field]) for word, field in number.items()]
    found += [(f"days(of: {word}) {DAYS}", "days", [field]) for word, field in on.items()]
    found += [
        (f"{member}(start: {one}, end: {other}) {NUMBERS}", member, [on[one], on[other]])
        for one, other in [*pairwise(on), *pairwise(reversed(on))]
        for member in ("duration", "workingDuration")
    ]
    return {f"f{n}": each for n, each in enumerate(found)}


@pytest.fixture(scope="module")
def objects(lists: Lists, whole: Whole) -> dict[str, list[Row]]:
    """Return all rows of each type, from a list of a notice or a section."""
    every: dict[str, list[Row]] = {}
    for of in lists.every:
        if (
            len(of.path) < 2
            and not any("nodes" in step for step in of.path)
            and of.owner not in ("Area", "Clause")
        ):
            every.setdefault(of.of, whole[str(of)][0])
    return every


def test_every_id_leads_to_the_object_with_it(lists: Lists, whole: Whole, objects: dict[str, list[Row]]) -> None:
    followed = []
    for of in {each.of: each for each in reversed(list(filled(lists, whole)))}.values():
        leaves = lists.leaves(of.of)
        for name, field in lists.fields(of.of).items():
            base = name.removesuffix("s").removesuffix("Node")
            columns = [FORTH.get(f"{of.of}.{name}"), base, f"{base}s", f"{base.removesuffix('y')}ies"]
            column = next((each for each in columns if each in leaves), None)
            target = str(field.type).strip("[]!")
            is_node = name.endswith(("Node", "Nodes")) or f"{of.of}.{name}" in FORTH
            if column is None or not is_node or not any(map(_key, repeat(target), objects.get(target, ()))):
                continue
            inner = f"{' '.join(lists.identity(of.of))} {name} {{ {' '.join(lists.identity(target))} }}"
            rows = [row for each in lists.rows(of, inner) for row in each]
            by_key = {_key(target, each): each for each in objects[target]}
            for row, read in zip((row for each in whole[str(of)] for row in each), rows, strict=True):
                ids = [each for each in as_list(row[column]) if each in by_key]
                expected = [[by_key[each][leaf] for leaf in lists.identity(target)] for each in ids]
                got = [[*each.values()] for each in as_list(read[name]) if each is not None]
                assert got == expected, (of.of, name, row[column])
                if expected:
                    followed.append(f"{of.of}.{name}")
    assert len({*followed}) > 90


def _key(name: str, row: Row) -> str | None:
    """Return the id of an object among those of its type; None if no field has it."""
    key: str | None = row["id"].split("/", 2)[2] if "id" in row else row.get(f"{name[:1].lower()}{name[1:]}")
    return key


def test_every_list_of_an_object_leads_back_to_it(
    lists: Lists, whole: Whole, objects: dict[str, list[Row]]
) -> None:
    compared = set()
    for of in filled(lists, whole):
        if str(of) not in BACK:
            continue
        mine, theirs = BACK[str(of)].split("=")
        parents = lists.parents(of, mine)
        for parent, rows in zip(parents, whole[str(of)], strict=True):
            expected = [row for row in objects[of.of] if parent[mine] in as_list(row[theirs])]
            assert rows == expected, (str(of), parent)
        compared.add(str(of))
    assert BACK.keys() - compared == set()
