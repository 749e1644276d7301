"""Positions, compared with tree-sitter's grammar of TOML and with the values that tomli reads."""

from __future__ import annotations

from pathlib import Path
from random import Random
from time import process_time

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from launcher.config.toml.positions import Spot, definitions, locate

FILES = sorted((Path(__file__).parent / "texts").glob("*.toml"))
tree_sitter = pytest.importorskip("tree_sitter", reason="has no wheels for this Python")
tree_sitter_toml = pytest.importorskip("tree_sitter_toml")

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_toml.language()))
SEEDS = 700
ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


# --- the oracle: tree-sitter


class Oracle:
    """Every key and value of a text, by tree-sitter: path -> Spot."""

    def __init__(self, text):
        self.lines = text.encode().split(b"\n")
        self.spots = {}
        self.implied = {}
        self.counts = {}
        root = PARSER.parse(text.encode()).root_node
        assert not root.has_error
        for node in root.children:
            if node.type == "pair":
                self.pair((), node)
            elif node.type == "table":
                self.table(node)
            elif node.type == "table_array_element":
                self.item(node)

    def spot(self, key, value):
        return Spot(*self.place(*key), *self.place(*value))

    def place(self, start, end):
        row, column = start
        before = self.lines[row][:column].decode()
        line = self.lines[row][column : end[1] if end[0] == row else None].decode()
        return row + 1, len(before) + 1, len(line if end[0] == row else line.rstrip("\r"))

    def parts(self, node):
        if node.type == "dotted_key":
            return [part for child in node.named_children for part in self.parts(child)]
        return [(self.name(node.text.decode()), (node.start_point, node.end_point))]

    def name(self, text):
        if text[0] == "'":
            return text[1:-1]
        return next(iter(tomli.loads(f"{text} = 1"))) if text[0] == '"' else text

    def imply(self, table, parts):
        path = table
        for name, span in parts[:-1]:
            path = (*path, name)
            if path in self.counts:
                path = (*path, str(self.counts[path]))
            else:
                self.implied.setdefault(path, self.spot(span, span))
        return (*path, parts[-1][0])

    def pair(self, table, node):
        key, _, value = (child for child in node.children if child.type != "comment")
        parts = self.parts(key)
        self.value(self.imply(table, parts), parts[-1][1], value)

    def value(self, path, key, node):
        span = node.start_point, node.end_point
        self.spots[path] = self.spot(key or span, span)
        if node.type == "array":
            items = [child for child in node.named_children if child.type != "comment"]
            for index, child in enumerate(items):
                self.value((*path, str(index)), None, child)
        elif node.type == "inline_table":
            for child in node.named_children:
                if child.type == "pair":
                    self.pair(path, child)

    def header(self, node):
        key = node.named_children[0] if node.named_children[0].type != "comment" else node.named_children[1]
        close = next(child for child in node.children if child.type in ("]", "]]"))
        parts = self.parts(key)
        return self.imply((), parts), self.spot(parts[-1][1], (node.start_point, close.end_point))

    def body(self, path, node):
        for child in node.named_children:
            if child.type == "pair":
                self.pair(path, child)

    def table(self, node):
        path, spot = self.header(node)
        self.spots[path] = spot
        self.body(path, node)

    def item(self, node):
        path, spot = self.header(node)
        self.counts[path] = self.counts.get(path, -1) + 1
        self.spots.setdefault(path, spot)
        path = (*path, str(self.counts[path]))
        self.spots[path] = spot
        self.body(path, node)


def compare_with_grammar(text):
    oracle = Oracle(text)
    assert locate(text) == {**oracle.implied, **oracle.spots}
    return len(oracle.spots)


# --- the second oracle: what stands at the place of a value is that value


def leaves(value, path=()):
    """Yield each path of a parsed document with its value, containers too."""
    if path:
        yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield from leaves(inner, (*path, str(name)))


def compare_with_values(text):
    expected = dict(leaves(tomli.loads(text)))
    assert set(locate(text)) == set(expected)
    for found in definitions(text):
        source = text[slice(*found.value)]
        if found.kind == "value":
            assert repr(tomli.loads(f"v = {source}")["v"]) == repr(expected[found.path])
        if found.key != found.value:
            assert (
                next(iter(tomli.loads(f"{text[slice(*found.key)]} = 1")))
                == found.path[-2 if found.kind == "item" else -1]
            )


# --- documents of all shapes


