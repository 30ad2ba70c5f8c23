"""Facts, rules and state of the domain. Pure: no clock, no framework, no I/O except to read its own tables."""
