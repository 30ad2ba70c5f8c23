"""SQL of the clauses that an entry concerns: the declarations of `ledger.domain.rules.concern`, for the database.

The entries view stores the clauses' rules in `views.clause_rules`. In the SQL, `t` is the entry.
"""

from collections.abc import Iterable

from ledger.domain.fact import Fact
from ledger.domain.registry import KIND_OF, type_names
from ledger.domain.rules import RULES, concern


def encoded_fields(fact: type[Fact]) -> dict[str, str]:
    """Return the JSON name of each field of a fact."""
    return dict(zip(fact.__struct_fields__, fact.__struct_encode_fields__, strict=True))


def _type_names(facts: Iterable[type[Fact]]) -> str:
    """Return the SQL of an array of the type names of facts, in their order."""
    names = sorted(name for fact in facts for name in type_names(KIND_OF[fact]))
    return f"ARRAY[{', '.join(map(repr, names))}]::text[]"


def _overlap_sql(parameter: str, key: str) -> str:
    """Return SQL: the parameter and the field have a value in common, or one of them is absent."""
    own, of_clause = f"(r.data -> '{key}')", f"(c.parameters -> '{parameter}')"
    values = f"CASE jsonb_typeof({own}) WHEN 'array' THEN {own} ELSE jsonb_build_array({own}) END"
    return (
        f"(coalesce({own}, '[]') = '[]' OR coalesce({of_clause}, '[]') = '[]' "
        f"OR EXISTS (SELECT FROM jsonb_array_elements_text({values}) v(word) WHERE {of_clause} ? v.word))"
    )


_SAME_BOARD = "(r.data ->> 'board') IS NOT DISTINCT FROM (c.parameters ->> 'board')"
"""SQL: the fact and the clause name the same board, or both mean the improvement board."""


def _by_rule_sql() -> str:
    """Return SQL: the clause `c` is among those that the fact `r` concerns by its rule."""
    cases = []
    for rule in RULES.values():
        if facts := concern.facts_of(rule.kind):
            tests = [f"r.type = ANY ({_type_names(facts)})"]
            keys = {name: encoded for fact in facts for name, encoded in encoded_fields(fact).items()}
            tests += [_overlap_sql(parameter, keys[name]) for parameter, name in rule.matches.items()]
            if boards := facts & concern.BOARD_FACTS:
                tests.append(f"(r.type <> ALL ({_type_names(boards)}) OR {_SAME_BOARD})")
            cases.append(f"WHEN '{rule.kind}' THEN {' AND '.join(tests)}")
    on_area = f"CASE WHEN r.type = ANY ({_type_names(concern.AREA_FACTS)})"
    of_area = f"c.parameters ? 'area' AND {_overlap_sql('area', 'area')}"
    return f"{on_area} THEN {of_area} ELSE CASE c.rule {' '.join(cases)} ELSE FALSE END END"


def _stated_sql() -> str:
    """Return SQL: the clauses that the fact `r` is about, in an array; null for other facts."""
    cases = []
    for fact, path in concern.CLAUSE_PATHS.items():
        head, *rest = path.keys
        numbers = f"ARRAY[r.data ->> '{head}']"
        if rest:
            items = f"jsonb_array_elements(r.data -> '{head}') WITH ORDINALITY i(item, nth)"
            numbers = f"ARRAY(SELECT i.item ->> '{rest[-1]}' FROM {items} ORDER BY i.nth)"
        cases.append(f"WHEN r.type = ANY ({_type_names([fact])}) THEN {numbers}")
    return f"CASE {' '.join(cases)} END"


_RECORDED = (
    "(SELECT coalesce(b.body #>> '{data,replacement,type}', t.type) AS type, b.body ->> 'clauses' AS named, "
    "coalesce(b.body #> '{data,replacement,data}', b.body -> 'data') AS data "
    "FROM (SELECT convert_from(t.body, 'UTF8')::jsonb AS body) b) r"
)
"""The entry's fact, or the fact that a correction puts in its place. No other fact has a `replacement`."""
CLAUSES = (
    f"(SELECT coalesce(string_to_array(nullif(r.named, ''), ' '), {_stated_sql()}, "
    "ARRAY(SELECT c.number FROM views.clause_rules c "
    f"WHERE c.notice = :notice AND {_by_rule_sql()} ORDER BY c.position)) FROM {_RECORDED})"
)
"""SQL of the clauses that an entry concerns, as `ledger.domain.rules.concern.clauses_of` returns them."""
INCLUDES = (
    "(starts_with(c.number, :value::text) AND "
    "(right(:value::text, 1) || substr(c.number, length(:value::text) + 1, 1)) !~ '^([0-9]{2}|[A-Za-z]{2})$')"
)
"""SQL of `ledger.domain.rules.concern.includes`."""
NO_CLAUSES = "'{}'::text[]"
"""SQL of an empty list of clauses."""
