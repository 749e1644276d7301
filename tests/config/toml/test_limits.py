"""What is too much for a parser, and what only looks like it."""

from __future__ import annotations

import re
from time import process_time

import pytest

from launcher.config.toml.limits import check_limits
from tests.config.toml.mistakes import HOSTILE

NESTED = "a = " + "[" * 64 + "]" * 64
LONG = ".".join("k" * 32)

# id, text, None or "line:column" of the place
LIMITS = [
    ("empty", "", None),
    ("deepest-allowed", NESTED, None),
    ("one-too-deep", "x = 1\na = " + "[" * 65 + "]" * 65, "2:69"),
    ("braces-count", "a = " + "{b = " * 65, "1:325"),
    ("mixed-count", "a = " + "[{b = " * 33, "1:197"),
    ("depth-is-not-a-sum", "a = [" + "[], " * 500 + "]", None),
    ("many-headers", "[a.b]\n[[c]]\n" * 500, None),
    ("brackets-in-text", 'a = "' + "[" * 500 + '"', None),
    ("brackets-in-literal", "a = '" + "[" * 500 + "'", None),
    ("brackets-in-long-text", 'a = """\n' + "[\n" * 500 + '"""', None),
    ("brackets-in-long-literal", "a = '''\n" + "{\n" * 500 + "'''", None),
    ("brackets-in-comment", "# " + "[" * 500 + "\na = 1", None),
    ("brackets-behind-escaped-quote", 'a = "\\"' + "[" * 500 + '"', None),
    ("quote-in-comment-hides-nothing", "# it's \"\na = " + "[" * 65, "2:69"),
    ("text-ends-before-brackets", 'a = ["x\\\\", ' + "[" * 65, "1:76"),
    ("five-quotes-end-a-long-text", 'a = [""""x""""", ' + "[" * 64, "1:81"),
    ("apostrophe-in-text-hides-nothing", 'a = ["it\'s", ' + "[" * 64, "1:77"),
    ("text-without-end", 'a = "' + "[" * 500, None),
    ("longest-key", LONG + " = 1", None),
    ("one-part-too-many", LONG + ".k = 1", "1:64"),
    ("long-key-with-spaces", " . ".join("k" * 33) + " = 1", "1:127"),
    ("long-key-in-quotes", ".".join(['"k"'] * 33) + " = 1", "1:128"),
    ("long-header", "[" + LONG + ".k]", "1:65"),
    ("long-key-in-braces", "a = { " + LONG + ".k = 1 }", "1:70"),
    ("many-floats", "a = [" + "1.5, " * 500 + "]", None),
    ("dots-in-text", 'a = "' + "." * 500 + '"', None),
    ("dots-in-quoted-key", '"' + "." * 500 + '" = 1', None),
    ("many-dotted-keys", "a.b.c = 1.5\n" * 500, None),
]


@pytest.mark.parametrize(("text", "place"), [case[1:] for case in LIMITS], ids=[case[0] for case in LIMITS])
def test_limits(text, place):
    problem = check_limits(text)
    assert (problem and f"{problem.place.line}:{problem.place.column}") == place
    assert problem is None or (problem.slug == "too-deep" and re.search(r"64 deep|32 parts", problem.message))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_linear_time(name):
    text, before = HOSTILE[name], process_time()
    check_limits(text)
    assert process_time() - before < 5
