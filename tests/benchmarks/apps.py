"""Writes the apps that are measured: tiny, with heavy libraries, and with a thousand modules.

Every app is `app:app` in `app.py`, a Flask app with `GET /stamps`, which shows one constant per module that can be
edited ("early" is imported first, "late" last, "entry" is `app.py`), and `POST /echo`, which tells how much it got.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

ENTRY = '''"""The entry module."""

import time

from flask import Flask, request

{imports}

ENTRY = "entry-0000"
app = Flask(__name__)
{setup}

@app.get("/stamps")
def stamps():
    return " ".join([{stamps}])


@app.get("/slow")
def slow():
    time.sleep(0.2)
    return "slow"


@app.post("/echo")
def echo():
    return str(len(request.get_data()))


@app.get("/events")
def events():
    def endless():
        while True:
            yield "data: still here\\n\\n"
            time.sleep(0.5)

    return app.response_class(endless(), mimetype="text/event-stream")
'''

# What a module of a real project is like in size and kind: a few classes and functions, a table, a regular expression.
BODY = '''

PATTERN_{n} = re.compile(r"(?P<word>[a-z]+)[-_ ]?(?P<number>\\d{{1,4}})?")
PRICES_{n} = {{name: place * {n} for place, name in enumerate(["tea", "milk", "bread", "salt", "honey"])}}


@dataclass
class Order{n}:
    """What somebody wants."""

    name: str
    amount: int = 1
    remarks: list[str] = field(default_factory=list)

    def price(self) -> int:
        return PRICES_{n}.get(self.name, {n}) * self.amount

    def describe(self) -> str:
        remarks = "; ".join(self.remarks) or "no remarks"
        return f"{{self.amount}} x {{self.name}} ({{remarks}})"


class Ledger{n}:
    """Orders, and what they come to."""

    def __init__(self) -> None:
        self.orders: list[Order{n}] = []

    def add(self, text: str) -> Order{n}:
        match = PATTERN_{n}.match(text)
        if match is None:
            raise ValueError(f"cannot read {{text!r}}")
        order = Order{n}(match["word"], int(match["number"] or 1))
        self.orders.append(order)
        return order

    def total(self) -> int:
        return sum(order.price() for order in self.orders)

    def report(self) -> str:
        lines = [order.describe() for order in self.orders]
        lines.append(f"total {{self.total()}}")
        return "\\n".join(lines)


def settle_{n}(ledger: Ledger{n}, paid: int) -> int:
    """Return what is left to pay."""
    rest = ledger.total() - paid
    return max(rest, 0)
'''

TABLE = """

class Row{n}(Base):
    __tablename__ = "row_{n}"

    number: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120), index=True)
    remark: Mapped[str | None]
"""

PAGE = """

pages_{n} = Blueprint("pages_{n}", __name__, url_prefix="/pages/{n}")


@pages_{n}.get("/<int:number>")
def show_{n}(number: int) -> str:
    return str(number)
"""

ROWS = """from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from shop.base import Base
"""
COMMON = "import re\nfrom dataclasses import dataclass, field\n"
LAYERS = {
    "plain": ("", ""),
    "table": (ROWS, TABLE),
    "service": ("import boto3\nimport pandas\nimport requests\n", ""),
    "page": ("from flask import Blueprint\n", PAGE),
}
BASE = "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n"


@dataclass
class App:
    """An app on disk: which files hold the constants, and what the constants are now."""

    name: str
    folder: Path
    targets: dict[str, Path]
    stamps: dict[str, str] = field(default_factory=dict)
    edits: int = 0

    def edit(self, target: str) -> tuple[str, float]:
        """Save another stamp of the same size, as many editors do, by renaming; return the stamp and the moment."""
        self.edits += 1
        stamp, path = f"{target}-{self.edits:04d}", self.targets[target]
        written = path.with_name(f".{path.name}.swp~")
        written.write_text(re.sub(rf'"{target}-\d{{4}}"', f'"{stamp}"', path.read_text()))
        self.stamps[target] = stamp
        saved = time.perf_counter()
        os.replace(written, path)
        return stamp, saved


def write_app(name: str, folder: Path) -> App:
    """Write the app *name* (A, C or D) into the new folder."""
    folder.mkdir(parents=True)
    if name == "A":
        targets = _write_entry(folder, "", "", ())
    elif name == "C":
        targets = _write_layers(folder, ["plain", "table", "service", "page"], width=10)
    else:
        targets = _write_layers(folder, ["plain"] * 8, width=125)
    _write(folder, "devserver.toml", '[base]\napp = "app:app"\n')
    _write(
        folder,
        "asgi.py",
        "from a2wsgi import WSGIMiddleware\n\nfrom app import app as wsgi\n\napp = WSGIMiddleware(wsgi)\n",
    )
    app = App(name, folder, targets)
    for target in targets:  # no copy begins with the constants of another
        app.edit(target)
    return app


def _write_layers(folder: Path, kinds: list[str], width: int) -> dict[str, Path]:
    """Write a package of len(kinds) layers; each module imports three of the layer below, the entry all of the top."""
    _write(folder, "shop/__init__.py", "")
    if "table" in kinds:
        _write(folder, "shop/base.py", BASE)
    for layer, kind in enumerate(kinds):
        _write(folder, f"shop/layer{layer}/__init__.py", "")
        for place in range(width):
            _write(folder, f"shop/layer{layer}/part{place}.py", _module(layer, place, kind, width))
    top = len(kinds) - 1
    imports = [f"from shop.layer0.part0 import EARLY\nfrom shop.layer{top}.part{width - 1} import LATE"]
    setup = ""
    if kinds[top] == "page":
        numbers = [top * width + place for place in range(width)]
        imports[:0] = [f"from shop.layer{top}.part{place} import pages_{n}" for place, n in enumerate(numbers)]
        setup = "".join(f"app.register_blueprint(pages_{n})\n" for n in numbers)
    else:
        imports[:0] = [f"import shop.layer{top}.part{place}" for place in range(width)]
    targets = {
        "early": folder / "shop/layer0/part0.py",
        "late": folder / f"shop/layer{top}/part{width - 1}.py",
    }
    return targets | _write_entry(folder, "\n".join(imports), setup, ("EARLY", "LATE"))


def _module(layer: int, place: int, kind: str, width: int) -> str:
    number = layer * width + place
    below = [(place + step) % width for step in (0, 1, 7)] if layer else []
    lines = "".join(
        f"from shop.layer{layer - 1}.part{other} import Ledger{(layer - 1) * width + other}\n" for other in below
    )
    imports, more = LAYERS[kind]
    text = f'"""Part {place} of layer {layer}."""\n\n{COMMON}{imports}{lines}'
    if number == 0:
        text += '\nEARLY = "early-0000"\n'
    if place == width - 1:  # only the one of the top layer is served
        text += '\nLATE = "late-0000"\n'
    return text + (more + BODY).format(n=number)


def _write_entry(folder: Path, imports: str, setup: str, stamps: tuple[str, ...]) -> dict[str, Path]:
    _write(folder, "app.py", ENTRY.format(imports=imports, setup=setup, stamps=", ".join([*stamps, "ENTRY"])))
    return {"entry": folder / "app.py"}


def _write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
