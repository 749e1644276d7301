"""Draws the README's terminal picture from a real run: python docs/images/record.py PATH_OF_LAUNCH.

Runs `launch dev` on a copy of the notes app in a pseudo-terminal, opens a page, saves an edit, a mistake and its
correction, and stops with Ctrl-C. What the terminal shows is written to `launch-dev.svg` beside this file; the lines
that tell what was done in the editor and browser are the only ones that are added. Standard library only.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import shutil
import signal
import struct
import sys
import tempfile
import termios
import time
import urllib.request
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
COLUMNS, ROWS = 100, 60
QUIET_SECONDS, LIMIT_SECONDS = 1.2, 30.0

CHARACTER, LINE, MARGIN = 8.43, 20, 22  # pixels at a font size of 14
DIMMED = ("#4b5263", "#ff7a85", "#8fd19e", "#e8c471", "#7fb4ff", "#cf9cf5", "#6fd3d8", "#dfe3ec")
BRIGHT = ("#7d869c", "#ff9aa2", "#a9e0b5", "#f2d694", "#a3caff", "#ddb8fa", "#93e1e5", "#ffffff")
COLORS = {30 + place: color for place, color in enumerate(DIMMED)} | {
    90 + place: color for place, color in enumerate(BRIGHT)
}
TOKEN = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b\].*?(?:\x07|\x1b\\)|\x1b.|[\r\n\b\t]|[^\x1b\r\n\b\t]+", re.DOTALL)


@dataclass(frozen=True)
class Style:
    """How a character is drawn."""

    color: str = ""
    bold: bool = False
    dim: bool = False
    underline: bool = False
    note: bool = False

    def css(self) -> str:
        """Return the attributes for SVG."""
        parts = [f"fill:{self.color}"] if self.color else []
        parts += ["font-weight:700"] * self.bold + ["opacity:.62"] * self.dim
        parts += ["text-decoration:underline"] * self.underline + ["font-style:italic"] * self.note
        return ";".join(parts)


@dataclass
class Screen:
    """A terminal without a bottom: lines of characters with their styles. Knows what line-based programs use."""

    lines: list[list[tuple[str, Style]]] = field(default_factory=lambda: [[]])
    column: int = 0
    style: Style = field(default_factory=Style)

    def feed(self, text: str) -> None:
        """Take over what a program wrote."""
        for match in TOKEN.finditer(text):
            parameters, command = match[1], match[2]
            if command == "m":
                self.style = _styled(self.style, [int(number or 0) for number in parameters.split(";")])
            elif command == "K":
                del self.lines[-1][self.column :]
            elif match[0] == "\r":
                self.column = 0
            elif match[0] == "\n":
                self.lines.append([])
            elif match[0] == "\b":
                self.column = max(0, self.column - 1)
            elif not match[0].startswith("\x1b"):
                for character in match[0].expandtabs():
                    self._put(character)

    def add(self, text: str, style: Style) -> None:
        """Add a line of our own, with an empty one before it unless it is the first."""
        if self.lines[-1]:
            self.lines.append([])
        if len(self.lines) > 1:
            self.lines.append([])
        self.lines[-1] = [(character, style) for character in text]
        self.lines.append([])
        self.column = 0

    def _put(self, character: str) -> None:
        if self.column >= COLUMNS:
            self.lines.append([])
            self.column = 0
        line = self.lines[-1]
        line.extend([(" ", Style())] * (self.column - len(line)))
        line[self.column : self.column + 1] = [(character, self.style)]
        self.column += 1


def _styled(style: Style, numbers: list[int]) -> Style:
    values = vars(style).copy()
    while numbers:
        number = numbers.pop(0)
        if number == 0:
            values = vars(Style()).copy()
        elif number in {1, 2, 4}:
            values[{1: "bold", 2: "dim", 4: "underline"}[number]] = True
        elif number == 22:
            values["bold"] = values["dim"] = False
        elif number == 24:
            values["underline"] = False
        elif number == 39:
            values["color"] = ""
        elif number in {38, 48}:  # a colour of the large palette, of which we draw none
            del numbers[: 2 if numbers[:1] == [5] else 4]
        elif number in COLORS:
            values["color"] = COLORS[number]
    return Style(**values)


class Terminal:
    """A program in a pseudo-terminal, and the screen that shows it."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self.screen = Screen()
        self.pid, self.descriptor = os.forkpty()
        if self.pid == 0:
            os.chdir(folder)
            keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
            os.execve(command[0], command, {**keep, "TERM": "xterm-256color", "LANG": "C.UTF-8"})
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def read(self) -> str:
        """Show what comes, until something has come and it is quiet again; return it."""
        text, deadline = "", time.monotonic() + LIMIT_SECONDS
        while time.monotonic() < deadline:
            if not select.select([self.descriptor], [], [], QUIET_SECONDS)[0]:
                if text.strip():
                    break
                continue
            try:
                chunk = os.read(self.descriptor, 65536)
            except OSError:  # how Linux says that the program has ended
                break
            if not chunk:
                break
            text += chunk.decode("utf-8", "replace")
        else:
            raise SystemExit(f"the server said nothing for {LIMIT_SECONDS:.0f} s; so far:\n{text}")
        self.screen.feed(text)
        return text

    def end(self) -> int:
        """Wait for the program and return its exit code."""
        _, status = os.waitpid(self.pid, 0)
        os.close(self.descriptor)
        return os.waitstatus_to_exitcode(status)


