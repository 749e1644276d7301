"""How a syntax error is shown: secrets stay hidden, and no text takes long."""

from __future__ import annotations

from time import process_time
from types import SimpleNamespace

import pytest
import tomli

from launcher.config.toml.syntax import explain_syntax
from launcher.errors import Place
from tests.config.toml.mistakes import HOSTILE


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


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_linear_time(name):
    text, before = HOSTILE[name], process_time()
    for said in ("Unterminated string", "Unescaped", "Cannot overwrite a value", "Unclosed array"):
        assert explain_syntax(text, "f", SimpleNamespace(msg=said, pos=len(text))).message
    assert process_time() - before < 20
