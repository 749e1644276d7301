"""The one voice: every word the terminal shows, and the only module that writes to it.

Data goes to stdout, all else to stderr; each stream decides about colour and width on its own. How a problem looks is
`frame.py`, how wide a character is `text.py`. Used by the `launch` process, for commands and supervisor alike.
"""

from __future__ import annotations

import os
import sys

from launcher.frame import Look, render
from launcher.text import escape, pad, width_of, wrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TextIO

    from launcher.errors import Problem

    Cell = str | tuple[str, str]  # text, or the name of a style and text

COLOR_CHOICES = ("auto", "always", "never")
_ON = ("always", "on", "yes", "true", "1")
_OFF = ("never", "off", "no", "false", "0")
_GAP = 2
_BELOW_WORDS = " " * 5
_NARROWEST = 24  # columns below which the last column of a table has no room beside the others
_BELOW = 4


class OutputError(OSError):
    """A stream cannot be written to, for example because the disk is full. A reader that left is no such error."""


class Console:
    """Writes lines to one stream, in that stream's look. Opened by `open_console`; the stream stays its owner's."""

    def __init__(
        self,
        stream: TextIO | None,
        *,
        color: bool = False,
        width: int = 80,
        cwd: str = "",
        unicode: bool = True,
        terminal: bool = False,
        drops: bool = False,
        data: bool = False,
    ) -> None:
        """Write to *stream*.

        When its reader has left, *drops* says to write into nothing from then on. *data* is never changed: what the
        stream's encoding lacks is written as UTF-8.
        """
        self.stream = stream
        self._drops = drops
        self._data = data
        self.look = Look(color=color, width=width, cwd=cwd, unicode=unicode)
        self._terminal = terminal

    def paint(self, style: str, text: str) -> str:
        """Return *text* in one of the styles of `frame.STYLES`."""
        return self.look.paint(style, text)

    def lines(self, lines: Iterable[str]) -> None:
        """Write whole lines, at once, that are already escaped; flush them."""
        self.write("".join(f"{line}\n" for line in lines))

    def notice(self, text: str) -> list[str]:
        """Return what the running server says as lines: a log keeps it whole, a terminal has it broken between words.

        The text is already escaped and may be painted. What follows stands below the words of a line with a sign.
        """
        if not self._terminal:
            return [text]
        begin = " " * (len(text) - len(text.lstrip(" ")))
        first, *rest = wrap(text, self.look.width - len(begin), _BELOW_WORDS)
        return [begin + first, *rest]

    def line(self, text: str = "") -> None:
        """Write one line that is already escaped."""
        self.lines([text])

    def write(self, text: str) -> None:
        """Write *text* as it is; what the stream cannot encode is escaped.

        Raise `OutputError` when the stream cannot be written to, and `BrokenPipeError` when the reader has left, unless
        output is dropped then.
        """
        if self.stream is None:  # the descriptor was closed by whoever started us
            return
        try:
            _put(self.stream, text, data=self._data)
        except BrokenPipeError:
            if not self._drops:
                raise
            silence(self.stream)
        except OSError as error:
            raise OutputError(error.errno, error.strerror) from error

    def problems(self, problems: Iterable[Problem]) -> None:
        """Write the frames of *problems*, grouped by file, the count last."""
        if lines := render(problems, self.look):
            self.lines(lines)

    def table(self, rows: Iterable[Sequence[Cell]], *, header: Sequence[str] = (), indent: int = 2) -> None:
        """Write *rows* in aligned columns; the last column is wrapped to the width. Escapes what it is given."""
        cells = [[(("strong", title)) for title in header]] if header else []
        cells += [[cell if isinstance(cell, tuple) else ("", cell) for cell in row] for row in rows]
        self.lines(_columns([[(style, escape(text)) for style, text in row] for row in cells], indent, self.look))

    def banner(
        self,
        version: str,
        profile: str,
        milliseconds: float,
        urls: Sequence[str],
        rows: Iterable[tuple[str, str, str]],
    ) -> None:
        """Write what `launch dev` says when it serves. Rows are a name, a text, and the place the text comes from."""
        self.lines(_banner_head(version, profile, milliseconds, urls, self.look) + _banner_rows(list(rows), self.look))

    def bug(self, version: str, traceback: str) -> None:
        """Write that we failed, with the whole traceback."""
        sentence = self.paint("strong", ": launch itself failed. Your app and settings are not to blame.")
        self.lines(
            [
                self.paint("error", "error[bug]") + sentence,
                "  = Please report it with what follows (take out what is secret).",
                f"  = launch {version}, Python {sys.version.split()[0]} on {sys.platform}",
                "",
                *(escape(line) for line in traceback.rstrip().splitlines()),
            ]
        )


