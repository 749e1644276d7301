"""Problems to frames: the sentence, the place, the source line with its caret, and what to do.

Pure: lines out, nothing written. `console.py` chooses colour and width and writes the lines.

The look is rustc's: `error[slug]: sentence`, `--> file:line:column`, then the line with a gutter.
"""

from __future__ import annotations

from launcher.text import escape, shown, width_of, wrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from launcher.errors import Place, Problem

STYLES = {
    "error": "1;31",
    "warning": "1;35",  # not yellow, which cannot be read on a white terminal
    "strong": "1",
    "faint": "2",
    "good": "1;32",
    "link": "36",
}


_FAR = 4
"""How many times the width of the screen is looked at on either side of the caret: characters can have no width."""


class Look:
    """How text is shown on one stream: in colour or not, how wide, with which glyphs, seen from which folder."""

    def __init__(self, *, color: bool = False, width: int = 80, cwd: str = "", unicode: bool = True) -> None:
        self.color = color
        self.width = max(width, 20)
        self.cwd = cwd
        self.unicode = unicode

    def paint(self, style: str, text: str) -> str:
        """Return *text* in a style of `STYLES`, or as it is where there is no colour."""
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if self.color and text and style else text

    def path(self, path: str) -> str:
        """Return a file's path as the user would type it here: relative when it is below the current directory."""
        below = self.cwd.rstrip("/\\")
        if below and path.startswith(below) and path[len(below) : len(below) + 1] in ("/", "\\"):
            path = path[len(below) + 1 :]
        return escape(path)

    def spot(self, place: Place) -> str:
        """Return `file:line:column` with what is known of it."""
        numbers = [str(number) for number in (place.line, place.column) if place.line and number]
        return ":".join([self.path(place.file), *numbers])


def render(problems: Iterable[Problem], look: Look) -> list[str]:
    """Return the lines for all *problems*: grouped by file, in the order of their lines, the count last."""
    ordered = _grouped(list(problems))
    lines: list[str] = []
    for problem in ordered:
        lines += [*frame(problem, look), ""]
    if len(ordered) < 2:
        return lines[:-1]
    return [*lines, look.paint("strong", count(ordered))]


def count(problems: Sequence[Problem]) -> str:
    """Return how many errors and warnings there are, and in how many files: `2 errors, 1 warning in 3 files`."""
    warnings = sum(problem.warning for problem in problems)
    numbers = ((len(problems) - warnings, "error"), (warnings, "warning"))
    parts = [plural(number, word) for number, word in numbers if number]
    files = {problem.place.file for problem in problems if problem.place and problem.place.line}
    return ", ".join(parts) + (f" in {plural(len(files), 'file')}" if files else "")


def plural(number: int, word: str) -> str:
    """Return a number with its noun: `1 file`, `2 files`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def frame(problem: Problem, look: Look) -> list[str]:
    """Return the lines of one problem."""
    style = "warning" if problem.warning else "error"
    places = [(label, place) for label, place in ((problem.hint, problem.place), *problem.others) if place]
    gutter = max((len(str(place.line)) for _, place in places if place.line), default=1)
    lines = _headline(problem, style, look)
    for label, place in places:
        mark = _Mark("^", style) if place is problem.place else _Mark("-", "strong")
        lines += _quote(place, label, mark, gutter, look)
    remarks = problem.notes if problem.place or not problem.hint else (problem.hint, *problem.notes)
    for remark in remarks:
        lines += _remark(remark, gutter, look)
    return lines


class _Mark:
    """How a spot is underlined: with which sign and in which style."""

    def __init__(self, sign: str, style: str) -> None:
        self.sign = sign
        self.style = style


def _grouped(problems: list[Problem]) -> list[Problem]:
    """Return *problems* by file in the order of first appearance; within a file by line, with no place at the end."""
    files = {name: number for number, name in enumerate(dict.fromkeys(p.place.file for p in problems if p.place))}

    def position(problem: Problem) -> tuple[int, int, int]:
        place = problem.place
        return (files[place.file], place.line, place.column) if place else (len(files), 0, 0)

    return sorted(problems, key=position)


def _headline(problem: Problem, style: str, look: Look) -> list[str]:
    label = f"{style}[{problem.slug}]"
    first, *rest = wrap(f"{label}: {escape(problem.message)}", look.width, "  ")
    head = look.paint(style, label) + look.paint("strong", first[len(label) :])
    return [head, *(look.paint("strong", line) for line in rest)]


def _remark(text: str, gutter: int, look: Look) -> list[str]:
    margin = " " * (gutter + 1)
    first, *rest = wrap(escape(text), look.width - gutter - 3)
    return [f"{margin}{look.paint('faint', '=')} {first}", *(f"{margin}  {line}" for line in rest)]


def _quote(place: Place, label: str, mark: _Mark, gutter: int, look: Look) -> list[str]:
    margin = " " * gutter
    bar = look.paint("faint", "|")
    lines = [f"{margin}{look.paint('faint', '-->')} {look.spot(place)}"]
    if not place.text:
        return lines + (_remark(label, gutter, look) if label else [])
    number = look.paint("faint", str(place.line or "").rjust(gutter))
    source, caret = _cut(place, mark.sign, look.width - gutter - 3)
    blank = caret[: len(caret) - len(caret.lstrip())]
    pointer = caret[len(blank) :]
    label, below = escape(label), [""]
    if gutter + 4 + width_of(caret) + width_of(label) > look.width:
        label, below = "", wrap(label, look.width - gutter - 3)
    pointer = f"{pointer} {label}".rstrip()
    lines += [f"{margin} {bar}", f"{number} {bar} {source}", f"{margin} {bar} {blank}{look.paint(mark.style, pointer)}"]
    return lines + [f"{margin} {bar} {look.paint(mark.style, line)}" for line in below if line]


def _cut(place: Place, sign: str, room: int) -> tuple[str, str]:
    """Return the source line and the line with the caret, both cut to the same window when the source is too long."""
    begin = min(max(place.column - 1, 0), len(place.text))
    end = min(begin + max(place.length, 1), max(len(place.text), begin + 1))
    # What lies further away than this is not seen, and a line may be as long as its file.
    low, high = max(0, begin - _FAR * room), begin + _FAR * room
    begin, end = begin - low, min(end, high) - low
    cells = [char if char == "\t" else shown(char) for char in place.text[low:high]]
    first, last = _window(cells, begin, end, room)
    before = "..." if low or first else ""
    after = "..." if high < len(place.text) or last < len(cells) else ""
    blank = " " * len(before) + "".join("\t" if cell == "\t" else " " * width_of(cell) for cell in cells[first:begin])
    underline = sign * max(1, sum(map(width_of, cells[begin : min(end, last)])))
    return before + "".join(cells[first:last]) + after, blank + underline


def _window(cells: Sequence[str], begin: int, end: int, room: int) -> tuple[int, int]:
    """Return which cells to show so that the caret's beginning is seen, with what stands before it."""
    widths = list(map(width_of, cells))
    if sum(widths) <= room:
        return 0, len(cells)
    room -= 6  # three dots on either side
    first = begin
    lead = room - min(sum(widths[begin:end]), room // 2) - 1
    for first in range(begin, -1, -1):
        if sum(widths[first:begin]) > lead:
            first += 1
            break
    return first, max(_reach(widths, first, room), min(begin + 1, len(cells)))


def _reach(widths: Sequence[int], first: int, room: int) -> int:
    used = 0
    for index in range(first, len(widths)):
        used += widths[index]
        if used > room:
            return index
    return len(widths)
