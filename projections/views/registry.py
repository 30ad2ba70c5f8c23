"""Registry of all views: one for each row of `reads` in the role matrix.

The view `plan` is `VIEW` in the module `projections.views.plan`, or in its module `view` if it is a package.
"""

from importlib import import_module
from pkgutil import iter_modules

from ledger.domain.roles import matrix
from projections import views
from projections.engine.view import View

_PACKAGES = {module.name for module in iter_modules(views.__path__) if module.ispkg}


def _view(name: str) -> View:
    """Return the view of a row.

    Raises:
        TypeError: The module of that name declares another view.
    """
    module = import_module(f"{views.__name__}.{name}{'.view' if name in _PACKAGES else ''}")
    view: View = module.VIEW
    if view.name != name:
        raise TypeError(f"{module.__name__} declares the view {view.name}; name it {name}, as in roles.toml")
    return view


ALL: tuple[View, ...] = tuple(_view(name) for name in matrix().reads)
"""All views, in the order of the role matrix, in which they are folded."""
