"""Checks of the project's English: banned openings and words, and sentences that are too long.

`python -m tests.english PATH …` lists the breaches below the paths, `file:line: message`. It reads Python
(docstrings, comments, messages), SQL comments, templates and Markdown.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

MAXIMUM_WORDS = 20
"""Words in one sentence of a docstring."""
OPENINGS = re.compile(r"(?:What|Whoever|Whatever|Whether|How|Who|Why)\b")
BANNED = re.compile(
    r"\b(?:told of|said of|asked of|beside|besides|anew|mend|mends|mended|mending|begun"
    r"|is none|are none|is like this"
    r"|whoever|whatever|whomever|hears of|thereby"
    r"|stands? (?:in(?! during)|at|on|there|behind|beside|above|below|for))\b",
    re.IGNORECASE,
)
NOT_A_VERB = re.compile(
    r"(?:The|A|An|Each|Every|All|One|Its|Their|No|None|In|Of|From|For|As|By|With|Those|This|These|It|At|On|Where|That|To"
    r"|Many|Some|Any|Two|Rows|Entries|True|False)\b"
)
"""First words that show a function's docstring does not begin with an imperative verb."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`\"(])")
_CODE = re.compile(r"`[^`]*`|https?://\S+")
_LIST = re.compile(r"^\s*(?:[-*|#>]|\d+\.|\w+(?:, \w+)*:\s)")
_SECTION = re.compile(r"^\s*(?:Args|Returns|Raises|Yields|Attributes|Example|Examples|Note|Invariant):\s*$")

Breach = tuple[int, str]
"""A line and what is wrong there."""


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a docstring's prose: no lists, no tables, no examples."""
    for paragraph in re.split(r"\n\s*\n", text):
        lines = paragraph.splitlines()
        if any(_LIST.match(line) or _SECTION.match(line) or line.lstrip().startswith(">>>") for line in lines):
            continue
        yield from _SENTENCE.split(" ".join(line.strip() for line in lines))


def of_docstring(text: str, line: int) -> Iterator[Breach]:
    """Yield the breaches of one docstring that begins at a line."""
    if OPENINGS.match(text.strip()):
        yield line, f"begins with {text.split(maxsplit=1)[0]}"
    yield from of_prose(text, line)
    for sentence in sentences(text):
        words = len(_CODE.sub("code", sentence).split())
        if words > MAXIMUM_WORDS:
            yield line, f"a sentence of {words} words: {sentence[:60]}…"


def of_prose(text: str, line: int) -> Iterator[Breach]:
    """Yield the banned words of a text that begins at a line."""
    plain = _CODE.sub(lambda match: " " * len(match[0]), text)
    for match in BANNED.finditer(plain):
        yield line + plain.count("\n", 0, match.start()), f"“{match[0]}”"


def _is_function(node: ast.AST) -> bool:
    """Return whether a node defines a function that is not a property."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    return not any("property" in ast.unparse(decorator) for decorator in node.decorator_list)


def documented(tree: ast.Module) -> Iterator[tuple[ast.Constant, bool]]:
    """Yield each docstring, and whether a function has it; a constant's or field's description counts too."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for number, statement in enumerate(body if isinstance(body, list) else ()):
            value = statement.value if isinstance(statement, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value, number == 0 and _is_function(node)


def of_python(source: str) -> Iterator[Breach]:
    """Yield the breaches of a Python file: its docstrings, comments and messages."""
    tree = ast.parse(source)
    docstrings = set()
    for constant, of_function in documented(tree):
        docstrings.add(constant)
        yield from of_docstring(str(constant.value), constant.lineno)
        if of_function and NOT_A_VERB.match(str(constant.value).strip()):
            yield constant.lineno, "a function's docstring begins with a verb: Return, Yield, Record …"
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
            yield from of_prose(node.value, node.lineno)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield from of_prose(token.string, token.start[0])


def of_sql(source: str) -> Iterator[Breach]:
    """Yield the breaches of a SQL file's comments."""
    for number, line in enumerate(source.splitlines(), 1):
        if "--" in line:
            yield from of_prose(line[line.index("--") :], number)


def of_markup(source: str) -> Iterator[Breach]:
    """Yield the breaches of a template or a Markdown page; code blocks are left out."""
    plain = re.sub(r"```.*?```", lambda match: "\n" * match[0].count("\n"), source, flags=re.DOTALL)
    yield from of_prose(plain, 1)


READERS = {".py": of_python, ".sql": of_sql, ".html": of_markup, ".md": of_markup}
"""A file's suffix → how it is read."""


def breaches(paths: Iterable[Path]) -> Iterator[str]:
    """Yield `file:line: message` for each breach in the files, and in the files of the folders."""
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            reader = READERS.get(file.suffix)
            if reader and file.is_file() and "node_modules" not in file.parts:
                for line, message in reader(file.read_text(encoding="utf-8")):
                    yield f"{file}:{line}: {message}"


if __name__ == "__main__":
    findings = list(breaches(map(Path, sys.argv[1:])))
    sys.stdout.writelines(f"{each}\n" for each in findings)
    sys.exit(bool(findings))
