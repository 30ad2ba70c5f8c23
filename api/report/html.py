"""The report as one self-contained HTML page: no script, font or image from elsewhere."""

import hashlib
from base64 import b64encode
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from api.report.document import paper_of
from api.report.model import Report


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("api.report", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    return environment.get_template("report.html")


@cache
def style() -> str:
    """Return the style sheet of the report's page."""
    return files("api.report").joinpath("report.css").read_text("utf-8")


def policy() -> str:
    """Return the Content-Security-Policy of the report's page: its own style sheet by digest, and nothing else."""
    digest = b64encode(hashlib.sha256(style().encode()).digest()).decode()
    own = f"default-src 'none'; style-src 'sha256-{digest}'"
    return f"{own}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def html_of(report: Report) -> bytes:
    """Return the report as an HTML page in UTF-8."""
    return _template().render(paper=paper_of(report), style=Markup(style()), markup=Markup).encode()  # noqa: S704 - the style sheet is our own file
