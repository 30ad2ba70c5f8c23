"""The pages that people read: each a GraphQL query in `queries/`, and a template in `templates/` for its answer.

There is no second way to read: a page asks the schema in process, with its reader's rights. They work without
JavaScript, under a Content-Security-Policy that lets in nothing but this server's own files.

A route makes a `Visit` (`visit.visit_of`), asks (`visit.ask`), and renders a template that extends `layout.html`
(`rendering.page`); one that changes something is a POST that calls `Sessions.guard` first.
Imports starlette, jinja2, `schema` and `ledger`.
"""
