"""What people see, as scenes: commands in small projects, and a server's words, each on a screen of 80 columns."""

from __future__ import annotations

import io
import os
import re
import shlex
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from launcher.cli.commands import doctor
from launcher.cli.main import run
from launcher.config.resolve import Request, resolve_profile
from launcher.console import Console, open_console
from launcher.errors import ConfigError, Place, Problem
from launcher.planner import build_plan
from launcher.supervisor.report import Report, banner_rows

PLAIN = {
    "devserver.toml": """default-profile = "eager"

[base]
app = "shop:create_app"
port = 5001
reload.exclude = ["*.sqlite", "var/uploads/**", "node_modules", "docs/_build"]
env.DATABASE_URL = "postgres://ada:s3cret@localhost/shop"
env.API_KEY = { required = "ask #dev-infra", secret = true }

[profiles.lan]
description = "phone and tablet testing in the office network, over https with a certificate of ours"
extends = "eager"
host = "0.0.0.0"
debugger.enabled = false
""",
    "profiles/eager.toml": 'description = "import everything first"\nloading = "eager"\n',
    "devserver.local.toml": "[base]\nport = 5002\n",
    ".env": "API_KEY=abc\nGREETING=hello\n",
    "shop.py": "",
}
BROKEN = {
    "devserver.toml": """[base]
prot = 5001
port = "5O01"
loading = "egar"
live-reload = true
host = "0.0.0.0"
reload.exclude = ["*.sqlite", "var/uploads/**", "node_modules", "docs/_build", "static/vendor/**", 5, "tmp/**"]
env.API_KEY = 12345

[profiles.a]
extends = "b"
[profiles.b]
extends = "a"
""",
    "devserver.local.toml": "[base]\nhost = localhost\n",
    ".env": "DATABASE URL=x\nLAUNCH_PROT=1\n",
}
WIDE = {
    "devserver.toml": """[base]
app = "店:アプリ"
prot = "漢字とかな" # これは間違いです
env."GREETING" = "こんにちは、世界 🚀 こんにちは、世界 🚀 こんにちは、世界"
[profiles.eager]
description = "すべてを最初に読み込む 🚀🚀 — für Größe und Übermut, naïve café, Ελληνικά, עברית, العربية"
loading = "eager"
""",
    "店.py": "",
    "profiles/lan.toml": 'description = "e\u0301te\u0301 👩‍💻"\nhots = "🚀🚀🚀"\n',
}
CONTROLS = {
    "devserver.toml": """[base]
"po\\u001b[31mrt" = 1
host = "127.0.0.1\\u001b]0;title\\u0007"
loading = "e\u202eager"
description = "a\\nb\\u001b[2J"
[profiles.eager]
description = "two\\nlines\\u001b[31m and \u200binvisible"
env.A = "\\u001b[31mred\\r"
""",
}
LINES = (
    "check --prot 5001",
    "dve",
    "dev --loading egar",
    "explain prot",
    "check --profile egaer",
    "explain port --set port=abc --set env.API_KEY=hunter2",
)
COMMANDS: Mapping[str, tuple[Mapping[str, str], tuple[str, ...]]] = {
    "explain": (PLAIN, ("explain", "explain port", "explain env.API_KEY", "explain --as-flags")),
    "profiles": (PLAIN, ("profiles", "profiles diff eager lan", "profiles diff eager eager")),
    "check": (PLAIN, ("check", "check --profile eager")),
    "env": (PLAIN, ("env", "env --format shell")),
    "errors": (BROKEN, ("check --no-local", "check", "profiles")),
    "usage": (PLAIN, LINES),
    "help": ({}, ("--help", "check --help", "help error env-missing")),
    "wide": (WIDE, ("check", "explain", "profiles", "explain env.GREETING")),
    "controls": (CONTROLS, ("check", "explain", "profiles", "check --profile '\x1b[31m'", "'\x1b]0;x\x07'")),
}


