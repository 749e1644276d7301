"""Where an argument of `launcher.run()` stands in a program, with nothing secret in the line that is shown.

Reads the program's text with the parser of Python and runs nothing of it; only to explain or to fail.
"""

from __future__ import annotations

import ast

from launcher import redact
from launcher.errors import Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from launcher.config.layer import Origin

    Span = tuple[int, int, int]  # line, column (from 1), length


_TOLD = ("secret", "override", "required")
"""What is told of the table of a secret variable."""


def locate_argument(
    origin: Origin, text: str, masked: bool = False, *, at_key: bool = False, secrets: Collection[str] = ()
) -> Place:
    """Return the place of the argument that *origin* names in *text*, or of the call where it is not found.

    `masked` hides the value. What is called like a secret, and the variables *secrets*, are hidden in any case.
    """
    lines = text.splitlines()
    if not 1 <= origin.line <= len(lines):
        return Place(origin.file, origin.line)
    call = _find_call(text, origin.line)
    spans = _spans(call, origin.path, lines) if call else None
    if call is None or spans is None:
        return _whole_line(origin, lines[origin.line - 1], hide=call is None)
    line, column, length = spans[0 if at_key else 1]
    hidden = [span for span in _secrets(call, lines, secrets) if span[0] == line]
    if masked:
        hidden.append(spans[1])
    shown = lines[line - 1]
    for _, start, size in sorted(hidden, reverse=True):
        # Before the caret the length is kept, so that columns count.
        mask = "*" * size if start < column else redact.MASK
        shown = shown[: start - 1] + mask + shown[start - 1 + size :]
        length = len(mask) if start == column else length
    shown = redact.mask(shown[: column - 1], keep=True) + redact.mask(shown[column - 1 :])
    return Place(origin.file, line, column, shown, max(1, min(length, len(shown) - column + 1)))


def _whole_line(origin: Origin, line: str, *, hide: bool) -> Place:
    if hide:  # no call that could be understood: nobody can tell where its secrets are
        return Place(origin.file, origin.line)
    start = len(line) - len(line.lstrip())
    return Place(origin.file, origin.line, start + 1, redact.mask(line), max(1, len(line.strip())))


def _find_call(text: str, line: int) -> ast.Call | None:
    """Return the call of `run` that begins in *line*."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.lineno == line:
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "run":
                return node
    return None


def _spans(call: ast.Call, path: tuple[str, ...], lines: list[str]) -> tuple[Span, Span] | None:
    """Return where the key and the value of the argument stand: as deep on *path* as can be read in the call."""
    keyword = next((item for item in call.keywords if item.arg == path[0]), None)
    if keyword is None:
        return None
    key, value = _name_span(keyword, lines), keyword.value
    for name in path[1:]:
        inner = _item(value, name)
        if inner is None:
            break
        key, value = _span(inner[0], lines), inner[1]
    return key, _span(value, lines)


def _item(value: ast.expr, name: str) -> tuple[ast.expr, ast.expr] | None:
    """Return the key and the value of *name* in a display of a dictionary, or an item of a list."""
    if isinstance(value, ast.Dict):
        for key, inner in zip(value.keys, value.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == name:
                return key, inner
    if isinstance(value, (ast.List, ast.Tuple)) and name.isdecimal() and int(name) < len(value.elts):
        return value.elts[int(name)], value.elts[int(name)]
    return None


def _secrets(call: ast.Call, lines: list[str], secrets: Collection[str]) -> Iterator[Span]:
    """Yield where text stands that must not be shown: below a name that sounds like a secret, or is declared one."""
    for node in ast.walk(call):
        if isinstance(node, ast.keyword):
            pairs: list[tuple[object, ast.expr]] = [(node.arg, node.value)]
        elif isinstance(node, ast.Dict):
            pairs = [(getattr(key, "value", None), value) for key, value in zip(node.keys, node.values, strict=True)]
        else:
            continue
        for name, value in pairs:
            if _is_secret(name, secrets) or _is_declared(value):
                yield from (span for item in _texts(value) for span in _lines_of(item, lines))


def _is_secret(name: object, secrets: Collection[str]) -> bool:
    if not isinstance(name, str) or name in (*_TOLD, "tls_key"):
        return False
    return name in secrets or redact.is_secret_name(name)


def _texts(value: ast.AST) -> Iterator[ast.expr]:
    """Yield the texts and numbers written in *value*, keys of dictionaries left out."""
    if isinstance(value, (ast.JoinedStr, ast.Constant)) and not isinstance(getattr(value, "value", None), bool):
        yield value
        return
    if isinstance(value, ast.Dict):
        told = [getattr(key, "value", None) in _TOLD for key in value.keys]
        inner: Iterable[ast.AST] = [item for item, is_told in zip(value.values, told, strict=True) if not is_told]
    else:
        inner = ast.iter_child_nodes(value)
    for item in inner:
        yield from _texts(item)


def _is_declared(value: ast.expr) -> bool:
    """Return whether *value* is a table of a variable with `secret`."""
    return isinstance(value, ast.Dict) and any(getattr(key, "value", None) == "secret" for key in value.keys)


def _name_span(keyword: ast.keyword, lines: list[str]) -> Span:
    line, column, _ = _span(keyword, lines)
    return line, column, len(keyword.arg or "")


def _span(node: ast.expr | ast.keyword, lines: list[str]) -> Span:
    """Return the place of *node*; what reaches over several lines ends with its first."""
    source = lines[node.lineno - 1]
    start = _characters(source, node.col_offset)
    end = _characters(source, node.end_col_offset or 0) if node.end_lineno == node.lineno else len(source)
    return node.lineno, start + 1, max(1, end - start)


def _lines_of(node: ast.expr, lines: list[str]) -> Iterator[Span]:
    """Yield the place of *node* in each of its lines."""
    last = node.end_lineno or node.lineno
    for number in range(node.lineno, last + 1):
        line = lines[number - 1]
        start = _characters(line, node.col_offset) if number == node.lineno else 0
        end = _characters(line, node.end_col_offset or 0) if number == last else len(line)
        yield number, start + 1, end - start


def _characters(line: str, offset: int) -> int:
    """Return the code points before a byte offset, which is how the parser counts."""
    return len(line.encode()[:offset].decode(errors="replace"))