class Documents:
    """Random valid TOML documents. Names are never used twice in a table, so nothing is defined twice."""

    SCALARS = (
        "1", "-17", "+0", "1_000", "0xff", "0o17", "0b1", "1.5", "-1e-3", "inf", "-nan", "true", "false", '""',
        "''", '"x"', "'x'", '"# [a] = {b}"', "'# ]'", '"\\""', '"\\\\"', "'\\'", '"é 日本 😀"', "1979-05-27",
        "1979-05-27 07:32:00", "07:32:00",
        "1979-05-27T07:32:00Z", '"""x"""', "'''x'''", '"""a "b" c""""', "'''it''s'''''", '"""\n[a]\nb = 1\n"""',
        "'''\n# x\n]\n'''", '"""\\\n  x\\\n"""', '"""\\""""""', '"""é\n😀"""',
    )  # fmt: skip
    NAMES = (
        "k{}",
        "k-{}_",
        "{}",
        '"a b{}"',
        "'c.d{}'",
        '"é{}"',
        '"\\u00e9{}"',
        '"[{}]"',
        "'{}#'",
        '"={}"',
        '"\\"{}"',
        '"😀{}"',
    )

    def __init__(self, seed):
        self.random = Random(seed)
        self.number = 0
        self.newline = self.random.choice(("\n", "\n", "\r\n"))

    def name(self):
        self.number += 1
        return self.random.choice(self.NAMES).format(self.number)

    def space(self):
        return self.random.choice(("", "", " ", "  ", "\t"))

    def comment(self):
        return self.random.choice(("", "", " # x", "# ] } \" '", "  "))

    def dotted(self, names):
        return "".join(part + (f"{self.space()}.{self.space()}" if index < len(names) - 1 else "")
                       for index, part in enumerate(names))  # fmt: skip

    def value(self, depth=0):
        kind = self.random.random()
        if kind < 0.65 or depth > 3:
            return self.random.choice(self.SCALARS)
        return self.array(depth) if kind < 0.85 else self.braces(depth)

    def array(self, depth):
        gap = self.random.choice((self.space, self.gap))
        items = [f"{gap()}{self.value(depth + 1)}{gap()}" for _ in range(self.random.randrange(4))]
        comma = "," + gap() if items and self.random.random() < 0.3 else ""
        return "[" + ",".join(items) + (comma or gap()) + "]"

    def gap(self):
        return self.random.choice(("", "\n", " # ] , [\n", "\n\t", "\n\n  # x\n"))

    def braces(self, depth):
        prefix = self.name()
        pairs = []
        for _ in range(self.random.randrange(4)):
            names = [prefix, self.name()] if self.random.random() < 0.3 else [self.name()]
            pairs.append(
                f"{self.space()}{self.dotted(names)}{self.space()}={self.space()}{self.value(depth + 1)}{self.space()}"
            )
        return "{" + (",".join(pairs) or self.space()) + "}"

    def pairs(self):
        prefix = [self.name() for _ in range(self.random.randrange(1, 3))]
        for _ in range(self.random.randrange(5)):
            names = [*prefix, self.name()] if self.random.random() < 0.3 else [self.name()]
            yield f"{self.space()}{self.dotted(names)}{self.space()}={self.space()}{self.value()}{self.comment()}"

    def sections(self):
        known = [[]]
        for _ in range(self.random.randrange(6)):
            names = [*self.random.choice(known), *(self.name() for _ in range(self.random.randrange(1, 3)))]
            repeats = self.random.choice((0, 0, 1, 3))
            opening, closing = ("[[", "]]") if repeats else ("[", "]")
            for _ in range(max(1, repeats)):
                header = (
                    f"{self.space()}{opening}{self.space()}{self.dotted(names)}{self.space()}{closing}{self.comment()}"
                )
                yield from (header, *self.pairs())
            known.append(names)

    def text(self):
        lines = []
        for line in (*self.pairs(), *self.sections()):
            lines += [line, *self.random.choice(([], [], [], [""], ["# x = 1"], ["  "]))]
        text = "\n".join(lines) + self.random.choice(("", "\n"))
        return text.replace("\n", self.newline)


