"""Connections, migrations, distribution over a cluster, and the only SQL that stores entries."""
