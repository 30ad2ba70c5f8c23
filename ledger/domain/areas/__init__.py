"""The facts of the domain: one module for each area, with the area's structs, `admit` and `evolve`.

The modules are pure: they use no I/O, no clock and no framework. To add a fact, add its struct and its refusals to
a module, and a row to `roles.toml`.
"""
