"""Lines of the tables and keys of a TOML file. Imports the standard library only.

`tomllib` does not report lines. So each statement is extended line by line here until `tomllib` can read it.
"""

import re
import tomllib

Path = tuple[str | int, ...]
"""Path of keys from the top, with indices in arrays of tables, from 0: ("clause", 3, "text")."""
_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\s-]+?)\s*\]\]?\s*(#.*)?")
_KEY = re.compile(r"""\s*("[^"]*"|'[^']*'|[A-Za-z0-9_-]+)\s*=""")


def lines_of(text: str) -> dict[Path, int]:
    """Return the line, from 1, of each plain table header and key of a valid TOML file, by path."""
    line_at: dict[Path, int] = {}
    arrays: dict[Path, int] = {}
    table: Path = ()
    lines = text.splitlines()
    index = 0
    while index < len(lines):
        header, key = _HEADER.fullmatch(lines[index]), _KEY.match(lines[index])
        if header is not None:
            table = _table([part.strip() for part in header[2].split(".")], header[1] == "[[", arrays)
            line_at.setdefault(table, index + 1)
        elif key is not None:
            line_at[(*table, key[1].strip("\"'"))] = index + 1
            index = _end_of_statement(lines, index)
        index += 1
    return line_at


def line_of(lines: dict[Path, int], path: Path) -> int:
    """Return the line of a path, else of the nearest table or key around it, else 1."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _table(names: list[str], is_array: bool, arrays: dict[Path, int]) -> Path:
    path: Path = ()
    for name in names[:-1]:
        path = (*path, name)
        if path in arrays:
            path = (*path, arrays[path])
    path = (*path, names[-1])
    if not is_array:
        return path
    arrays[path] = arrays.get(path, -1) + 1
    return (*path, arrays[path])


def _end_of_statement(lines: list[str], start: int) -> int:
    for end in range(start, len(lines)):
        try:
            tomllib.loads("\n".join(lines[start : end + 1]))
        except tomllib.TOMLDecodeError:
            continue
        return end
    return start
