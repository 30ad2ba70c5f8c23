"""Registry of all views: one view for each row of `reads` in the role matrix.

The view `plan` is `VIEW` in the module `projections.views.plan`. The view of a package is `VIEW` in the package's
module `view`.
"""

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from ledger.domain.roles import matrix
from projections import views
from projections.engine.view import View
from projections.query.relation import Relation

_PACKAGES = {module.name for module in iter_modules(views.__path__) if module.ispkg}


def _module(name: str) -> ModuleType:
    return import_module(f"{views.__name__}.{name}{'.view' if name in _PACKAGES else ''}")


def _view(name: str) -> View:
    """Return the view of a row of `reads` in the role matrix.

    Raises:
        TypeError: The module of that name declares another view.
    """
    module = _module(name)
    view: View = module.VIEW
    if view.name != name:
        raise TypeError(f"{module.__name__} declares the view {view.name}; name it {name}, as in roles.toml")
    return view


ALL: tuple[View, ...] = tuple(_view(name) for name in matrix().reads)
"""All views, in the order of the role matrix, in which they are folded."""


def relations(view: View) -> dict[str, Relation[Any]]:
    """Return the relations of a view's module that read one of its tables, by the table's name."""
    declared = vars(_module(view.name)).values()
    by_source = {each.source: each for each in declared if isinstance(each, Relation)}
    sources = {table.name: f"views.{table.name}" for table in view.tables}
    return {name: by_source[source] for name, source in sources.items() if source in by_source}
