"""Views of a notice. The module of a view declares its rows, tables, handlers and relations."""
