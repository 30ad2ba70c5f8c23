"""The report as one HTML page that needs nothing else: no script, no font, no image from elsewhere."""

import hashlib
from base64 import b64encode
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from api.report.document import told
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
    """The page's style sheet."""
    return files("api.report").joinpath("report.css").read_text("utf-8")


def policy() -> str:
    """The Content-Security-Policy that the page keeps to: its own style sheet, by its digest, and nothing else."""
    digest = b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def html_of(report: Report) -> bytes:
    """The page in UTF-8."""
    return _template().render(paper=told(report), style=Markup(style()), markup=Markup).encode()  # noqa: S704 - the style sheet is our own file
