"""Ids that are like one another: suggestions for an unknown id, and probable misspellings. Pure."""

from collections.abc import Collection
from difflib import get_close_matches

_COMPARED = 1000
"""Maximum number of ids among which similar ids are suggested; comparing so many takes up to 10 ms."""
_SHORTEST = 5
"""Minimum length of an id for which a misspelling can be distinguished from another id."""


def similar(name: str, known: Collection[str]) -> list[str]:
    """Return up to three known ids that are most like a name; empty if too many ids are known."""
    return get_close_matches(name, known, n=3, cutoff=0.8) if len(known) <= _COMPARED else []


def misspells(name: str, other: str) -> bool:
    """Return whether a name is another id with one character wrong, missing or added, or two neighbours swapped.

    Short ids, and ids that differ in digits, are taken as different on purpose, such as `officer-2`. So are ids
    with another last character, unless it was swapped.
    """
    if min(len(name), len(other)) < _SHORTEST or _digits(name) != _digits(other):
        return False
    if any(_swapped(name, index) == other for index in range(len(name) - 1)):
        return True
    if name[-1] != other[-1]:
        return False
    if len(name) == len(other):
        return sum(one != another for one, another in zip(name, other, strict=True)) == 1
    longer, shorter = sorted((name, other), key=len, reverse=True)
    return any(longer[:index] + longer[index + 1 :] == shorter for index in range(len(longer)))


def _digits(name: str) -> str:
    return "".join(character for character in name if character.isdigit())


def _swapped(name: str, index: int) -> str:
    return name[:index] + name[index + 1] + name[index] + name[index + 2 :]
