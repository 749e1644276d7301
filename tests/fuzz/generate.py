"""Inputs from a seed: by rules of grammar (hypothesis), by damage to what the repository has, and the hostile ones by hand."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import hypothesis
from hypothesis import strategies as st

from tests.fuzz import material
from tests.fuzz.material import CHARS, ENCODINGS, PIECES, Input

NAMES = ("eager", "lazy", "_common", "base", "a" * 70, "Eager", "con", "\u6f22", "a.b", "", "x\x1b[31m", "--")


_LONGEST = 300_000
"""More than any limit of ours lets through."""

# Damage


def mutated(number: int, seed: int) -> Input:
    """Return a project of the repository with a few things broken."""
    chance = random.Random(f"{seed}-{number}")
    files = dict(chance.choice(material.projects()))
    if chance.random() < 0.6:
        files[chance.choice(material.PLACES)] = chance.choice(material.texts())
    if chance.random() < 0.4:
        files[chance.choice(material.ENV_PLACES)] = chance.choice(material.env_texts())
    for name in list(files):
        if chance.random() < 0.8:
            files[name] = damaged(files[name], chance)
    special = {}
    if chance.random() < 0.04:
        special[chance.choice(material.PLACES + material.ENV_PLACES + ("profiles",))] = chance.choice(material.SPECIAL)
    environ = dict(chance.choice(material.environs())) if chance.random() < 0.3 else {}
    environ = {name: _broken(text, chance) if chance.random() < 0.3 else text for name, text in environ.items()}
    environ.update(_look(chance))
    argv = _argv(chance)
    if argv[0] == "init":
        files = {chance.choice(material.FOUND_PLACES): text for text in files.values()}
    return Input(
        f"mutation {number} of seed {seed}", argv, files, special, environ, encoding=chance.choice(material.OUTPUTS)
    )


def damaged(text: bytes, chance: random.Random) -> bytes:
    """Return *text* after one to six mutations."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        text = chance.choice(_MUTATIONS)(text, chance)[:_LONGEST]
    return text


def _cut(text: bytes, chance: random.Random) -> bytes:
    begin = chance.randint(0, len(text))
    return text[:begin] + text[begin + chance.choice((1, 1, 2, 5, 20, 10**6)) :]


def _insert(text: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(text))
    return text[:at] + chance.choice(CHARS + PIECES + PIECES).encode() + text[at:]


def _flip(text: bytes, chance: random.Random) -> bytes:
    if not text:
        return bytes([chance.randrange(256)])
    at = chance.randrange(len(text))
    return (
        text[:at]
        + bytes([chance.randrange(256) if chance.random() < 0.4 else chance.randrange(32, 127)])
        + text[at + 1 :]
    )


def _swap(text: bytes, chance: random.Random) -> bytes:
    lines = text.split(b"\n")
    chance.shuffle(lines)
    return b"\n".join(lines)


def _double(text: bytes, chance: random.Random) -> bytes:
    lines = text.split(b"\n")
    at = chance.randrange(len(lines))
    return b"\n".join([*lines[: at + 1], *[lines[at]] * chance.choice((1, 1, 2, 50)), *lines[at + 1 :]])


def _splice(text: bytes, chance: random.Random) -> bytes:
    other = chance.choice(material.texts() + material.env_texts())
    return text[: chance.randint(0, len(text))] + other[chance.randint(0, len(other)) :]


def _rename(text: bytes, chance: random.Random) -> bytes:
    """Put one word of the settings in place of another."""
    words = [word.encode() for word in material.names()]
    there = [word for word in words if word in text]
    return text.replace(chance.choice(there), chance.choice(words), 1) if there else text


def _revalue(text: bytes, chance: random.Random) -> bytes:
    """Give one line another value."""
    lines = text.split(b"\n")
    at = chance.randrange(len(lines))
    lines[at] = lines[at].partition(b"=")[0] + b"= " + _value(chance).encode()
    return b"\n".join(lines)


def _ends(text: bytes, chance: random.Random) -> bytes:
    return text.replace(b"\n", chance.choice((b"\r\n", b"\r", b"\n\n", b"\x0b", b"")))


def _recode(text: bytes, chance: random.Random) -> bytes:
    return text.decode("utf-8", "replace").encode(chance.choice(ENCODINGS), "replace")


