"""Keeps the notes in an SQLite file. Every method opens its own connection and closes it again.

This is simple, safe with threads, and fast enough, because opening an SQLite file takes less than a millisecond. Values
are passed as parameters of the SQL statement, so the text of a note cannot change the statement.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notes.forms import Draft

SCHEMA = """
    CREATE TABLE IF NOT EXISTS note (
        number  INTEGER PRIMARY KEY,
        title   TEXT NOT NULL,
        body    TEXT NOT NULL,
        pinned  INTEGER NOT NULL DEFAULT 0,
        changed TEXT NOT NULL
    )
"""
COLUMNS = "number, title, body, pinned, changed"
LARGEST_NUMBER = 2**63 - 1  # of an SQLite integer; larger ones are refused with an error, not with "no row"


@dataclass(frozen=True)
class Note:
    """A note as it is stored. `changed` is in UTC."""

    number: int
    title: str
    body: str
    pinned: bool
    changed: datetime


class Store:
    """The notes in one file, which is made when the first note is asked for."""

    def __init__(self, path: str) -> None:
        self.path = path

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection; commit at the end, roll back after an error, close it in any case."""
        connection = sqlite3.connect(self.path)
        try:
            with connection:
                connection.execute(SCHEMA)
                yield connection
        finally:
            connection.close()

    def search(self, words: str = "") -> list[Note]:
        """Return the notes that contain every one of *words*, pinned ones first, then the latest."""
        patterns = [f"%{_escape_like(word)}%" for word in words.split()]
        matches = " AND ".join(["title || ' ' || body LIKE ? ESCAPE '\\'"] * len(patterns)) or "1"
        order = "ORDER BY pinned DESC, changed DESC, number DESC"
        with self.connect() as connection:
            # Only our own constants are put together here; what the visitor typed goes in as values.
            rows = connection.execute(f"SELECT {COLUMNS} FROM note WHERE {matches} {order}", patterns)
            return [_as_note(row) for row in rows]

    def get(self, number: int) -> Note | None:
        """Return the note with this number, or None."""
        if number > LARGEST_NUMBER:
            return None
        with self.connect() as connection:
            row = connection.execute(f"SELECT {COLUMNS} FROM note WHERE number = ?", [number]).fetchone()
        return _as_note(row) if row else None

    def add(self, draft: Draft) -> int:
        """Store a new note and return its number."""
        with self.connect() as connection:
            cursor = connection.execute(
                "INSERT INTO note (title, body, pinned, changed) VALUES (?, ?, ?, ?)",
                [draft.title, draft.body, draft.pinned, _now()],
            )
        assert cursor.lastrowid is not None, "SQLite numbers every row that it inserts"
        return cursor.lastrowid

    def change(self, number: int, draft: Draft) -> None:
        """Replace the contents of a note."""
        with self.connect() as connection:
            connection.execute(
                "UPDATE note SET title = ?, body = ?, pinned = ?, changed = ? WHERE number = ?",
                [draft.title, draft.body, draft.pinned, _now(), number],
            )

    def delete(self, number: int) -> None:
        """Remove a note."""
        with self.connect() as connection:
            connection.execute("DELETE FROM note WHERE number = ?", [number])


def _as_note(row: tuple[int, str, str, int, str]) -> Note:
    number, title, body, pinned, changed = row
    return Note(number, title, body, bool(pinned), datetime.fromisoformat(changed))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _escape_like(word: str) -> str:
    r"""Return *word* for use in LIKE, where `%` and `_` stand for other characters and `\` takes that away."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
