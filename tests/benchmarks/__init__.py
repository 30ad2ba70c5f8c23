"""The measurements behind `make bench`: ratios, both sides interleaved on one server, medians of rounds.

A group is a module with `async def measure(url, rounds, say) -> dict[str, float]`; the names are bench.json's.
"""
