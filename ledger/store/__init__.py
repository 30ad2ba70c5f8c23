"""Connections, migrations, and the only SQL that stores entries."""