def _mark(text: bytes, chance: random.Random) -> bytes:
    return b"\xef\xbb\xbf" * chance.choice((1, 1, 2)) + text


def _grow(text: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(text))
    piece = chance.choice((*PIECES, "a", "a = 1\n", "a.", "[a]\n", "A=1\n", " ", "#", "\u6f22", "\t")).encode()
    return text[:at] + piece * chance.choice((30, 300, 3000, 20000)) + text[at:]


_MUTATIONS = (
    *(_insert,) * 5,
    *(_cut,) * 4,
    *(_flip,) * 4,
    *(_revalue,) * 4,
    *(_rename,) * 3,
    *(_splice,) * 2,
    *(_double,) * 2,
    _swap,
    _ends,
    _recode,
    _mark,
    _grow,
)


def _value(chance: random.Random) -> str:
    return chance.choice(
        (
            "1", "-1", "70000", '"5O00"', "true", '"true"', "[]", "{}", '""', "[1, 'a']", "1.5", '"auto"', "1979-05-27",
            "{ a = 1 }", '["a", ["b"]]', '"../x"', '"127.0.0.1"', '"0.0.0.0"', '"shop:app"', '"\\u001b[31m"', "nan",
            "{ value = 'x', default = 'y' }", "{ required = 5 }", "{ value = 5, secret = true }", '"\\u0000"', "'''a\nb'''",
            '"\\u202E"', '"' + "a" * 3000 + '"', "9" * 5000, "[" * 70, *PIECES,
        )
    )  # fmt: skip


def _broken(text: str, chance: random.Random) -> str:
    at = chance.randint(0, len(text))
    return _possible(text[:at] + chance.choice(CHARS + PIECES + ("\udcff",)) + text[at + chance.choice((0, 1, 5)) :])


def _possible(text: str) -> str:
    """Return *text* as an argument or variable can be: no NUL, and bytes that are no UTF-8 instead of lone surrogates."""
    return os.fsdecode(os.fsencode(text.replace("\0", "").encode("utf-8", "surrogateescape")))


def _look(chance: random.Random) -> dict[str, str]:
    look = {}
    if chance.random() < 0.3:
        look["COLUMNS"] = chance.choice(("20", "40", "80", "200", "0", "-1", "x", "99999999999999999999"))
    if chance.random() < 0.2:
        look["FORCE_COLOR"] = "1"
    if chance.random() < 0.05:
        look["LAUNCH_COLOR"] = chance.choice(("always", "x", "\x1b[31m"))
    return look


def _argv(chance: random.Random) -> tuple[str, ...]:
    command = list(chance.choice(material.COMMANDS))
    command = [chance.choice(material.names() + NAMES) if word == "KEY" else word for word in command]
    if chance.random() < 0.5:
        return tuple(command)
    words = [word for _ in range(chance.choice((1, 1, 2, 4))) for word in _words(chance)]
    words = [_broken(word, chance) if chance.random() < 0.15 else word for word in words]
    first = 1 if chance.random() < 0.95 else 0
    argv = [*command[:first], *words, *command[first:]]
    if "exec" in argv and argv[-2:] != ["--", "true"]:
        argv += ["--", "true"]
    return tuple(map(_possible, argv))


def _words(chance: random.Random) -> list[str]:
    key = chance.choice(material.names())
    texts = ("1", "x", "", "true", "[1]", '"x"', "{a=1}", "5000", "eager", *PIECES, *CHARS)
    return chance.choice(
        (
            ["--set", f"{key}={_value(chance)}"],
            ["--set", f"{key} {chance.choice(texts)}"],
            [f"--set={key} = {chance.choice(texts)}"],
            ["--set", f"env.{chance.choice(('API_KEY', 'A', 'a b'))} = {chance.choice(texts)}"],
            ["--unset", chance.choice((key, "env.A", "x.y", ""))],
            ["--profile", chance.choice(NAMES)],
            [f"--profile={chance.choice(NAMES)}"],
            ["--config", chance.choice(("devserver.toml", "pyproject.toml", ".", "/", "nowhere.toml", "", "profiles/eager.toml"))],
            [chance.choice(("--no-local", "--no-env-file", "--isolated", "--help", "--version", "-h", "--json", "-x", "--"))],
            ["--color", chance.choice(("always", "never", "auto", "x", ""))],
            [chance.choice(material.spellings()), chance.choice(texts)],
            [chance.choice(material.spellings())],
            [f"{chance.choice(material.spellings())}={chance.choice(texts)}"],
            ["--env-file", chance.choice((".env", "nowhere", "", ".", "profiles"))],
            [chance.choice(PIECES + CHARS + NAMES)],
        )
    )  # fmt: skip


