"""Handle standard streams that are closed, full, no longer read, or unable to encode a character."""

import os
import sys
from io import TextIOWrapper


def open_missing() -> None:
    """Open the null device for each standard stream that is closed.

    Otherwise the next file or socket takes the stream's number, and output would go there.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    sys.stdin = sys.stdin or os.fdopen(0, "r", closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


def write_all_characters(*, as_json: bool) -> None:
    """Set the streams to write JSON in UTF-8, and to escape a character that an encoding lacks in other output."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8" if as_json else None, errors="backslashreplace")


def discard_output() -> None:
    """Send the rest of the output to the null device, so that the interpreter ends without an error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
