"""What may be recorded: one module per area of the domain, each with its structs, `admit` and `evolve`.

Pure: no I/O, no clock, no framework. To add a fact: its struct and rules here, a row in `ledger/roles.toml`.
"""