# Grammar

_text = st.text(
    st.characters(exclude_categories=("Cs",)) | st.sampled_from([c for c in CHARS if len(c) == 1]), max_size=30
)
_scalar = st.one_of(
    _text,
    st.integers(-(2**70), 2**70),
    st.sampled_from(
        [5000, 0, 1, -1, 65536, True, False, 1.5, float("nan"), "auto", "eager", "shop:app", "127.0.0.1", "0.0.0.0"]
    ),
    st.booleans(),
    st.floats(),
)
_any = st.recursive(
    _scalar,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_text, inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


def _toml(value: object) -> str:
    """Return *value* as TOML; text as a basic string with everything unusual as it is, so that not all of it is valid."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(name)} = {_toml(inner)}" for name, inner in value.items()) + "}"
    return str(value)


def _of_kind(kind: str) -> st.SearchStrategy[Any]:
    known = {
        "switch": st.booleans(),
        "number": st.integers(-5, 70000),
        "decimal": st.floats(0, 100, allow_nan=False),
        "list": st.lists(_text, max_size=3),
        "map": st.dictionaries(_text, _text, max_size=3),
    }
    return known.get(kind, _text)


@st.composite
def _table(draw: Any) -> str:
    """Draw the lines of a table of settings: right ones, wrong ones, wrong types, app variables."""
    lines = []
    for _ in range(draw(st.integers(0, 6))):
        key = draw(st.sampled_from(material.names()))
        row = material.by_key().get(key)
        value = draw(_of_kind(row.kinds[0]) if row and draw(st.booleans()) else _any)
        if row and row.choices and draw(st.booleans()):
            value = draw(st.sampled_from(row.choices))
        lines.append(f"{key} = {_toml(value)}")
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(("A", "API_KEY", "DATABASE_URL", "LAUNCH_PORT", "PATH", "a b")) | _text)
        table = st.fixed_dictionaries(
            {},
            optional={
                "value": _any, "default": _any, "required": _any, "secret": st.booleans(), "override": st.booleans(),
            },
        )  # fmt: skip
        lines.append(f"env.{_toml(name)} = {_toml(draw(_text | table | _any))}")
    if draw(st.integers(0, 3)) == 0:
        lines.append(f"unset = {_toml(draw(st.lists(st.sampled_from(material.names()) | _text, max_size=3) | _any))}")
    return "\n".join(draw(st.permutations(lines)))


_name = st.sampled_from(("eager", "lazy", "_common", "slow")) | st.sampled_from(NAMES) | _text


@st.composite
def _document(draw: Any) -> str:
    parts = []
    if draw(st.integers(0, 2)) == 0:
        parts.append(f"default-profile = {_toml(draw(_name | _any))}")
    if draw(st.booleans()):
        parts.append(f"[base]\n{draw(_table())}")
    for name in draw(st.lists(_name, max_size=3)):
        extends = draw(st.none() | _name | st.lists(_name, max_size=3))
        above = "" if extends is None else f"extends = {_toml(extends)}\n"
        parts.append(f"[profiles.{_toml(name)}]\n{above}{draw(_table())}")
    if draw(st.integers(0, 4)) == 0:
        parts.append(draw(_table()))
    return "\n".join(parts)


@st.composite
def _dotenv(draw: Any) -> str:
    names = st.sampled_from(("A", "API_KEY", "LAUNCH_PORT", "LAUNCH_PROT", "FLASK_APP", "FLASK_DEBUG", "PATH")) | _text
    values = _text | st.sampled_from(
        ("$A", "${A}", "${A:-b}", "${B:?set it}", "'a", '"a', "a # b", "'a' b", "\\", "$$")
    )
    form = st.sampled_from(
        ("{}={}", "export {}={}", "{} = {}", "{}='{}'", '{}="{}"', "{}", "# {} {}", "{}={} #x", " {}\t={}")
    )
    return "\n".join(draw(form).format(draw(names), draw(values)) for _ in range(draw(st.integers(0, 6))))


@st.composite
def _grown(draw: Any) -> tuple[tuple[str, ...], dict[str, bytes], dict[str, str], str]:
    files = {"devserver.toml": draw(_document())}
    if draw(st.integers(0, 2)) == 0:
        files["devserver.local.toml"] = draw(_document())
    for name in draw(st.lists(st.sampled_from(("eager", "lazy", "_common", "Bad", "a b")), max_size=2)):
        files[f"profiles/{name}.toml"] = draw(_table())
    for place in draw(st.lists(st.sampled_from(material.ENV_PLACES), max_size=2)):
        files[place] = draw(_dotenv())
    rows = [row.variable for row in material.by_key().values() if row.variable]
    names = st.sampled_from(
        [*rows, "LAUNCH_PROFILE", "LAUNCH_CONFIG", "FLASK_RUN_PORT", "FLASK_DEBUG", "LAUNCH_X", "API_KEY"]
    )
    shell = draw(st.dictionaries(names, _text.map(_possible), max_size=3))
    chance = random.Random(draw(st.integers(0, 2**32)))
    raw = {name: text.encode("utf-8", "surrogatepass") for name, text in files.items()}
    return _argv(chance), raw, {**shell, **_look(chance)}, chance.choice(material.OUTPUTS)


def grown(count: int, seed: int) -> list[Input]:
    """Return *count* inputs drawn by hypothesis from the grammar of settings."""
    found: list[Input] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(_grown())
    def draw(parts: Any) -> None:
        argv, files, environ, encoding = parts
        if len(found) < count:
            name = f"grammar {len(found)} of seed {seed}"
            found.append(Input(name, argv, files, {}, environ, encoding=encoding))

    draw()
    return found


# By hand


def hostile() -> Iterator[Input]:
    """Yield what somebody would try who wants the command to fail, with three commands each."""
    others = cycle((("profiles",), ("doctor",), ("dev",), ("explain", "port", "--json"), ("exec", "--", "true")))
    for name, files, special, environ, cwd in _scenes():
        for argv in (("check",), ("explain",), next(others)):
            yield Input(f"{name}: {' '.join(argv)}", argv, files, special, environ, cwd)


Scene = tuple[str, dict[str, bytes], dict[str, str], dict[str, str], str]


def _scenes() -> Iterator[Scene]:
    for name, text in _HOSTILE_TOML.items():
        for place in ("devserver.toml", "devserver.local.toml", "profiles/eager.toml", "pyproject.toml"):
            files = {"devserver.toml": b"[base]\nport = 5001\n", place: text.encode("utf-8", "surrogatepass")}
            if place == "pyproject.toml":
                del files["devserver.toml"]
            yield f"{name} in {place}", files, {}, {"LAUNCH_PROFILE": "eager"} if "profiles" in place else {}, "."
    for name, text in _HOSTILE_ENV.items():
        yield f"{name} in .env", {"devserver.toml": b"", ".env": text.encode("utf-8", "surrogatepass")}, {}, {}, "."
    for kind in material.SPECIAL:
        for place in (
            "devserver.toml",
            "devserver.local.toml",
            "profiles/eager.toml",
            "profiles",
            ".env",
            "pyproject.toml",
        ):
            files = {} if place in ("devserver.toml", "pyproject.toml") else {"devserver.toml": b"[base]\n"}
            yield f"{place} is a {kind}", files, {place: kind}, {}, "."
    for kind in ("many", "odd"):
        for count in (200, 10_000):
            yield f"{count} {kind} profiles in files", _profile_files(count, kind), {}, {}, "."
    yield "a chain of 2,000", {"devserver.toml": _chain(2000)}, {}, {}, "."
    yield "everybody extends everybody", {"devserver.toml": _mesh(40)}, {}, {"LAUNCH_PROFILE": "p1"}, "."
    yield "a long cycle", {"devserver.toml": _cycle(500)}, {}, {"LAUNCH_PROFILE": "p1"}, "."
    yield (
        "profiles in one file",
        {"devserver.toml": b"".join(b"[profiles.p%d]\n" % n for n in range(4000))},
        {},
        {},
        ".",
    )
    yield "a folder with a bad name", {"devserver.toml": b"x\n"}, {}, {}, "a\x1b[31m\n\u202eb"
    yield "a folder that is no UTF-8", {"devserver.toml": b"x\n"}, {}, {}, "a\udcff"
    yield "many variables", {"devserver.toml": b""}, {}, {f"LAUNCH_X{n}": "x" for n in range(2000)}, "."
    yield "a long variable", {"devserver.toml": b""}, {}, {"LAUNCH_PORT": "9" * 100_000}, "."
    yield "a deep list in a variable", {"devserver.toml": b""}, {}, {"LAUNCH_ENV_FILES": "[" * 50_000}, "."
    yield "bytes in a variable", {"devserver.toml": b""}, {}, {"LAUNCH_HOST": "\udcff", "LAUNCH_\udcff": "1"}, "."


_HOSTILE_TOML = {
    "nesting": "x = " + "[" * 30_000,
    "nested tables": "x = " + "{a=" * 10_000,
    "nested headers": "".join(f"[{'.'.join('a' * n)}]\n" for n in range(1, 30)),
    "a key of many parts": "a" + ".a" * 30_000 + " = 1",
    "a huge key": "a" * 60_000 + " = 1\n",
    "a huge quoted key": '[base]\n"' + "a" * 60_000 + '" = 1\n',
    "huge text": '[base]\nport = "' + "x" * 60_000 + '"\n',
    "wide text": '[base]\nport = "' + "\u6f22" * 20_000 + '"\n',
    "marks": '[base]\nport = "' + "e" + "\u0301" * 30_000 + '"\n',
    "many keys": "[base]\n" + "".join(f"k{n} = 1\n" for n in range(6000)),
    "many keys that are nearly right": "[base.debugger]\n" + "".join(f"pasthrough-erors{n} = 1\n" for n in range(2500)),
    "many tables that are nearly right": "".join(f"[base.proxyfix{n}]\nexcl = 1\n" for n in range(2000)),
    "many right to left": "[base]\n" + "".join(f"\u202ek{n} = 1\n" for n in range(4000)),
    "many variables": "[base.env]\n" + "".join(f"V{n} = {n}\n" for n in range(6000)),
    "many required": "[base.env]\n" + "".join(f"V{n}.required='x'\n" for n in range(3000)),
    "a long list": "[base]\nallowed-hosts = [" + "1," * 30_000 + "]\n",
    "a long list of texts": "[base]\nreload.include = [" + "'a'," * 15_000 + "]\n",
    "a long table": "[base]\nwsgi.static = {" + ",".join(f"'/{n}'=1" for n in range(7000)) + "}\n",
    "too large": "#" * 70_000,
    "only newlines": "\n" * 60_000,
    "only quotes": '"' * 60_000,
    "open quotes": '"""' + "a\n" * 30_000,
    "only backslashes": '"' + "\\" * 60_001,
    "only equals": "=" * 60_000,
    "keys twice": "[base]\n" + "port = 1\n" * 6000,
    "tables twice": "[base]\n" * 9000,
    "tables of tables": "[[profiles]]\n" * 4000,
    "NUL": "[base]\nport = \0\n\0",
    "NULs": "\0" * 60_000,
    "two byte order marks": "\ufeff\ufeff[base]\n",
    "surrogates": '[base]\nhost = "\ud800"\n',
    "carriage returns": "[base]\rport = 1\r",
    "controls": '[base]\n"\x1b[31m" = 1\n',
    "escaped controls": '[base]\n"\\u001b[31m\\u202e\\u0000" = "\\u001b]0;x\\u0007"\n',
    "escaped controls in values": '[base]\nloading = "\\u001b[31m\\u202e\\u0000"\nenv."\\u001b" = "\\u0000"\napp = "\\u0000"\n'
    'host = "\\u0000"\napp-dir = "\\u0000"\nenv-files = ["\\u0000"]\nreload.include = ["\\u0000"]\n',
    "line separators": '[base]\nhost = "\u2028\u2029\u0085\u000c"\n',
    "huge numbers": "[base]\nport = " + "9" * 60_000 + "\n",
    "huge hexadecimal": "[base]\nport = 0x" + "f" * 50_000 + "\n",
    "huge float": "[base]\nreload.drain-seconds = 1e400\nreload.poll = nan\n",
    "long paths": '[base]\napp-dir = "' + "a/" * 20_000 + '"\nenv-files = ["' + "b" * 5000 + '"]\n',
    "long host": '[base]\nhost = "' + "a" * 5000 + '"\n',
    "long socket": '[base]\nhost = "unix:' + "a" * 500 + '"\n',
    "up and up": '[base]\nenv-files = ["' + "../" * 3000 + 'etc/passwd"]\n',
    "a device as .env": '[base]\nenv-files = ["/dev/zero", "/dev/stdin", "/proc/self/mem", "/proc/kmsg"]\n',
    "ours in pyproject": "[tool.launch.base]\nport = true\n[tool.launch.profiles.x]\n",
    "ours half in pyproject": "[tool.launch\n",
    "ours wrong in pyproject": "tool.launch = 5\n",
    "a pattern": '[base]\nreload.include = ["' + "*" * 3000 + '", "**/**/**", "[", "!", "\\\\", ""]\n',
    "an app": '[base]\napp = "a:f(' + "(" * 5000 + '"\n',
    "an app of numbers": '[base]\napp = "a:f(' + "9" * 20_000 + ')"\n',
    "an app that grows": '[base]\napp = "a:f(' + "9**" * 3000 + '9)"\n',
}
_HOSTILE_ENV = {
    "references": "".join(f"A{n}=${{A{n - 1}}}${{A{n - 1}}}\n" for n in range(1, 40)).replace("${A0}", "x" * 100),
    "a reference to itself": "A=${A}${A}\n" * 1000,
    "nested references": "A=" + "${A:-" * 10_000 + "\n",
    "open quotes": "A='" + "x\n" * 20_000,
    "quotes": "A=" + "'" * 60_000,
    "backslashes": 'A="' + "\\" * 60_001,
    "spaces": "A" + " " * 60_000 + "B\n",
    "no value": "A\n" * 20_000,
    "many names": "".join(f"A{n}=1\n" for n in range(8000)),
    "one name": "A=1\n" * 12_000,
    "NUL": "A=\0\nB\0=1\n\0",
    "settings": "LAUNCH_PORT=x\nLAUNCH_PROT=1\nLAUNCH_RELOAD__ENGINE=\u202e\nLAUNCH_HOST='\x1b[31m'\n",
    "separators": "A=1\u2028B=2\x0bC=3\x0cLAUNCH_PROT=1\x85LAUNCH_PROT=2\n",
    "carriage returns": "A=1\rLAUNCH_PROT=1\r\rLAUNCH_PORT=x\r",
    "hashes": "#" * 60_000,
    "equals": "=" * 60_000,
    "export": "export " * 8000,
    "surrogates": "A=\ud800\n",
    "marks": "\ufeffLAUNCH_PROT=1\n\ufeffLAUNCH_PROT=1\n",
    "long name": "A" * 60_000 + "=1\n",
    "long setting": "LAUNCH_" + "A" * 60_000 + "=1\n",
    "dollars": "A=" + "$" * 60_000 + "{",
}


def _profile_files(count: int, kind: str) -> dict[str, bytes]:
    text = b'port = 5001\nenv.A = "x"\n' if kind == "many" else b'extends = "p0"\nprot = 1\n'
    return {"devserver.toml": b"", **{f"profiles/p{n}.toml": text for n in range(count)}}


def _chain(length: int) -> bytes:
    return "".join(f'[profiles.p{n}]\nextends="p{n + 1}"\n' for n in range(length)).encode()


def _mesh(size: int) -> bytes:
    everybody = [f"p{n}" for n in range(size)]
    return "".join(
        f"[profiles.{name}]\nextends = {_toml([other for other in everybody if other != name])}\n" for name in everybody
    ).encode()


def _cycle(length: int) -> bytes:
    return "".join(f'[profiles.p{n}]\nextends="p{(n + 1) % length}"\n' for n in range(length)).encode()
