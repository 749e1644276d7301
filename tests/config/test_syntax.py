"""How a syntax error is shown: secrets stay hidden; and the limits that a text must keep before it is parsed."""

from __future__ import annotations

import re
from time import process_time
from types import SimpleNamespace

import pytest
import tomli

from launcher.config.syntax import check_limits, explain_syntax
from launcher.errors import Place


def refuse(text):
    with pytest.raises(tomli.TOMLDecodeError) as caught:
        tomli.loads(text)
    return explain_syntax(text, "devserver.toml", caught.value)


# id, text with `hunter2` as the secret, lines that must still be readable
SECRETS = [
    ("by-name", "API_KEY = hunter2", "API_KEY = "),
    ("by-dotted-name", "env.DB_PASSWORD = hunter2", "env.DB_PASSWORD = "),
    ("by-name-of-its-table", "[env.API_TOKEN]\nvalue = hunter2", "value = "),
    ("marked-in-braces", "env.DB = { value = hunter2, secret = true }", "env.DB ="),
    ("marked-in-table", "[env.DB]\nvalue = hunter2\nsecret = true", "value = "),
    ("equals-missing", 'API_KEY "hunter2"', "API_KEY"),
    ("colon", "password: hunter2", "password"),
    ("in-braces-behind-others", 'env = { PORT = "1", API_KEY = hunter2 }', 'env = { PORT = "1", API_KEY ='),
    ("list-over-lines", 'API_SECRETS = [\n  "x",\n  hunter2\n]', "  "),
    ("text-over-lines", 'SECRET_PEM = """\nabc=\nhunter2 = \\q\n"""', ""),
    ("no-quote-at-end", 'API_KEY = "hunter2', "API_KEY = "),
    ("password-in-a-url", 'env.DB = "pg://ann:hunter2@db', 'env.DB = "pg://'),
    ("password-in-a-url-without-quotes", "env.DB = pg://ann:hunter2@db/x", "env.DB = pg://"),
    ("second-value", 'API_KEY = "a" "hunter2"', "API_KEY = "),
]


@pytest.mark.parametrize(("text", "readable"), [case[1:] for case in SECRETS], ids=[case[0] for case in SECRETS])
def test_a_secret_is_never_shown(text, readable):
    problem = refuse(text)
    assert "hunter2" not in repr(problem)
    assert problem.place.text.startswith(readable)
    assert len(problem.place.text) == len(text.split("\n")[problem.place.line - 1])


def test_the_place_of_a_key_file_is_no_secret():
    assert refuse("[base.tls]\nkey = certs/k.pem\n").place.text == "key = certs/k.pem"
    assert refuse("tls.key = certs/k.pem\n").hint == 'write tls.key = "certs/k.pem"'


def test_a_secret_hides_nothing_of_its_neighbours():
    problem = refuse('API_KEY = "x"\nhost = localhost\n')
    assert problem.place == Place("devserver.toml", 2, 8, "host = localhost", 9)


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


# Each would take minutes if any part of it were looked at again and again.
HOSTILE = {
    "open-lists": "a = " + "[" * 50_000,
    "open-list-lines": "a=[\n" * 10_000,
    "open-texts": 'a=["""\n' * 10_000,
    "escaped-quotes": 'a = """' + '\\"""x' * 10_000,
    "apostrophes": "'" * 50_000,
    "quotes": '"' * 50_000,
    "backslashes": 'a="' + "\\" * 50_001,
    "half-ends": "a = '''" + "''x" * 20_000,
    "dots": "a" + ".a" * 30_000,
    "headers": "[a.b.c]\n" * 20_000,
    "spaces": " " * 50_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_linear_time(name):
    text, before = HOSTILE[name], process_time()
    check_limits(text)
    for said in ("Unterminated string", "Unescaped", "Cannot overwrite a value", "Unclosed array"):
        assert explain_syntax(text, "f", SimpleNamespace(msg=said, pos=len(text))).message
    assert process_time() - before < 20
