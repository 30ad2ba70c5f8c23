"""Facts, rules and state of the domain. Pure: no I/O, no clock, no framework."""
