"""Connections, migrations and the only SQL for entries."""
