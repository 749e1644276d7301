"""What is defined twice: the place of both."""

from __future__ import annotations

from tests.config.toml.mistakes import judge, table

# id, text, "line:column+length", message, hint, place of the first definition
CASES = [
    ("value-twice", "a=1\na=2", "2:1+1", "`a` is set twice", "keep one of the two", "1:1+1"),
    (
        "value-twice-in-table",
        "[b]\na=1\n\n[c]\na=1\n\n[d]\na=1\na = 3",
        "9:1+1",
        "`d.a` is set twice",
        "keep one of the two",
        "8:1+1",
    ),
    ("value-twice-in-braces", "a = {a=1, a=2}", "1:11+1", "`a.a` is set twice", "keep one of the two", "1:6+1"),
    ("quoted-key-twice", 'a=1\n"a"=2', "2:1+3", "`a` is set twice", "keep one of the two", "1:1+1"),
    (
        "table-twice",
        "[a]\nx=1\n[a]\ny=1",
        "3:2+1",
        "the table `a` is there twice",
        "put its settings together in one place",
        "1:2+1",
    ),
    (
        "value-over-dotted",
        "a.b=1\na=2",
        "2:1+1",
        "`a` is a table and cannot have a value too",
        "keep one of the two",
        "1:1+1",
    ),
    (
        "dotted-over-value",
        "a=1\na.b=2",
        "2:1+1",
        "`a` has a value and cannot be a table too",
        "keep one of the two",
        "1:1+1",
    ),
    (
        "table-over-value",
        "a=1\n[a]",
        "2:2+1",
        "`a` has a value and cannot be a table too",
        "keep one of the two",
        "1:1+1",
    ),
    (
        "table-below-value",
        "[a]\nb=1\n[a.b]\n",
        "3:4+1",
        "`a.b` has a value and cannot be a table too",
        "keep one of the two",
        "2:1+1",
    ),
    (
        "table-over-tables",
        "[[a]]\n[a]",
        "2:2+1",
        "the table `a` is there twice",
        "put its settings together in one place",
        "1:3+1",
    ),
    (
        "tables-over-table",
        "[a]\n[[a]]",
        "2:3+1",
        "the table `a` is there twice",
        "put its settings together in one place",
        "1:2+1",
    ),
    (
        "table-over-braces",
        "a={b=1}\n[a]",
        "2:2+1",
        "`a` has a value and cannot be a table too",
        "keep one of the two",
        "1:1+1",
    ),
    (
        "dotted-into-braces",
        "a={b=1}\na.c=1",
        "2:1+1",
        "`a` has a value and cannot be a table too",
        "keep one of the two",
        "1:1+1",
    ),
    (
        "table-in-item-twice",
        "[[a]]\n[[a.b]]\n[a.b]",
        "3:4+1",
        "the table `a.b` is there twice",
        "put its settings together in one place",
        "2:5+1",
    ),
    (
        "dotted-into-table",
        "[a.b]\n[a]\nb.c=1",
        "3:1+1",
        "the table `a.b` is there twice",
        "put its settings together in one place",
        "1:4+1",
    ),
    (
        "tables-over-list",
        "fruit=[]\n[[fruit]]",
        "2:3+5",
        "`fruit` has a value and cannot be a table too",
        "keep one of the two",
        "1:1+5",
    ),
]


@table(CASES)
def test_mistake(case):
    judge(case)
