"""SQL for the clauses that an entry concerns, from the declarations in `ledger.domain.rules.concern`.

The entries view stores the rules of clauses in `views.clause_rules`. It stores values that facts leave out, such
as a review's body, in `views.clause_links`. In the SQL, `t` is the entry, `r` its fact, `c` a clause and `l` a
link.
"""

from collections.abc import Iterable

from ledger.domain.fact import Fact
from ledger.domain.fields import ITEM
from ledger.domain.registry import KIND_OF, type_names
from ledger.domain.rules import RULES, concern
from ledger.domain.rules.links import LINKS


def encoded_fields(fact: type[Fact]) -> dict[str, str]:
    """Return the JSON names of a fact's fields, by the names of the fields."""
    return dict(zip(fact.__struct_fields__, fact.__struct_encode_fields__, strict=True))


def _type_names(facts: Iterable[type[Fact]]) -> str:
    """Return an SQL array of the type names of facts, in alphabetical order."""
    names = sorted(name for fact in facts for name in type_names(KIND_OF[fact]))
    return f"ARRAY[{', '.join(map(repr, names))}]::text[]"


def _stated_sql(name: str, facts: Iterable[type[Fact]]) -> str:
    """Return SQL for a JSON array of a field's values in the fact `r`."""
    paths = {path.keys for fact in facts if (path := concern.stated_path(fact, name)) is not None}
    queries = [f"jsonb_path_query_array(r.data, '{_json_path(keys)} ? (@ != null)')" for keys in sorted(paths)]
    return " || ".join(queries) if queries else "'[]'::jsonb"


def _json_path(keys: Iterable[str]) -> str:
    """Return the path of a field in PostgreSQL's JSON path syntax."""
    return "$" + "".join("[*]" if key == ITEM else f'."{key}"' for key in keys)


def _linked_sql(name: str) -> str:
    """Return SQL for a JSON array of a field's values for the fact's subjects, or null without values."""
    return f"(SELECT jsonb_agg(w.word) FROM {_links_sql(name)}, unnest(l.words) w(word) WHERE l.notice = :notice)"


def _links_sql(name: str) -> str:
    """Return SQL for the links `l` of the fact's subjects that state a field's values."""
    links = ", ".join(f"('{link}', r.data ->> '{link}')" for link, field in LINKS.items() if field == name)
    return f"views.clause_links l JOIN (VALUES {links}) n(link, id) ON l.link = n.link AND l.id = n.id"


def _overlap_sql(parameter: str, name: str, facts: Iterable[type[Fact]]) -> str:
    """Return SQL that is true if the parameter and the field share a value, or one of them is absent."""
    of_clause, own = f"(c.parameters -> '{parameter}')", f"nullif({_stated_sql(name, facts)}, '[]')"
    if name in LINKS.values():
        own = f"coalesce({own}, {_linked_sql(name)})"
    words = f"{of_clause} ? v.word"
    if name in concern.ANY_CASE:
        words = f"lower({of_clause} #>> '{{}}') = lower(v.word)"
    return (
        f"(coalesce({of_clause}, '[]') = '[]' OR coalesce((SELECT bool_or({words}) "
        f"FROM jsonb_array_elements_text({own}) v(word)), TRUE))"
    )


_SAME_BOARD = "(r.data ->> 'board') IS NOT DISTINCT FROM (c.parameters ->> 'board')"
"""SQL condition: the fact and the clause name the same board, or neither names a board."""
_SAME_MEETING = (
    f"NOT EXISTS (SELECT FROM {_links_sql('board')} WHERE l.notice = :notice "
    "AND l.words[1] IS DISTINCT FROM (c.parameters ->> 'board'))"
)
"""SQL condition: the fact names no meeting of a board other than the clause's."""


def _by_rule_sql() -> str:
    """Return SQL that is true if the fact `r` concerns the clause `c` by the clause's rule."""
    cases = []
    for rule in RULES.values():
        if facts := concern.facts_of(rule.kind):
            tests = [f"r.type = ANY ({_type_names(facts)})"]
            tests += [_overlap_sql(parameter, name, facts) for parameter, name in rule.matches.items()]
            if concern.has_board(rule.kind):
                is_on_board = f"r.type = ANY ({_type_names(facts & concern.BOARD_FACTS)})"
                tests.append(f"CASE WHEN {is_on_board} THEN {_SAME_BOARD} ELSE {_SAME_MEETING} END")
            cases.append(f"WHEN '{rule.kind}' THEN {' AND '.join(tests)}")
    on_area = f"CASE WHEN r.type = ANY ({_type_names(concern.AREA_FACTS)})"
    of_area = f"c.parameters ? 'area' AND {_overlap_sql('area', 'area', concern.AREA_FACTS)}"
    return f"{on_area} THEN {of_area} ELSE CASE c.rule {' '.join(cases)} ELSE FALSE END END"


def _named_sql() -> str:
    """Return SQL for an array of the clauses that the fact `r` is about, or null for other facts."""
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
"""SQL for the row `r`: the entry's fact or, for a correction, the fact that replaces the corrected fact."""
CLAUSES = (
    f"(SELECT coalesce(string_to_array(nullif(r.named, ''), ' '), {_named_sql()}, "
    "ARRAY(SELECT c.number FROM views.clause_rules c "
    f"WHERE c.notice = :notice AND {_by_rule_sql()} ORDER BY c.position)) FROM {_RECORDED})"
)
"""SQL of the clauses that an entry concerns, as `ledger.domain.rules.concern.clauses_of` returns them."""
INCLUDES = (
    "(starts_with(c.number, :value::text) AND "
    "(right(:value::text, 1) || substr(c.number, length(:value::text) + 1, 1)) !~ '^([0-9]{2}|[A-Za-z]{2})$')"
)
"""SQL condition of `ledger.domain.rules.concern.includes`: the clause `c` is `:value` or a part of it."""
NO_CLAUSES = "'{}'::text[]"
"""SQL of an empty list of clauses."""
