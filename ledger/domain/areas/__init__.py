"""The facts of the domain: one module an area, with its structs, `admit` and `evolve`.

Pure: no I/O, no clock, no framework. To add a fact, add its struct and rules here and a row in `roles.toml`.
"""
