"""Connections, migrations, and the only SQL that stores or reads entries."""