@pytest.mark.parametrize("part", range(10))
def test_generated_documents_agree_with_both(part):
    found = 0
    for seed in range(part * SEEDS // 10, (part + 1) * SEEDS // 10):
        text = Documents(seed).text()
        compare_with_values(text)
        found += compare_with_grammar(text)
    assert found > 500


@pytest.mark.parametrize(
    "path", [path for path in FILES if not path.name.startswith("beyond-")], ids=lambda path: path.stem
)
def test_file_agrees_with_grammar(path):
    compare_with_grammar(path.read_bytes().decode())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_file_agrees_with_values(path):
    compare_with_values(path.read_bytes().decode())


def test_there_are_enough_files():
    assert len(FILES) >= 50


# --- what no oracle tells

# id, text, path, (key line, column, length, value line, column, length)
CASES = [
    ("value", "a = 'é'", ("a",), (1, 1, 1, 1, 5, 3)),
    ("header-is-the-value-of-a-table", "\n [a . b]", ("a", "b"), (2, 7, 1, 2, 2, 7)),
    ("mentioned-table-stands-for-itself", "[a . b]", ("a",), (1, 2, 1, 1, 2, 1)),
    ("header-wins-over-mention", "[a.b]\n[a]", ("a",), (2, 2, 1, 2, 1, 3)),
    ("first-mention-counts", "a.b = 1\na.c = 2", ("a",), (1, 1, 1, 1, 1, 1)),
    ("first-of-duplicates-counts", "a = 1\na = 2", ("a",), (1, 1, 1, 1, 5, 1)),
    ("item-has-no-key", "a = [10, 20]", ("a", "1"), (1, 10, 2, 1, 10, 2)),
    ("first-item-of-tables", "[[a]]\n[[a]]", ("a", "0"), (1, 3, 1, 1, 1, 5)),
    ("second-item-of-tables", "[[a]]\n[[a]]", ("a", "1"), (2, 3, 1, 2, 1, 5)),
    ("array-of-tables-is-its-first-header", "[[a]]\n[[a]]", ("a",), (1, 3, 1, 1, 1, 5)),
    ("length-ends-with-the-line", 'a = """xy\nz"""', ("a",), (1, 1, 1, 1, 5, 5)),
    ("length-leaves-carriage-return-out", 'a = [1,\r\n2]', ("a",), (1, 1, 1, 1, 5, 3)),
    ("quoted-key-with-its-quotes", '"a b" = 1', ("a b",), (1, 1, 5, 1, 9, 1)),
    ("byte-order-mark-is-a-character", "\ufeffa = 1", ("a",), (1, 2, 1, 1, 6, 1)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "path", "spot"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_spot(text, path, spot):
    assert locate(text)[path] == Spot(*spot)


# What is left of a text that is not valid: id, text, paths
BROKEN = [
    ("nothing", "", set()),
    ("goes-on-behind-a-bad-line", "a = 1\nb\nc = 2", {("a",), ("c",)}),
    ("no-value", "a =\nb = 1", {("b",)}),
    ("keeps-what-an-open-list-has", "a = [1, 2", {("a",), ("a", "0"), ("a", "1")}),
    ("keeps-what-open-braces-have", "a = {b = 1, c", {("a",), ("a", "b")}),
    ("text-without-end-ends-all", 'a = 1\nb = """x\nc = 2', {("a",)}),
    ("header-without-end", "[a\nb = 1", {("b",)}),
    ("too-deep", "a = " + "[" * 300, {("a", *["0"] * depth) for depth in range(200)}),
    ("key-too-long", "a" + ".a" * 200 + " = 1\nb = 2", {("b",)}),
    ("impossible-character", '"\\UFFFFFFFF" = 1', {("\\UFFFFFFFF",)}),
]


@pytest.mark.parametrize(("text", "paths"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_broken_text(text, paths):
    assert set(locate(text)) == paths


@given(st.text(alphabet="ab.=[]{}\"'\\\n\r#, 1-é", max_size=60))
def test_any_text_is_survived_and_places_are_in_it(text):
    lines = text.split("\n")
    for spot in locate(text).values():
        assert spot.key_column + spot.key_length - 1 <= len(lines[spot.key_line - 1])
        assert spot.column + spot.length - 1 <= len(lines[spot.line - 1])
    try:
        values = tomli.loads(text)
    except tomli.TOMLDecodeError:
        return
    assert set(locate(text)) == {path for path, _ in leaves(values)}


HOSTILE = ("a = " + "[" * 30_000, "a=[\n" * 30_000, 'a=["""\n' * 30_000, 'a = """' + '\\"""x' * 30_000, '"' * 30_000,
           "a" + ".a" * 30_000, "[[\n" * 30_000, "a = {" * 30_000, 'a="\\' * 30_000, " " * 200_000,
           "a = '''" + "''x" * 30_000)  # fmt: skip


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_text_takes_linear_time(number):
    before = process_time()
    locate(HOSTILE[number])
    assert process_time() - before < 10
