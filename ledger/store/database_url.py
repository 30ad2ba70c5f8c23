"""Check the URL of a database before it is used, without repeating its password."""

import re

import psycopg

_PORTS = re.compile(r"[0-9]{0,5}(,[0-9]{0,5})*")


def check_url(url: str) -> None:
    """Raise ValueError unless psycopg can read a URL; the message repeats no part of it."""
    fault = _fault(url)
    if fault is not None:
        raise ValueError(
            f"{fault}; enter an address such as postgresql://user@host/database, and write %, @ and / of a "
            "password as %25, %40 and %2F (the value may have a password, so it is not repeated)"
        )


def _fault(url: str) -> str | None:
    """Return what is wrong with a URL; None if psycopg can read it.

    An unescaped character of a password makes the rest of the password a port, a host or a database's name.
    """
    try:
        parts = psycopg.conninfo.conninfo_to_dict(url)
    except (psycopg.ProgrammingError, UnicodeEncodeError):
        return "it cannot be read"
    if not _PORTS.fullmatch(str(parts.get("port") or "")):
        return "its port is not a number"
    hosts = str(parts.get("host") or "").split(",")
    if any("@" in host[1:] and not host.startswith("/") for host in hosts):
        return "its host has an @"
    if "://" in url and "@" in str(parts.get("dbname") or "") and "%40" not in url:
        return "its database's name has an @"
    try:
        if "connect_timeout" in parts:
            psycopg.conninfo.timeout_from_conninfo(parts)
    except psycopg.ProgrammingError:
        return "its connect_timeout is not a number of seconds"
    return None
