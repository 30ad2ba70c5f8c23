"""How it arrives: HTTP, identity, the intake of events, reports, pages, settings and the command line.

The top layer. It may import everything below it; nothing imports it.
"""