def _put(stream: TextIO, text: str, *, data: bool) -> None:
    buffer = getattr(stream, "buffer", None)
    try:
        stream.write(text)
    except UnicodeEncodeError:
        if data and buffer is not None:
            stream.flush()
            buffer.write(text.encode("utf-8", "surrogateescape"))
            buffer.flush()
            return
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def silence(stream: TextIO) -> None:
    """Send what *stream* holds, and all that follows, into nothing."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def open_console(
    stream: TextIO | None,
    *,
    choice: str | None,
    environ: Mapping[str, str],
    cwd: str,
    drops: bool = False,
    data: bool = False,
) -> Console:
    """Return the console for *stream*; *choice* is the value of `--color`, None where it was not given."""
    terminal = _is_terminal(stream)
    return Console(
        stream,
        color=wants_color(choice, environ, terminal=terminal),
        width=_width(stream, environ, terminal=terminal),
        cwd=cwd,
        unicode=_encodes(stream),
        terminal=terminal,
        drops=drops,
        data=data,
    )


def wants_color(choice: str | None, environ: Mapping[str, str], *, terminal: bool) -> bool:
    """Return whether to colour: `--color`, then LAUNCH_COLOR, NO_COLOR, FORCE_COLOR, TERM=dumb, then the stream.

    The variables count only when they are not empty, as no-color.org and force-color.org say.
    """
    for word in (choice, environ.get("LAUNCH_COLOR")):
        if word and word.lower() in _ON + _OFF:
            return word.lower() in _ON
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return terminal and environ.get("TERM") != "dumb"


def color_choices(variable: bool) -> tuple[str, ...]:
    """Return the words that `--color` takes, or LAUNCH_COLOR, which understands switches too."""
    return COLOR_CHOICES + (tuple(word for word in _ON + _OFF if word not in COLOR_CHOICES) if variable else ())


def duration(milliseconds: float) -> str:
    """Return a time in the unit a person would choose: `212 ms`, `12.3 s`."""
    return f"{milliseconds:.0f} ms" if milliseconds < 9999.5 else f"{milliseconds / 1000:.1f} s"


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def _width(stream: TextIO | None, environ: Mapping[str, str], *, terminal: bool) -> int:
    wish = environ.get("COLUMNS", "")
    if wish.isdecimal() and int(wish) > 0:
        return int(wish)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80 if stream is not None and terminal else 80
    except (OSError, ValueError):
        return 80


def _encodes(stream: TextIO | None) -> bool:
    try:
        "➜↻".encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _banner_head(version: str, profile: str, milliseconds: float, urls: Sequence[str], look: Look) -> list[str]:
    head = [look.paint("strong", f"launch {version}")]
    if profile:
        head.append(f"profile {look.paint('strong', escape(profile))}")
    head.append(look.paint("faint", f"ready in {duration(milliseconds)}"))
    arrow = look.paint("good", "➜" if look.unicode else ">")
    return ["  " + "   ".join(head), *(f"  {arrow}  {look.paint('link', escape(url))}" for url in urls)]


def _banner_rows(rows: list[tuple[str, str, str]], look: Look) -> list[str]:
    shown = [(escape(name), escape(text), look.path(origin)) for name, text, origin in rows]
    names = max((width_of(name) for name, _, _ in shown), default=0) + 3
    texts = max([20, *(width_of(text) for _, text, origin in shown if origin)]) + 3
    margin = " " * (5 + names)
    lines = []
    for name, text, origin in shown:
        if origin and len(margin) + texts + width_of(origin) <= look.width:
            wrapped = [pad(text, texts) + look.paint("faint", origin)]
        else:
            wrapped = wrap(text, look.width - len(margin)) + ([look.paint("faint", origin)] if origin else [])
        lines.append(f"     {look.paint('faint', pad(name, names))}{wrapped[0]}")
        lines += [margin + more for more in wrapped[1:]]
    return lines


def _columns(rows: list[list[tuple[str, str]]], indent: int, look: Look) -> list[str]:
    widths: list[int] = []
    for row in rows:
        widths += [0] * (len(row) - len(widths))
        for number, (_, text) in enumerate(row[:-1]):
            widths[number] = max(widths[number], width_of(text))
    lines = []
    for row in rows:
        start, line = indent, " " * indent
        for number, (style, text) in enumerate(row[:-1]):
            line += look.paint(style, text) + " " * (widths[number] - width_of(text) + _GAP)
            start += widths[number] + _GAP
        style, text = row[-1] if row else ("", "")
        if look.width - start < _NARROWEST and width_of(text) > look.width - start:
            lines.append(line.rstrip())  # no room beside the others: below them
            start = indent + _BELOW
            line = " " * start
        first, *rest = wrap(text, look.width - start)
        lines.append((line + look.paint(style, first)).rstrip())
        lines += [" " * start + look.paint(style, more) for more in rest]
    return lines
