"""Every view's module is in the registry, by its row in the role matrix."""

import re
from pathlib import Path

from ledger.domain.roles import matrix
from projections import views
from projections.views.registry import ALL

DECLARATION = re.compile(r'^VIEW = View\(\s*"([a-z_]+)"', re.MULTILINE)


def test_every_declared_view_is_registered_in_the_order_of_the_role_matrix() -> None:
    sources = [path.read_text() for path in Path(views.__path__[0]).rglob("*.py")]
    declared = [name for source in sources for name in DECLARATION.findall(source)]
    assert sorted(declared) == sorted(view.name for view in ALL)
    assert [view.name for view in ALL] == list(matrix().reads)


def test_no_two_views_have_a_table_of_the_same_name() -> None:
    names = [table.name for view in ALL for table in view.tables]
    assert sorted(names) == sorted(set(names))