class Screen(io.StringIO):
    """A stream of text that says that it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Pipe(io.StringIO):
    """A stream of text that goes to another program."""

    encoding = "utf-8"


def play(scene: str, stream: io.StringIO, environ: Mapping[str, str]) -> str:
    """Return all that *scene* shows on *stream*."""
    with tempfile.TemporaryDirectory() as folder:
        before = os.getcwd()
        try:
            SCENES[scene](Path(folder), stream, {"COLUMNS": "80", **environ})
        finally:
            os.chdir(before)
    return stream.getvalue()


def _commands(scene: str) -> Callable[[Path, io.StringIO, Mapping[str, str]], None]:
    files, lines = COMMANDS[scene]

    def show(folder: Path, stream: io.StringIO, environ: Mapping[str, str]) -> None:
        root = folder / "shop"
        (root / ".git").mkdir(parents=True)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        os.chdir(root)
        for line in lines:
            stream.write(f"$ launch {line.encode('unicode_escape').decode() if not line.isprintable() else line}\n")
            code = run(shlex.split(line), dict(environ), stream, stream)
            stream.write(f"[{int(code)}]\n\n")

    return show


def _doctor(folder: Path, stream: io.StringIO, environ: Mapping[str, str]) -> None:
    doctor._tell(
        [
            ("ok", "interpreter", "Python 3.12.1, virtual environment /home/ada/shop/.venv"),
            ("fail", "settings", "2 errors: launch check"),
            ("ok", "file", "devserver.toml"),
            ("ok", "file", "devserver.local.toml (not there)"),
            ("ok", "file", "profiles/漢字 \x1b[31m.toml"),
            ("warn", "secrecy", ".env.local is in git, for everyone to read: git rm --cached .env.local"),
            ("warn", "address", "port 5000 on 127.0.0.1 is in use by pid 4121 (python shop.py); take any free port with `--port auto`"),
            ("ok", "watcher", "the system reports changed files"),
        ],
        _console(stream, environ),
    )  # fmt: skip


def _server(folder: Path, stream: io.StringIO, environ: Mapping[str, str]) -> None:
    """What `launch dev` says from its start to its end."""
    root = folder / "shop"
    (root / "profiles").mkdir(parents=True)
    (root / "shop.py").write_text("")
    (root / "devserver.toml").write_text(
        '[base]\napp = "shop:create_app"\nport = 5001\n[profiles.eager]\nloading="eager"\n'
    )
    plan = build_plan(resolve_profile(Request(str(root), {}, profile="eager")), pin="417-902-336")
    console = open_console(stream, choice=None, environ=environ, cwd=str(root))
    report = Report(console, "0.1.0", str(root), verbose=True, timings=True)
    at = f"{root}/"
    rows = banner_rows(plan, "shop:create_app", 42, "snapshot")
    report.ready(plan, ["http://127.0.0.1:5001/"], 212, [*rows, ("shell", "keeps DATABASE_URL", "")])
    report.reloaded([at + "views/cart.py"], "back to the imported libraries", 38, {"detect": 1.2, "import": 30.1})
    report.reloaded(
        [at + f"views/{name}.py" for name in ("cart", "checkout", "customer", "delivery")],
        "cold start",
        1238,
        {"import": 1100.0},
    )
    report.passed_over(
        at + "views/__pycache__/a-rather-long-name.cpython-312.pyc", "its content is what was read before"
    )
    report.no_snapshot("shop.analytics", "pandas has started a thread that cannot be copied")
    report.refreshed([at + "templates/cart.html"], style=False)
    report.noisy([at + "static/generated/漢字.css"])
    report.held([at + "views/cart.py"])
    report.failed(
        "NameError",
        'Traceback (most recent call last):\n  File "shop.py", line 1, in <module>\n    x\nNameError: x',
        goes_on=True,
    )
    report.failed(
        "`shop` has no `app`",
        '`shop` has no `app`\nname it: app = "shop:application" in devserver.toml, or give the app this name in the module',
        goes_on=True,
    )
    report.crashed("killed by SIGSEGV", "", goes_on=True)
    report.copy_failed("back to the imported libraries", "no answer after 12 s", "")
    report.memory_low(3)
    report.settings_broken(
        ConfigError(
            Problem(
                "unknown-key",
                "`base.prot` is not a setting",
                Place(at + "devserver.toml", 3, 1, "prot = 1", 4),
                "did you mean `port`?",
            )
        )
    )
    report.settings_mended()
    report.slow(12, at + "views/漢字\x1b[31m.py")
    report.polling("inotify: no space left on device")
    report.cut(2)
    report.stopping()


def _console(stream: io.StringIO, environ: Mapping[str, str]) -> Console:
    return open_console(stream, choice=None, environ=environ, cwd="")


SCENES: Mapping[str, Callable[[Path, io.StringIO, Mapping[str, str]], None]] = {
    **{scene: _commands(scene) for scene in COMMANDS},
    "doctor": _doctor,
    "server": _server,
}

COPIES = Path(__file__).with_name("copies")
_COLOR = re.compile(r"\x1b\[[0-9;]*m")


def piped(scene: str) -> str:
    """Return what another program gets."""
    return play(scene, Pipe(), {})


def coloured(scene: str) -> str:
    """Return what a terminal gets."""
    return play(scene, Screen(), {"TERM": "xterm"})


def uncoloured(scene: str) -> str:
    """Return what a terminal gets where NO_COLOR is set."""
    return play(scene, Screen(), {"TERM": "xterm", "NO_COLOR": "1"})


def without_color(text: str) -> str:
    """Return *text* without what colours it."""
    return _COLOR.sub("", text)


def written(text: str) -> str:
    """Return *text* as it is kept: the escape character can be seen."""
    return text.replace("\x1b", "\u241b")


def copies(scene: str) -> dict[Path, str]:
    """Return what is kept of a scene, by file."""
    return {COPIES / f"{scene}.txt": written(piped(scene)), COPIES / f"{scene}.colour.txt": written(coloured(scene))}
