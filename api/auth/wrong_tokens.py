"""Limit the wrong tokens from one address, so that guessing costs the database little."""

import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from cachetools import LRUCache, TTLCache

from ledger.domain.errors import Busy

AT_ONCE = 60
"""Number of wrong tokens that an address may send at once."""
SECONDS_EACH = 1.0
"""Seconds after which an address may send another wrong token."""
_ADDRESSES = 10_000
_RECOGNISED = 10_000


class WrongTokens:
    """Counts of wrong tokens by address in this process, in bounded memory.

    A token that was recognised recently is not limited, so others behind the same proxy keep their access.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free_at: TTLCache[str, float] = TTLCache(_ADDRESSES, AT_ONCE * SECONDS_EACH, clock)
        """Monotonic seconds at which the count of wrong tokens returns to zero, by network address."""
        self._recognised: LRUCache[bytes, None] = LRUCache(_RECOGNISED)

    def check(self, address: str, token_hash: bytes) -> None:
        """Raise Busy if the address sent too many wrong tokens, unless this token was recognised recently."""
        if token_hash in self._recognised:
            return
        if self._free_at.get(_network(address), 0.0) > self._clock() + (AT_ONCE - 1) * SECONDS_EACH:
            raise Busy("too many wrong tokens came from your address; check the token and try again in a minute")

    def add_right(self, token_hash: bytes) -> None:
        """Note a token that was recognised."""
        self._recognised[token_hash] = None

    def add_wrong(self, address: str) -> None:
        """Count a wrong token from an address."""
        network = _network(address)
        self._free_at[network] = max(self._free_at.get(network, 0.0), self._clock()) + SECONDS_EACH


def _network(address: str) -> str:
    """Return the address; for IPv6, the network of one subscriber (the first 64 bits) or a mapped IPv4 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped) if parsed.ipv4_mapped is not None else parsed.packed[:8].hex()
