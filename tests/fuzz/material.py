"""What inputs are made of: an input, the texts that the repository has, and pieces that have hurt other programs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import tomli

from launcher.cli.flags import FLAGS
from launcher.config.schema import by_key, tables

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Input:
    """One run of the command: a folder, an environment, arguments. Only what a system lets somebody give.

    `files` are bytes by path; `special` are paths that are no plain files, each with its kind (see `drive.lay_out`).
    `cwd` is where the command is started; `encoding` is that of its output.
    """

    name: str
    argv: tuple[str, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    special: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    cwd: str = "."
    encoding: str = "utf-8"


PLACES = (
    "devserver.toml",
    "devserver.toml",
    "devserver.toml",
    "devserver.local.toml",
    "profiles/eager.toml",
    "profiles/lazy.toml",
    "pyproject.toml",
)
ENV_PLACES = (".env", ".env.local", ".env.eager", ".env.eager.local", ".flaskenv")
FOUND_PLACES = (".vscode/launch.json", "Procfile", "wsgi.py", "app.py", ".flaskenv", ".gitignore")
"""Files that `launch init` looks at."""

SPECIAL = ("folder", "fifo", "loop", "dangling", "unreadable", "device", "broken", "socket")

COMMANDS: tuple[tuple[str, ...], ...] = (
    *(("check",),) * 6,
    *(("explain",),) * 5,
    ("check", "--json"),
    ("check", "--strict"),
    ("explain", "--all"),
    ("explain", "--as-flags"),
    ("explain", "--json"),
    ("explain", "KEY"),
    ("explain", "KEY"),
    ("explain", "KEY", "--json"),
    ("profiles",),
    ("profiles", "--json"),
    ("profiles", "diff", "eager", "lazy"),
    ("profiles", "diff", "(base)", "eager", "--json"),
    ("env",),
    ("env", "--format", "json"),
    ("env", "--format", "shell", "--reveal"),
    ("schema", "KEY", "--text"),
    ("doctor",),
    ("doctor", "--json"),
    ("init", "--dry-run"),
    ("exec", "--", "true"),
    ("dev",),
    ("dev", "-v"),
)

# Characters and pieces on which programs trip.
CHARS = (
    "\x1b[31m", "\x1b]0;x\x07", "\r", "\n", "\r\n", "\t", "\x0b", "\x0c", "\x00", "\x07", "\x7f", "\x85", "\u2028",
    "\u2029", "\u202e", "\u200f", "\u2066", "\ufeff", "\u200b", "\u0301", "\u00e9", "\u6f22\u5b57", "\U0001f680",
    "\u0e33", "\uff21", "\u0130", "\ufffd", "\U000e0041", "\U0010ffff", "\u1160", "\u00ad",
)  # fmt: skip
PIECES = (
    "[", "]", "[[", "]]", "{", "}", "=", "==", ".", ",", ":", '"', "'", '"""', "'''", "\\", "\\u", "\\uD800",
    "\\U00110000", "#", "$", "${", "${X}", "${X:-", "${X:?why}", "$$", "export ", "`", "[base]", "[profiles.eager]",
    "[base.env]", "[profiles]", "[[profiles]]", "[tool.launch]", "extends = \"eager\"", "extends = [\"eager\", \"lazy\"]",
    "unset = [\"env.A\"]", "default-profile = \"eager\"", "env.A = {}", "env.A = { value = 1, secret = true }",
    "env.\"\" = \"x\"", "env.\"a=b\" = \"x\"", "1979-05-27T07:32:00Z", "1e999", "-inf", "nan", "0x", "0xFFFFFFFFFFFFFFFFFF",
    "9" * 30, "9" * 5000, "1_000", "01", "+1", "true", "True", "false", "null", "None", "127.0.0.1", "0.0.0.0", "::1",
    "unix:/tmp/x", "unix:", "auto", "https://user:pass@host/", "a.b.c:d", ":", "shop:app", "app('x')", "../..", "~",
    "/dev/null", "/", "-", "--", "@", "%s", "{}", "{0}", "\u201cquoted\u201d",
)  # fmt: skip
ENCODINGS = ("utf-16", "utf-16-le", "latin-1", "utf-8-sig", "utf-32", "cp1252")
OUTPUTS = ("utf-8", "utf-8", "utf-8", "ascii", "latin-1")


@cache
def names() -> tuple[str, ...]:
    """All keys of settings and tables."""
    return (*by_key(), *tables())


@cache
def spellings() -> tuple[str, ...]:
    """All flags."""
    return tuple(name for flag in FLAGS for name in (*flag.names, *flag.off))


@cache
def projects() -> tuple[Mapping[str, bytes], ...]:
    """Small projects of the repository: the corpus of resolving, and the examples of the explanations."""
    return tuple(_corpus()) + tuple(_examples())


@cache
def texts() -> tuple[bytes, ...]:
    """TOML texts: those for the locator, those of all projects, and the blocks of the docs."""
    found = [path.read_bytes() for path in sorted((ROOT / "tests/config/toml/texts").glob("*.toml"))]
    found += [text for files in projects() for name, text in sorted(files.items()) if name.endswith(".toml")]
    return (*found, *_blocks("toml"))


@cache
def env_texts() -> tuple[bytes, ...]:
    """Texts of .env files."""
    found = [text for files in projects() for name, text in sorted(files.items()) if ".env" in name or "flask" in name]
    return (*found, *_blocks("dotenv"), *_blocks("sh"))


@cache
def environs() -> tuple[Mapping[str, str], ...]:
    """Environments of the corpus."""
    return tuple(case["environ"] for case in _cases() if case.get("environ"))


def _cases() -> Iterator[dict[str, Any]]:
    for path in sorted((ROOT / "tests/config/corpus").glob("*.toml")):
        yield from tomli.loads(path.read_text(encoding="utf-8"))["case"]


def _corpus() -> Iterator[Mapping[str, bytes]]:
    for case in _cases():
        files = {name: text.encode() for name, text in case.get("files", {}).items()}
        files.update((name, bytes.fromhex(digits)) for name, digits in case.get("hex", {}).items())
        yield {name: text for name, text in files.items() if _is_inside(name)}


def _examples() -> Iterator[Mapping[str, bytes]]:
    explanations = tomli.loads((ROOT / "launcher/explanations.toml").read_text(encoding="utf-8"))
    for page in explanations.values():
        yield {name: text.encode() for name, text in page.get("files", {}).items() if _is_inside(name)}


def _is_inside(name: str) -> bool:
    return not os.path.isabs(name) and ".." not in name.split("/")


def _blocks(language: str) -> list[bytes]:
    found = []
    for page in sorted((ROOT / "docs").rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        found += re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [block.encode() for block in found]
