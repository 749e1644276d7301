"""The servers that are compared, and the environments that they need."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
# What the apps import: C needs all of it, the others Flask only.
LIBRARIES = ("flask", "pandas", "sqlalchemy", "boto3", "requests")

# What each environment holds beside the app's libraries. Flask's and ours hold one server and nothing else, and come in
# two sizes, because Werkzeug's watcher looks at all of site-packages: more packages there would slow it down.
ENVIRONMENTS = {
    # Not watchdog 7: with it, Werkzeug's reloader does not see changes.
    "flask": ("watchdog<7",),
    "launch": (),
    "servers": ("a2wsgi", "firehot", "granian", "gunicorn", "inotify", "uvicorn", "watchfiles"),
    "hmr": ("a2wsgi", "uvicorn", "uvicorn-hmr"),
}


@dataclass(frozen=True)
class Peer:
    """One server: its environment and its command. `{bin}` is the environment's, `{port}` the port to listen on."""

    name: str
    environment: str
    command: str
    variables: dict[str, str] = field(default_factory=dict)
    reloads: bool = True


PEERS = {
    peer.name: peer
    for peer in (
        Peer("flask", "flask", "{bin}/flask --app app run --debug --port {port}"),
        Peer("launch", "launch", "{bin}/launch dev --host 127.0.0.1 --port {port}"),
        Peer(
            "launch-restart",
            "launch",
            "{bin}/launch dev --host 127.0.0.1 --port {port}",
            {"LAUNCH_RELOAD__ENGINE": "restart"},
        ),
        Peer(
            "launch-without-reload",
            "launch",
            "{bin}/launch dev --host 127.0.0.1 --port {port}",
            {"LAUNCH_RELOAD__ENABLED": "false"},
            reloads=False,
        ),
        Peer(
            "launch-without-refresh",
            "launch",
            "{bin}/launch dev --host 127.0.0.1 --port {port}",
            {"LAUNCH_BROWSER__LIVE_RELOAD": "false"},
        ),
        Peer("flask-without-debug", "flask", "{bin}/flask --app app run --port {port}", reloads=False),
        Peer("uvicorn", "servers", "{bin}/uvicorn app:app --interface wsgi --reload --port {port}"),
        Peer("granian", "servers", "{bin}/granian --interface wsgi --reload --port {port} app:app"),
        Peer("gunicorn", "servers", "{bin}/gunicorn --reload --threads 8 --bind 127.0.0.1:{port} app:app"),
        Peer(
            "firehot", "servers", f"{{bin}}/python {HERE / 'firehot_server.py'} {{port}}", {"PYTHONPATH": f".:{HERE}"}
        ),
        Peer("uvicorn-hmr", "hmr", "{bin}/uvicorn-hmr asgi:app --port {port}"),
    )
}


@dataclass(frozen=True)
class Environment:
    """An environment to be made: what it is for, and with how many libraries."""

    name: str
    lean: bool

    def __str__(self) -> str:
        return f"{self.name}-lean" if self.lean else self.name


def environment_for(peer: str, app: str) -> Environment:
    """Return the environment in which *peer* serves *app*."""
    return Environment(PEERS[peer].environment, lean=app != "C")


def prepare(environment: Environment, folder: Path, python: str) -> Path:
    """Make the environment below *folder*, unless it is there with the same contents; return its path."""
    requirements = (*(LIBRARIES[:1] if environment.lean else LIBRARIES), *ENVIRONMENTS[environment.name])
    path = folder / f"bench-{environment}"
    note, wanted = path / "contents.txt", "\n".join([python, *requirements])
    if not note.exists() or note.read_text() != wanted:
        print(f"preparing {path}", file=sys.stderr)
        subprocess.run([python, "-m", "venv", path], check=True, stdin=subprocess.DEVNULL)
        _install(path, *requirements)
        note.write_text(wanted)
    if environment.name == "launch":  # always the code of this checkout
        _install(path, "--upgrade", str(ROOT))
        _install(path, "--force-reinstall", "--no-deps", str(ROOT))
    return path


def versions(environment: Path) -> dict[str, str]:
    """Return the versions of what an environment holds."""
    program = (
        "import importlib.metadata as m, platform; print('Python', platform.python_version());"
        "[print(d.metadata['Name'].lower(), d.version) for d in m.distributions()]"
    )
    done = subprocess.run([environment / "bin/python", "-c", program], capture_output=True, text=True, check=True)
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


def _install(path: Path, *what: str) -> None:
    command = [str(path / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
