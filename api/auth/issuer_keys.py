"""Choose an issuer's key for a token, from the key set that the issuer publishes (RFC 7517).

A set may hold keys for other uses or of unknown kinds. Such a key is left out, and the log names it. A key of
another algorithm is kept and not chosen. Imports joserfc.
"""

import logging
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping
from typing import Any

from joserfc import jwk
from joserfc.errors import JoseError

_KTY_OF = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
"""Key type by the first letters of an algorithm."""
_CURVE_OF = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "Ed25519": "Ed25519"}
_EDDSA = {"Ed25519", "EdDSA"}
"""Names of the Ed25519 signature algorithm; RFC 9864 replaces `EdDSA` with `Ed25519`."""
_MEMBERS = ("kty", "kid", "alg", "n", "e", "crv", "x", "y")
"""Members of a key that verify a signature; other members, such as a certificate, are ignored."""
_UNSET: tuple[object, ...] = (None, "", [])
"""Values that issuers publish in place of an absent member."""
LEAST_BITS = 2048
"""Minimum number of bits of an RSA key. Shorter keys can be broken, and can end the check of others."""
_LONGEST_NAME = 80
logger = logging.getLogger(__name__)


class IssuerKeys:
    """Usable keys of one key set.

    Raises:
        TypeError: The document is not a key set.
    """

    def __init__(self, document: object = None) -> None:
        keys = {"keys": []} if document is None else document
        if not isinstance(keys, dict) or not isinstance(keys.get("keys"), list):
            raise TypeError("the document is not a key set")
        self._keys = list(_usable(keys["keys"]))

    def find(self, kid: str | None, alg: str) -> list[jwk.Key]:
        """Return the issuer's keys with this id and algorithm; an issuer may publish several with one id.

        Without an id, return the key that fits the algorithm, and none if different keys fit.
        """
        fitting = [key for key in self._keys if _fits(key, alg)]
        if kid is not None:
            return [key for key in fitting if key.kid == kid]
        is_one = all(key.public_key == fitting[0].public_key for key in fitting)
        return fitting[:1] if is_one else []


def _fits(key: jwk.Key, alg: str) -> bool:
    members: Mapping[str, Any] = key.dict_value
    declared = members.get("alg")
    if declared is not None and declared != alg and not {declared, alg} <= _EDDSA:
        return False
    curve = _CURVE_OF.get(alg)
    return key.key_type == _KTY_OF[alg[:2]] and curve in (None, members.get("crv"))


def _usable(members: list[Any]) -> Iterator[jwk.Key]:
    """Yield the keys that may verify signatures; log each key that is left out."""
    for number, key in enumerate(members):
        reason = _unusable(key)
        if reason is None:
            try:
                used = {name: key[name] for name in _MEMBERS if key.get(name) not in _UNSET}
                reason = _too_short(used)
                if reason is None:
                    yield jwk.import_key(used)
                    continue
            except (JoseError, ValueError, TypeError, KeyError) as error:
                reason = f"it cannot be read ({type(error).__name__})"
        kid = key.get("kid") if isinstance(key, dict) else None
        name = repr(kid)[:_LONGEST_NAME] if kid is not None else f"number {number + 1}"
        logger.warning("the issuer's key %s is left out: %s", name, reason)


def _too_short(key: Mapping[str, Any]) -> str | None:
    """Return why an RSA key is too short (RFC 7518, section 3.3), or None for any other key.

    Raises:
        KeyError, TypeError, ValueError: The RSA key has no modulus.
    """
    if key["kty"] != "RSA":
        return None
    size = int.from_bytes(urlsafe_b64decode(f"{key['n']}==")).bit_length()
    return f"it has {size} bits, fewer than {LEAST_BITS}" if size < LEAST_BITS else None


def _unusable(key: object) -> str | None:
    """Return why a member of a key set is left out, or None if it may verify signatures."""
    if not isinstance(key, dict):
        return "it is not an object"
    if not isinstance(key.get("kid", ""), str | None):
        return "its kid is not text"
    if key.get("kty") not in _KTY_OF.values():
        return "its kty is not RSA, EC or OKP"
    operations = key.get("key_ops")
    if not isinstance(operations, list | None):
        return "its key_ops is not a list"
    if key.get("use") not in (*_UNSET, "sig") or (operations and "verify" not in operations):
        return "it is not for signatures"
    return "it is a private key" if key.get("d") not in _UNSET else None