def play(launch: str, folder: Path) -> Screen:
    """Go through the scene and return what the terminal showed."""
    views = folder / "docs/tutorial/notes/views.py"
    code = views.read_text(encoding="utf-8")
    mistake = code.replace("def show_index(page: Page) -> Response:", "def show_index(page: Page) -> Response")
    assert mistake != code, "the scene's line is no longer in views.py"
    said = Style(color=COLORS[90], note=True)

    terminal = Terminal([launch, "dev"], folder)
    terminal.screen.add("$ launch dev", Style(bold=True))
    try:
        address = re.search(r"http://[\w.:]+/", re.sub(r"\x1b\[[0-9;]*m", "", terminal.read()))
        if address is None:
            raise SystemExit("launch dev showed no address:\n" + "\n".join(text_of(terminal.screen)))
        for saved, what in [
            (code.replace("SUMMARY_LENGTH = 180", "SUMMARY_LENGTH = 240"), "# views.py saved"),
            (mistake, "# views.py saved, with a colon missing"),
            (code, "# views.py saved, corrected"),
        ]:
            terminal.screen.add(what, said)
            views.write_text(saved, encoding="utf-8")
            terminal.read()
        terminal.screen.add("# a page is opened", said)
        with urllib.request.urlopen(address[0], timeout=LIMIT_SECONDS) as response:
            response.read()
        terminal.read()
    finally:
        os.kill(terminal.pid, signal.SIGINT)
    terminal.read()
    if status := terminal.end():
        raise SystemExit(f"launch dev ended with {status}")
    return terminal.screen


def text_of(screen: Screen) -> list[str]:
    """Return the lines without their styles."""
    return ["".join(character for character, _ in line).rstrip() for line in screen.lines]


def draw(screen: Screen) -> str:
    """Return the screen as SVG."""
    lines = screen.lines
    while lines and not "".join(character for character, _ in lines[-1]).strip():
        lines = lines[:-1]
    width, height = COLUMNS * CHARACTER + 2 * MARGIN, len(lines) * LINE + 2 * MARGIN + 22
    rows = "\n".join(_row(line, MARGIN + 36 + place * LINE) for place, line in enumerate(lines) if line)
    dots = "".join(
        f'<circle cx="{MARGIN + 18 * place}" cy="20" r="5.5" fill="{color}"/>'
        for place, color in enumerate(["#ff6b63", "#f5bf4f", "#5cc55a"])
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" role="img">\n'
        "<title>launch dev in a terminal</title>\n"
        "<style>text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
        "fill:#dfe3ec;white-space:pre}</style>\n"
        f'<rect width="100%" height="100%" rx="11" fill="#171b26"/>{dots}\n{rows}\n</svg>\n'
    )


def _row(line: list[tuple[str, Style]], y: int) -> str:
    runs: list[tuple[int, str, Style]] = []
    for column, (character, style) in enumerate(line):
        if runs and runs[-1][2] == style:
            runs[-1] = (runs[-1][0], runs[-1][1] + character, style)
        else:
            runs.append((column, character, style))
    # Each run is put at its column, so that a font with other widths cannot shift what follows.
    return "\n".join(
        f'<text x="{MARGIN + column * CHARACTER:.1f}" y="{y}" textLength="{len(text) * CHARACTER:.1f}"'
        f'{f" style={chr(34)}{style.css()}{chr(34)}" if style.css() else ""} xml:space="preserve">{escape(text)}</text>'
        for column, text, style in runs
        if text.strip()
    )


def main(launch: str) -> None:
    """Record, draw, and print what was drawn."""
    folder = Path(tempfile.gettempdir()) / "notes"  # a name that can be shown
    folder.mkdir()
    try:
        shutil.copytree(ROOT / "docs/tutorial", folder / "docs/tutorial", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(ROOT / "profiles", folder / "profiles")
        shutil.copy(ROOT / "devserver.toml", folder)
        screen = play(str(Path(launch).absolute()), folder)
    finally:
        shutil.rmtree(folder)
    (HERE / "launch-dev.svg").write_text(draw(screen), encoding="utf-8")
    print("\n".join(text_of(screen)))


if __name__ == "__main__":
    main(sys.argv[1])
