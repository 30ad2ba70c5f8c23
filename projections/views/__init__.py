"""Views: one module each, with its rows, tables, handlers and relations."""
