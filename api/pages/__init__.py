"""Server-rendered pages, most of which have a GraphQL query in `queries/` and a template in `templates/`.

Most data comes from the schema, queried in process with the reader's rights. Names, drafts and folded histories
come from the database, and a notice's state from the writer. Pages work without JavaScript. Their
Content-Security-Policy admits only this server's own files.

The route of a notice's page builds a `PageRequest`, runs `page_request.ask`, and renders a template that extends
`layout.html`. It may raise the errors of both, which `errors` turns into pages. Forms are sent by POST, and their
routes call `Sessions.guard` before they change anything. Two GET routes also change something. The issuer's
redirect back starts a session, and opening a restricted document is recorded.
"""
