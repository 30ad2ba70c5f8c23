"""Server-rendered pages, each a GraphQL query in `queries/` and a template in `templates/`.

A page queries the schema in process with its reader's rights; it has no other way to read. Pages work without
JavaScript. Their Content-Security-Policy admits only this server's own files.

A route builds a `PageRequest`, runs `page_request.ask`, and renders a template that extends `layout.html`. A route
that changes something is a POST that calls `Sessions.guard` first. Imports starlette, jinja2, `schema` and
`ledger`.
"""
